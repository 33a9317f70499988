package io.qaexchange.job.stream.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.model.ledger.PendingValues;
import io.qaexchange.job.model.ledger.StateBytes;
import io.qaexchange.job.model.ledger.ValueCodec;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.ValueState;
import org.junit.jupiter.api.Test;

/** The cache over a map state against plain maps: what is asked for, and what the state holds after a flush. */
class CachedMapProperties {

    private static final ValueCodec<String> TEXTS = new ValueCodec<>() {
        @Override
        public String read(DataInput in) throws IOException {
            return in.readUTF();
        }

        @Override
        public void write(String value, DataOutput out) throws IOException {
            out.writeUTF(value);
        }
    };

    record Step(int kind, int instrument, int id, int value) {
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(Arbitraries.integers().between(0, 9), Arbitraries.integers().between(0, 2),
                Arbitraries.integers().between(0, 5), Arbitraries.integers().between(0, 99)).as(Step::new).list().ofMaxSize(80);
    }

    @Property
    void isTheMapItCaches(@ForAll("steps") List<Step> steps, @ForAll @IntRange(max = 4) int whole, @ForAll @IntRange(max = 3) int changes,
            @ForAll @IntRange(max = 8) int values) throws Exception {
        Map<String, Map<String, String>> model = new HashMap<>();
        Map<String, CachedValues<String>> parts = new HashMap<>();
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = state.cache(new CachedMap.Limits(whole, changes, values));
        for (Step step : steps) {
            String instrument = "I" + step.instrument();
            String id = "O" + step.id();
            Map<String, String> expected = model.computeIfAbsent(instrument, name -> new HashMap<>());
            parts.put(instrument, cache.select(instrument, step.value() % 2 == 0 ? null : parts.get(instrument)));
            switch (step.kind()) {
                case 0, 1, 2 -> {
                    cache.put(id, "V" + step.value());
                    expected.put(id, "V" + step.value());
                }
                case 3 -> {
                    cache.remove(id);
                    expected.remove(id);
                }
                case 4 -> {
                    cache.trim();
                    assertThat(cache.changes()).isLessThanOrEqualTo(changes);
                }
                case 5 -> cache.flush();
                case 6 -> {
                    if (step.value() < 50) {
                        cache.clear();
                        assertThat(cache.size()).isZero();
                    } else {
                        cache.flush();
                        cache = state.cache(new CachedMap.Limits(whole, changes, values));
                    }
                    parts.clear();
                }
                case 7 -> assertThat(cache.all()).isEqualTo(expected);
                default -> assertThat(cache.get(id)).isEqualTo(expected.get(id));
            }
        }
        cache.flush();
        for (Map.Entry<String, Map<String, String>> expected : model.entrySet()) {
            assertThat(state.textsWithPending(expected.getKey())).isEqualTo(expected.getValue());
        }
        cache.clear();
        assertThat(cache.size()).isZero();
        assertThat(cache.changes()).isZero();
        for (Map.Entry<String, Map<String, String>> expected : model.entrySet()) {
            assertThat(state.textsWithPending(expected.getKey())).isEqualTo(expected.getValue());
        }
    }

    @Test
    void flushesOneValueForEachInstrumentThatChangedAndNoneOfWhatCameAndWent() throws Exception {
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = state.cache(new CachedMap.Limits(10, 100, 100));
        for (String instrument : List.of("A", "B")) {
            cache.select(instrument, null);
            cache.put("1", "x");
            cache.put("2", "x");
        }
        cache.flush();
        cache.select("B", null);
        cache.remove("1");
        cache.remove("2");

        cache.flush();

        assertThat(state.writes).isZero();
        assertThat(state.pendingWrites).isEqualTo(3);
        assertThat(state.pending).containsOnlyKeys("A");
        assertThat(state.textsWithPending("A")).containsOnlyKeys("1", "2");
    }

    @Test
    void whatWasWrittenInBetweenCountsOnceAmongTheChanges() throws Exception {
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = state.cache(new CachedMap.Limits(0, 1, 100));
        cache.select("I", null);
        cache.put("a", "1");
        assertThat(cache.all()).containsOnlyKeys("a");
        for (String id : List.of("a", "b", "c")) {
            cache.put(id, "2");
        }

        cache.trim();

        assertThat(cache.changes()).isLessThanOrEqualTo(1);
    }

    @Test
    void whatChangedAgainIsWrittenAfterWhatDidNot() throws Exception {
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = state.cache(new CachedMap.Limits(10, 2, 100));
        cache.select("I", null);
        cache.put("busy", "1");
        cache.put("quiet", "1");
        cache.put("busy", "2");
        cache.put("new", "1");

        cache.trim();

        assertThat(state.texts("I")).containsOnlyKeys("quiet", "new");
        cache.flush();
        assertThat(state.textsWithPending("I")).isEqualTo(Map.of("busy", "2", "quiet", "1", "new", "1"));
    }

