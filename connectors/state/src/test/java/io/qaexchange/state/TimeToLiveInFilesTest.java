package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Expired values leave the files, and nothing else does: not before the state is registered, nor by a time to live of earlier. */
class TimeToLiveInFilesTest {
    private static final int KEYS = 500;

    @TempDir
    Path folder;

    private long now = 1_000_000;

    private TestBackend open(KeyedStateHandle... handles) throws Exception {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(4));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        return TestBackend.open(new LsmStateBackend().configure(config, getClass().getClassLoader()), TestBackend.ALL_KEY_GROUPS, () -> now,
                List.of(handles));
    }

    private static ValueState<String> value(TestBackend backend, Duration timeToLive) throws Exception {
        ValueStateDescriptor<String> descriptor = new ValueStateDescriptor<>("value", StringSerializer.INSTANCE);
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(timeToLive).build());
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private static MapState<Integer, String> map(TestBackend backend, Duration timeToLive) throws Exception {
        MapStateDescriptor<Integer, String> descriptor = new MapStateDescriptor<>("map", IntSerializer.INSTANCE, StringSerializer.INSTANCE);
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(timeToLive).build());
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private static void write(TestBackend backend, ValueState<String> value, MapState<Integer, String> map, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            backend.keyed.setCurrentKey("key " + i);
            value.update("value");
            map.put(i, "entry");
        }
    }

    private static void mergeFiles(TestBackend backend) throws Exception {
        var engine = ((LsmKeyedStateBackend<String>) backend.keyed).store().engine();
        for (var family : engine.families()) {
            engine.compact(family, io.qaexchange.storage.key.KeyRange.ALL);
        }
    }

    private static int stored(TestBackend backend) {
        return ((LsmKeyedStateBackend<String>) backend.keyed).numKeyValueStateEntries();
    }

    @Test
    void expiredValuesLeaveTheFiles() throws Exception {
        try (TestBackend backend = open()) {
            ValueState<String> value = value(backend, Duration.ofSeconds(10));
            MapState<Integer, String> map = map(backend, Duration.ofSeconds(10));
            write(backend, value, map, 0, KEYS);
            now += 9_000;
            write(backend, value, map, 0, 100);
            now += 2_000;
            assertThat(stored(backend)).isEqualTo(2 * KEYS);
            mergeFiles(backend);
            assertThat(stored(backend)).isEqualTo(2 * 100);
            backend.keyed.setCurrentKey("key 99");
            assertThat(value.value()).isEqualTo("value");
            assertThat(map.get(99)).isEqualTo("entry");
        }
    }

    @Test
    void afterARestoreNothingExpiresBeforeTheStateIsRegisteredAndThenByItsNewTimeToLive() throws Exception {
        KeyedStateHandle handle;
        try (TestBackend backend = open()) {
            write(backend, value(backend, Duration.ofSeconds(10)), map(backend, Duration.ofSeconds(10)), 0, KEYS);
            mergeFiles(backend);
            handle = backend.finish(1, backend.beginCheckpoint(1));
        }
        now += 60_000;
        try (TestBackend backend = open(handle)) {
            mergeFiles(backend);
            assertThat(stored(backend)).isEqualTo(2 * KEYS);
            ValueState<String> value = value(backend, Duration.ofSeconds(100));
            MapState<Integer, String> map = map(backend, Duration.ofSeconds(10));
            mergeFiles(backend);
            assertThat(stored(backend)).isEqualTo(KEYS);
            backend.keyed.setCurrentKey("key 7");
            assertThat(value.value()).isEqualTo("value");
            assertThat(map.get(7)).isNull();
        }
    }
}
