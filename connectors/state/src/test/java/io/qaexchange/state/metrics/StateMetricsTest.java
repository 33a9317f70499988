package io.qaexchange.state.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.memory.Slice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gauges show what the store does, and the page of the docs names each of them. */
class StateMetricsTest {
    @TempDir
    Path folder;

    private static final class Recorded extends UnregisteredMetricsGroup {
        final Map<String, Gauge<?>> gauges = new TreeMap<>();
        String group;

        @Override
        public MetricGroup addGroup(String name) {
            group = name;
            return this;
        }

        @Override
        public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
            gauges.put(name, gauge);
            return gauge;
        }
    }

    @Test
    void gaugesAreLiveAndDocumented() throws Exception {
        try (LsmStore store = LsmStore.open(folder.resolve("store"), StoreOptions.builder().durability(Durability.NO_LOG).build())) {
            Recorded group = new Recorded();
            StateMetrics.register(group, store, () -> new CheckpointFigures(5, 2, 3, 4000, 17));
            assertThat(group.group).isEqualTo("lsm");
            store.put(store.createFamily(FamilyOptions.builder("state").build()), Slice.ofUtf8("key"), Slice.ofUtf8("value"));
            assertThat(group.gauges.get("sequence").getValue()).isEqualTo(1L);
            assertThat(group.gauges.get("checkpointPieces").getValue()).isEqualTo(3);
            assertThat((Long) group.gauges.get("memoryBudgetBytes").getValue()).isPositive();
            List<String> page = Files.readAllLines(Path.of("../../docs/state-backend.md"));
            assertThat(group.gauges.keySet()).allSatisfy(name -> assertThat(page).as("docs/state-backend.md").anyMatch(line -> line.contains("`" + name + "`")));
        }
    }
}