    @Test
    void whatCameAndWentLeavesTheOthersTheirTime() throws Exception {
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = state.cache(new CachedMap.Limits(10, 2, 100));
        cache.select("I", null);
        cache.put("old", "1");
        for (int i = 0; i < 1_000; i++) {
            cache.put("gone " + i, "1");
            cache.remove("gone " + i);
            cache.trim();
        }

        assertThat(state.writes).isZero();
        assertThat(cache.changes()).isEqualTo(1);
        cache.flush();
        assertThat(state.textsWithPending("I")).containsOnlyKeys("old");
    }

    @Test
    void writesWhatChangedLongestAgoAndNothingOfWhatCameAndWent() throws Exception {
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = state.cache(new CachedMap.Limits(10, 2, 100));
        cache.select("I", null);
        cache.put("gone", "1");
        cache.remove("gone");
        cache.put("old", "1");
        cache.put("new", "1");
        cache.put("newer", "1");

        cache.trim();

        assertThat(state.texts("I")).containsOnlyKeys("old", "new");
        assertThat(state.writes).isEqualTo(2);
        assertThat(cache.changes()).isEqualTo(1);
    }

    @Test
    void forgetsTheInstrumentsThatWereSelectedLongestAgo() throws Exception {
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = state.cache(new CachedMap.Limits(10, 100, 4));
        for (String instrument : List.of("A", "B", "C")) {
            cache.select(instrument, null);
            cache.put("1", "x");
            cache.put("2", "x");
        }

        cache.trim();

        assertThat(cache.size()).isLessThanOrEqualTo(4).isPositive();
        assertThat(state.texts("A")).containsOnlyKeys("1", "2");
        assertThat(state.texts("C")).isEmpty();
        assertThat(cache.select("A", null).whole).isTrue();
        assertThat(cache.get("1")).isEqualTo("x");
    }

    /** Map state of the current key, and the value state beside it. */
    private static final class KeyedMap implements MapState<String, byte[]> {
        private final Map<String, Map<String, byte[]>> maps = new HashMap<>();
        private final Map<String, byte[]> pending = new HashMap<>();
        private String key;
        private int writes;
        private int pendingWrites;

        CachedMap<String> cache(CachedMap.Limits limits) {
            return new CachedMap<>(new CachedMapState<>(of -> key = of, this, new PendingState(), TEXTS), limits);
        }

        private final class PendingState implements ValueState<byte[]> {
            @Override
            public byte[] value() {
                return pending.get(key);
            }

            @Override
            public void update(byte[] value) {
                pendingWrites++;
                pending.put(key, value);
            }

            @Override
            public void clear() {
                pendingWrites++;
                pending.remove(key);
            }
        }

        Map<String, String> textsWithPending(String instrument) throws IOException {
            Map<String, String> texts = texts(instrument);
            if (pending.containsKey(instrument)) {
                texts.putAll(PendingValues.read(pending.get(instrument), TEXTS, new StateBytes()));
                texts.values().removeIf(Objects::isNull);
            }
            return texts;
        }

        private Map<String, byte[]> map() {
            return maps.computeIfAbsent(key, name -> new HashMap<>());
        }

        Map<String, String> texts(String instrument) {
            Map<String, String> texts = new HashMap<>();
            maps.getOrDefault(instrument, Map.of()).forEach(
                    (id, bytes) -> texts.put(id, new String(bytes, Short.BYTES, bytes.length - Short.BYTES, StandardCharsets.UTF_8)));
            return texts;
        }

        @Override
        public byte[] get(String id) {
            return map().get(id);
        }

        @Override
        public void put(String id, byte[] value) {
            writes++;
            map().put(id, value);
        }

        @Override
        public void putAll(Map<String, byte[]> values) {
            map().putAll(values);
        }

        @Override
        public void remove(String id) {
            writes++;
            map().remove(id);
        }

        @Override
        public boolean contains(String id) {
            return map().containsKey(id);
        }

        @Override
        public Iterable<Map.Entry<String, byte[]>> entries() {
            return map().entrySet();
        }

        @Override
        public Iterable<String> keys() {
            return map().keySet();
        }

        @Override
        public Iterable<byte[]> values() {
            return map().values();
        }

        @Override
        public Iterator<Map.Entry<String, byte[]>> iterator() {
            return map().entrySet().iterator();
        }

        @Override
        public boolean isEmpty() {
            return map().isEmpty();
        }

        @Override
        public void clear() {
            map().clear();
        }
    }
}
