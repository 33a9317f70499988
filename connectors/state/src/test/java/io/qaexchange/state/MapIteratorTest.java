package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.AbstractStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An entry keeps key and value after it was removed. {@code WatermarkCompactingSinkMaterializer} of Flink SQL collects entries, removes
 * them through the iterator, and then reads their values, on every backend whose identifier it does not know.
 */
class MapIteratorTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"3,false,false", "3,true,false", "3000,false,false", "3000,true,false", "3,false,true", "3,true,true", "3000,true,true"})
    void entriesKeepTheirValuesAfterTheyWereRemoved(int entries, boolean inFiles, boolean timeToLive) throws Exception {
        try (TestBackend backend = TestBackend.open(backend())) {
            MapState<Long, List<String>> lists = map(backend, new ListSerializer<>(StringSerializer.INSTANCE), timeToLive);
            Map<Long, List<String>> expected = new TreeMap<>();
            for (long i = 0; i < entries; i++) {
                expected.put(i, new ArrayList<>(List.of("a" + i, "b")));
            }
            lists.putAll(expected);
            if (inFiles) {
                ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
            }
            List<Map.Entry<Long, List<String>>> removed = new ArrayList<>();
            Iterator<Map.Entry<Long, List<String>>> iterator = lists.entries().iterator();
            while (iterator.hasNext()) {
                removed.add(iterator.next());
                iterator.remove();
            }
            assertThat(lists.isEmpty()).isTrue();
            // Nothing that is done to the state afterwards changes what was read.
            lists.put(0L, List.of("later"));
            removed.sort(Map.Entry.comparingByKey());
            Map<Long, List<String>> read = new TreeMap<>();
            removed.forEach(entry -> read.put(entry.getKey(), entry.getValue()));
            assertThat(read).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void numbersAndNullsAreKeptToo(boolean inFiles) throws Exception {
        try (TestBackend backend = TestBackend.open(backend())) {
            MapState<Long, Long> numbers = map(backend, LongSerializer.INSTANCE, false);
            numbers.put(1L, 10L);
            numbers.put(2L, null);
            if (inFiles) {
                ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
            }
            Iterator<Map.Entry<Long, Long>> iterator = numbers.iterator();
            Map.Entry<Long, Long> first = iterator.next();
            iterator.remove();
            Map.Entry<Long, Long> second = iterator.next();
            assertThat(second.getValue()).isNull();
            iterator.remove();
            assertThat(first.getValue()).isEqualTo(10);
            assertThat(first).isEqualTo(Map.entry(1L, 10L));
            assertThat(second.getKey()).isEqualTo(2);
            assertThat(second.getValue()).isNull();
            assertThat(numbers.isEmpty()).isTrue();
            assertThatThrownBy(() -> first.setValue(11L)).isInstanceOf(IllegalStateException.class);
            assertThat(numbers.isEmpty()).isTrue();
        }
    }

    /** An entry keeps the value that was written before its removal. */
    @Test
    void valueThatWasSetIsKept() throws Exception {
        try (TestBackend backend = TestBackend.open(backend())) {
            MapState<Long, Long> numbers = map(backend, LongSerializer.INSTANCE, false);
            numbers.put(1L, 10L);
            Iterator<Map.Entry<Long, Long>> iterator = numbers.iterator();
            Map.Entry<Long, Long> entry = iterator.next();
            assertThat(entry.setValue(11L)).isEqualTo(10);
            iterator.remove();
            assertThat(entry.getValue()).isEqualTo(11);
            assertThat(numbers.contains(1L)).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rowsOfOrderedMapsKeepTheirValuesAndMayBeNull(boolean ordered) throws Exception {
        AbstractStateBackend kind = ordered ? backend() : new HashMapStateBackend();
        try (TestBackend backend = TestBackend.open(kind)) {
            backend.keyed.setCurrentKey("key");
            OrderedMapState<TimedKey, String> rows = OrderedMapStates.open(backend.keyed, OrderedMapStateTest.ROWS);
            rows.put(new TimedKey(1, 5, 0), "five");
            rows.put(new TimedKey(1, 6, 0), null);
            List<Map.Entry<TimedKey, String>> read = new ArrayList<>();
            try (CloseableIterator<Map.Entry<TimedKey, String>> range = rows.range(null, null)) {
                range.forEachRemaining(read::add);
            }
            try (CloseableIterator<Map.Entry<TimedKey, String>> reverse = rows.reverse(null, null)) {
                reverse.forEachRemaining(read::add);
            }
            rows.dropRange(null, null);
            assertThat(rows.first()).isNull();
            assertThat(read).extracting(Map.Entry::getValue).containsExactly("five", null, null, "five");
        }
    }

    private <V> MapState<Long, V> map(TestBackend backend, TypeSerializer<V> values, boolean timeToLive) throws Exception {
        MapStateDescriptor<Long, V> descriptor = new MapStateDescriptor<>("map", LongSerializer.INSTANCE, values);
        if (timeToLive) {
            descriptor.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofDays(1)).build());
        }
        backend.keyed.setCurrentKey("key");
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private LsmStateBackend backend() {
        Configuration config = new Configuration().set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString())
                .set(LsmStateOptions.MANAGED_MEMORY, false).set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(4));
        return new LsmStateBackend().configure(config, getClass().getClassLoader());
    }
}
