package io.qaexchange.job.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class FlinkOutputTest {
    private final FlinkOutput output = new FlinkOutput(Pattern.compile("Path: (\\S+)"));

    @Test
    void stackTracesAreLeftOutAndTheInnermostCauseIsKept() {
        List<String> shown = List.of("The program finished with the following exception:", "",
                "org.apache.flink.util.FlinkException: Could not stop with a savepoint job \"1\".",
                "\tat org.apache.flink.client.cli.CliFrontend.lambda$stop$5(CliFrontend.java:591)",
                "Caused by: java.util.concurrent.ExecutionException: org.apache.flink.runtime.checkpoint.CheckpointException: Not all required tasks are"
                        + " currently running.",
                "\t... 5 more").stream().filter(output::take).toList();
        assertThat(shown).containsExactly("The program finished with the following exception:", "",
                "org.apache.flink.util.FlinkException: Could not stop with a savepoint job \"1\".");
        assertThat(output.reason()).isEqualTo("Not all required tasks are currently running.");
        assertThat(output.found()).isNull();
    }

    @Test
    void theAnswerIsFoundAmongOtherLines() {
        assertThat(output.take("Savepoint completed. Path: file:/folder/savepoint-1")).isTrue();
        assertThat(output.found()).isEqualTo("file:/folder/savepoint-1");
    }
}
