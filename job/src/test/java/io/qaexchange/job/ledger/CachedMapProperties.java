package io.qaexchange.job.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.flink.api.common.state.MapState;
import org.junit.jupiter.api.Test;

/** The cache over a map state against plain maps: what is asked for, and what the state holds after a flush. */
class CachedMapProperties {

    private static final CachedMap.Codec<String> TEXTS = new CachedMap.Codec<>() {
        @Override
        public String read(byte[] stored) {
            return new String(stored, StandardCharsets.UTF_8);
        }

        @Override
        public byte[] write(String value) {
            return value.getBytes(StandardCharsets.UTF_8);
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
        Map<String, CachedMap.Part<String>> parts = new HashMap<>();
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = new CachedMap<>(key -> state.key = key, state, TEXTS, new CachedMap.Limits(whole, changes, values));
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
                case 6 -> cache.clear();
                case 7 -> assertThat(cache.all()).isEqualTo(expected);
                default -> assertThat(cache.get(id)).isEqualTo(expected.get(id));
            }
        }
        cache.flush();
        assertThat(cache.changes()).isZero();
        model.forEach((instrument, expected) -> assertThat(state.texts(instrument)).isEqualTo(expected));
        cache.clear();
        assertThat(cache.size()).isZero();
    }

    @Test
    void writesWhatChangedLongestAgoAndNothingOfWhatCameAndWent() throws Exception {
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = new CachedMap<>(key -> state.key = key, state, TEXTS, new CachedMap.Limits(10, 2, 100));
        cache.select("I", null);
        cache.put("gone", "1");
        cache.remove("gone");
        cache.put("old", "1");
        cache.put("new", "1");
        cache.put("newer", "1");

        cache.trim();

        assertThat(state.texts("I")).containsOnlyKeys("old");
        assertThat(state.writes).isEqualTo(1);
        assertThat(cache.changes()).isEqualTo(2);
    }

    @Test
    void forgetsTheInstrumentsThatWereSelectedLongestAgo() throws Exception {
        KeyedMap state = new KeyedMap();
        CachedMap<String> cache = new CachedMap<>(key -> state.key = key, state, TEXTS, new CachedMap.Limits(10, 100, 4));
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

    /** Map state of the current key. */
    private static final class KeyedMap implements MapState<String, byte[]> {
        private final Map<String, Map<String, byte[]>> maps = new HashMap<>();
        private String key;
        private int writes;

        private Map<String, byte[]> map() {
            return maps.computeIfAbsent(key, name -> new HashMap<>());
        }

        Map<String, String> texts(String instrument) {
            Map<String, String> texts = new HashMap<>();
            maps.getOrDefault(instrument, Map.of()).forEach((id, bytes) -> texts.put(id, new String(bytes, StandardCharsets.UTF_8)));
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
