package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.state.AbstractStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderedMapStateTest {
    static final OrderedMapStateDescriptor<TimedKey, String> ROWS = new OrderedMapStateDescriptor<>("rows", new TimedKey.Serializer(),
            StringSerializer.INSTANCE, TimedKey.EVENT_TIME_FROM_END, Duration.ofNanos(100));

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void agreesWithTheAdapterAndAMapWhateverIsDone(long seed) throws Exception {
        Random random = new Random(seed);
        try (TestBackend ours = TestBackend.open(new LsmStateBackend()); TestBackend heap = TestBackend.open(new HashMapStateBackend())) {
            OrderedMapState<TimedKey, String> engine = OrderedMapStates.open(ours.keyed, ROWS);
            OrderedMapState<TimedKey, String> adapter = OrderedMapStates.open(heap.keyed, ROWS);
            assertThat(engine).isInstanceOf(LsmOrderedMapState.class);
            Map<String, TreeMap<TimedKey, String>> models = Map.of("a", new TreeMap<>(), "bb", new TreeMap<>(), "", new TreeMap<>());
            Map<String, Long> floors = new HashMap<>();
            for (int step = 0; step < 600; step++) {
                String key = List.copyOf(models.keySet()).get(random.nextInt(models.size()));
                ours.keyed.setCurrentKey(key);
                heap.keyed.setCurrentKey(key);
                TreeMap<TimedKey, String> model = models.get(key);
                TimedKey row = randomKey(random, floors.getOrDefault(key, 0L));
                switch (random.nextInt(12)) {
                    case 0 -> {
                        engine.remove(row);
                        adapter.remove(row);
                        model.remove(row);
                    }
                    case 1 -> {
                        TimedKey upper = randomKey(random, 0);
                        if (row.compareTo(upper) <= 0) {
                            engine.dropRange(row, upper);
                            adapter.dropRange(row, upper);
                            model.subMap(row, upper).clear();
                        }
                    }
                    case 2 -> {
                        long floor = Math.min(row.eventTimeNs(), 700);
                        engine.dropBefore(floor);
                        adapter.dropBefore(floor);
                        model.keySet().removeIf(each -> each.eventTimeNs() < floor);
                        floors.merge(key, floor, Math::max);
                    }
                    default -> {
                        String value = "value " + step;
                        engine.put(row, value);
                        adapter.put(row, value);
                        model.put(row, value);
                    }
                }
                if (step % 100 == 99) {
                    ((LsmKeyedStateBackend<String>) ours.keyed).store().engine().flush();
                }
                TimedKey lower = random.nextInt(4) == 0 ? null : random.nextInt(8) == 0 ? new TimedKey(2, -5000, 0) : randomKey(random, 0);
                TimedKey upper = random.nextInt(4) == 0 ? null : randomKey(random, 0);
                assertSame(engine, model, lower, upper);
                assertSame(adapter, model, lower, upper);
                assertThat(engine.get(row)).isEqualTo(model.get(row)).isEqualTo(adapter.get(row));
                assertThat(engine.contains(row)).isEqualTo(model.containsKey(row));
            }
        }
    }

    private static TimedKey randomKey(Random random, long floor) {
        return new TimedKey(1 + random.nextInt(3), floor + random.nextInt(1000), random.nextInt(3));
    }

    private static void assertSame(OrderedMapState<TimedKey, String> state, TreeMap<TimedKey, String> model, TimedKey lower, TimedKey upper)
            throws Exception {
        Map<TimedKey, String> within = new TreeMap<>();
        model.forEach((key, value) -> {
            if ((lower == null || key.compareTo(lower) >= 0) && (upper == null || key.compareTo(upper) < 0)) {
                within.put(key, value);
            }
        });
        List<Map.Entry<TimedKey, String>> ascending = new ArrayList<>(within.entrySet());
        assertThat(all(state.range(lower, upper))).isEqualTo(ascending);
        assertThat(all(state.values(lower, upper))).isEqualTo(List.copyOf(within.values()));
        List<Map.Entry<TimedKey, String>> descending = new ArrayList<>(ascending);
        Collections.reverse(descending);
        assertThat(all(state.reverse(lower, upper))).isEqualTo(descending);
        assertThat(state.first()).isEqualTo(model.firstEntry());
        assertThat(state.last()).isEqualTo(model.lastEntry());
    }

    private static <R> List<R> all(CloseableIterator<R> rows) throws Exception {
        try (rows) {
            List<R> found = new ArrayList<>();
            rows.forEachRemaining(found::add);
            return found;
        }
    }

    @Test
    void savepointGoesFromRocksDbToOursAndBack() throws Exception {
        List<AbstractStateBackend> way = List.of(new EmbeddedRocksDBStateBackend(), new LsmStateBackend(), new LsmStateBackend(),
                new EmbeddedRocksDBStateBackend(), new HashMapStateBackend(), new LsmStateBackend());
        TreeMap<TimedKey, String> model = new TreeMap<>();
        KeyedStateHandle savepoint = null;
        for (int station = 0; station < way.size(); station++) {
            AbstractStateBackend kind = way.get(station);
            try (TestBackend backend = savepoint == null ? TestBackend.open(kind) : TestBackend.open(kind, savepoint)) {
                OrderedMapState<TimedKey, String> rows = OrderedMapStates.open(backend.keyed, ROWS);
                backend.keyed.setCurrentKey("key");
                assertSame(rows, model, null, null);
                for (int i = 0; i < 50; i++) {
                    TimedKey row = new TimedKey(1 + i % 3, 100L * station + 7 * i, i);
                    rows.put(row, "station " + station);
                    model.put(row, "station " + station);
                }
                rows.dropBefore(50L * station);
                long floor = 50L * station;
                model.keySet().removeIf(key -> key.eventTimeNs() < floor);
                assertSame(rows, model, null, null);
                savepoint = backend.savepoint();
            }
        }
    }

    @Test
    void restoredStateIsKeptByWindowsBeforeItIsRegistered() throws Exception {
        KeyedStateHandle savepoint;
        try (TestBackend backend = TestBackend.open(new EmbeddedRocksDBStateBackend())) {
            OrderedMapState<TimedKey, String> rows = OrderedMapStates.open(backend.keyed, ROWS);
            backend.keyed.setCurrentKey("key");
            rows.put(new TimedKey(1, 1, 1), "value");
            savepoint = backend.savepoint();
        }
        try (TestBackend backend = TestBackend.open(new LsmStateBackend(), savepoint)) {
            ColumnFamily family = ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().family("rows");
            assertThat(family.options().compactionStyle()).isEqualTo(CompactionStyle.TIME_WINDOW);
            assertThat(family.options().eventTimeFromEnd()).isEqualTo(TimedKey.EVENT_TIME_FROM_END);
        }
    }

    @Test
    void iteratorSeesItsKeyAndItsMomentWhateverIsWritten() throws Exception {
        try (TestBackend backend = TestBackend.open(new LsmStateBackend())) {
            OrderedMapState<TimedKey, String> rows = OrderedMapStates.open(backend.keyed, ROWS);
            backend.keyed.setCurrentKey("key");
            rows.put(new TimedKey(1, 1, 1), "first");
            rows.put(new TimedKey(1, 2, 1), "second");
            try (CloseableIterator<Map.Entry<TimedKey, String>> scan = rows.range(null, null)) {
                assertThat(scan.next().getValue()).isEqualTo("first");
                backend.keyed.setCurrentKey("other");
                rows.put(new TimedKey(1, 3, 1), "other");
                assertThat(scan.next().getValue()).isEqualTo("second");
                assertThat(scan.hasNext()).isFalse();
            }
        }
    }

    @Test
    void bucketsThatWouldNotLieInOrderAreRefused() throws Exception {
        try (TestBackend backend = TestBackend.open(new LsmStateBackend())) {
            OrderedMapState<TimedKey, String> rows = OrderedMapStates.open(backend.keyed, ROWS);
            backend.keyed.setCurrentKey("key");
            assertThatThrownBy(() -> rows.put(new TimedKey(0, -1, 1), "before 1970"))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("rows").hasMessageContaining("negative");
        }
    }
}
