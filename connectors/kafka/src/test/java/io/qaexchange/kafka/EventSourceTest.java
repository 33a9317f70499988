package io.qaexchange.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventSourceTest {

    @Test
    void clientGetsDefaultsOfOursAndWhatIsGivenGoesBeforeThem() {
        assertThat(EventSource.client(options(Map.of())))
                .containsEntry("fetch.max.wait.ms", "100").containsEntry("isolation.level", "read_committed");
        assertThat(EventSource.client(options(Map.of("fetch.max.wait.ms", "500", "isolation.level", "read_uncommitted"))))
                .containsEntry("fetch.max.wait.ms", "500").containsEntry("isolation.level", "read_uncommitted");
    }

    private static EventSource.Options options(Map<String, String> properties) {
        return new EventSource.Options("broker:9092", List.of("events"), new EventSource.Start.Earliest(), false, properties);
    }
}
