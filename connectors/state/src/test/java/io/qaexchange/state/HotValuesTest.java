package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.internal.InternalListState;
import org.apache.flink.runtime.state.internal.InternalReducingState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values that come again and again are read from memory; nobody can tell but by the time. */
class HotValuesTest {
    @TempDir
    Path folder;

    private TestBackend open(boolean cached) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(LsmStateOptions.MANAGED_MEMORY, false);
        configuration.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        configuration.setString(LsmStateOptions.READ_CACHE.key(), cached ? "1 mb" : "0");
        TestBackend backend = TestBackend.open(new LsmStateBackend().configure(configuration, getClass().getClassLoader()));
        assertThat(((LsmKeyedStateBackend<String>) backend.keyed).readCache().isEnabled()).isEqualTo(cached);
        backend.keyed.setCurrentKey("key");
        return backend;
    }

    private static <S extends State> S state(TestBackend backend, StateDescriptor<S, ?> descriptor) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anObjectThatWasHandedOutOrGivenCanBeChanged(boolean cached) throws Exception {
        try (TestBackend backend = open(cached)) {
            ValueState<List<String>> value = state(backend, new ValueStateDescriptor<>("value", new ListSerializer<>(StringSerializer.INSTANCE)));
            List<String> given = new ArrayList<>(List.of("a"));
            assertThat(value.value()).isNull();
            value.update(given);
            given.add("not stored");
            assertThat(value.value()).containsExactly("a");
            value.value().add("not stored either");
            assertThat(value.value()).containsExactly("a");

            ListState<Long> list = state(backend, new ListStateDescriptor<>("list", LongSerializer.INSTANCE));
            list.add(1L);
            ((List<Long>) list.get()).add(2L);
            assertThat(list.get()).containsExactly(1L);
            list.add(3L);
            assertThat(list.get()).containsExactly(1L, 3L);
            list.addAll(List.of(4L));
            assertThat(list.get()).containsExactly(1L, 3L, 4L);
            list.update(List.of(5L));
            assertThat(list.get()).containsExactly(5L);
            list.clear();
            assertThat(list.get()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void keysAndStatesAreToldApart(boolean cached) throws Exception {
        try (TestBackend backend = open(cached)) {
            ValueState<Long> first = state(backend, new ValueStateDescriptor<>("first", LongSerializer.INSTANCE));
            ValueState<Long> second = state(backend, new ValueStateDescriptor<>("second", LongSerializer.INSTANCE));
            for (int round = 0; round < 3; round++) {
                for (long key = 0; key < 100; key++) {
                    backend.keyed.setCurrentKey("key" + key);
                    assertThat(first.value()).isEqualTo(round == 0 ? null : Long.valueOf(key + round - 1));
                    assertThat(second.value()).isEqualTo(round == 0 || key % 2 == 0 ? null : Long.valueOf(-key));
                    first.update(key + round);
                    second.update(-key);
                    if (key % 2 == 0) {
                        second.clear();
                    }
                    assertThat(first.value()).isEqualTo(key + round);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aMapKnowsWhetherItIsEmptyWhateverChangesIt(boolean cached) throws Exception {
        try (TestBackend backend = open(cached)) {
            MapState<String, Long> map = state(backend, new MapStateDescriptor<>("map", StringSerializer.INSTANCE, LongSerializer.INSTANCE));
            assertThat(map.isEmpty()).isTrue();
            map.put("a", 1L);
            assertThat(map.isEmpty()).isFalse();
            map.remove("a");
            assertThat(map.isEmpty()).isTrue();
            map.putAll(Map.of("b", 2L));
            assertThat(map.isEmpty()).isFalse();
            Iterator<Map.Entry<String, Long>> entries = map.iterator();
            entries.next();
            backend.keyed.setCurrentKey("other");
            assertThat(map.isEmpty()).isTrue();
            entries.remove();
            assertThat(map.isEmpty()).isTrue();
            backend.keyed.setCurrentKey("key");
            assertThat(map.isEmpty()).isTrue();

            map.put("c", 3L);
            Map.Entry<String, Long> entry = map.iterator().next();
            map.clear();
            assertThat(map.isEmpty()).isTrue();
            entry.setValue(4L);
            assertThat(map.isEmpty()).isFalse();
        }
    }

    @Test
    void mergedNamespacesShowTheWhole() throws Exception {
        try (TestBackend backend = open(true)) {
            InternalListState<String, Long, String> list = backend.keyed.createOrUpdateInternalState(LongSerializer.INSTANCE,
                    new ListStateDescriptor<>("list", StringSerializer.INSTANCE));
            ReducingStateDescriptor<Long> sum = new ReducingStateDescriptor<>("sum", Long::sum, LongSerializer.INSTANCE);
            InternalReducingState<String, Long, Long> sums = backend.keyed.createOrUpdateInternalState(LongSerializer.INSTANCE, sum);
            for (long namespace = 0; namespace < 4; namespace++) {
                list.setCurrentNamespace(namespace);
                list.add("of " + namespace);
                assertThat(list.get()).hasSize(1);
                sums.setCurrentNamespace(namespace);
                sums.add(1L << namespace);
                assertThat(((ReducingState<Long>) sums).get()).isEqualTo(1L << namespace);
            }
            list.mergeNamespaces(0L, List.of(1L, 3L));
            sums.mergeNamespaces(0L, List.of(1L, 3L));
            list.setCurrentNamespace(0L);
            sums.setCurrentNamespace(0L);
            assertThat(list.get()).containsExactly("of 0", "of 1", "of 3");
            assertThat(sums.get()).isEqualTo(0b1011);
            list.setCurrentNamespace(1L);
            sums.setCurrentNamespace(1L);
            assertThat(list.get()).isNull();
            assertThat(sums.get()).isNull();
            list.setCurrentNamespace(2L);
            assertThat(list.get()).containsExactly("of 2");
        }
    }
}
