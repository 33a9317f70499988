package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.v2.ListStateDescriptor;
import org.apache.flink.api.common.state.v2.MapStateDescriptor;
import org.apache.flink.api.common.state.v2.ValueStateDescriptor;
import org.apache.flink.api.common.state.v2.ListState;
import org.apache.flink.api.common.state.v2.MapState;
import org.apache.flink.api.common.state.v2.State;
import org.apache.flink.api.common.state.v2.StateDescriptor;
import org.apache.flink.api.common.state.v2.ValueState;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.AsyncKeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.v2.adaptor.AsyncKeyedStateBackendAdaptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** State V2 on this backend: with time to live, which Flink's own adaptor forgets, and with an end. */
class StateV2Test {
    @TempDir
    Path folder;
    private final AtomicLong clock = new AtomicLong(1_000);

    @Test
    void valuesExpire() throws Exception {
        StateTtlConfig timeToLive = StateTtlConfig.newBuilder(Duration.ofMillis(500)).build();
        LsmStateBackend kind = new LsmStateBackend().configure(new Configuration().set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString())
                .set(LsmStateOptions.MANAGED_MEMORY, false).set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(4)),
                getClass().getClassLoader());
        assertThat(kind.supportsAsyncKeyedStateBackend()).isTrue();
        try (MockEnvironment environment = new MockEnvironmentBuilder().build()) {
            AsyncKeyedStateBackend<String> backend = kind.createAsyncKeyedStateBackend(new KeyedStateBackendParametersImpl<>(environment, new JobID(),
                    "operator", StringSerializer.INSTANCE, 128, TestBackend.ALL_KEY_GROUPS, environment.getTaskKvStateRegistry(), clock::get,
                    new UnregisteredMetricsGroup(), (name, number) -> { }, List.of(), new CloseableRegistry(), 1.0));
            try {
                ((AsyncKeyedStateBackendAdaptor<String>) backend).getKeyedStateBackend().setCurrentKey("key");
                ValueState<Long> value = state(backend, timed(new ValueStateDescriptor<>("value", LongSerializer.INSTANCE), timeToLive));
                ListState<Long> list = state(backend, timed(new ListStateDescriptor<>("list", LongSerializer.INSTANCE), timeToLive));
                MapState<Long, Long> map = state(backend,
                        timed(new MapStateDescriptor<>("map", LongSerializer.INSTANCE, LongSerializer.INSTANCE), timeToLive));
                ValueState<Long> lasting = state(backend, new ValueStateDescriptor<>("lasting", LongSerializer.INSTANCE));
                value.update(1L);
                list.add(2L);
                map.put(3L, 4L);
                lasting.update(5L);
                clock.addAndGet(499);
                assertThat(value.value()).isEqualTo(1);
                assertThat(list.get()).containsExactly(2L);
                assertThat(map.get(3L)).isEqualTo(4);
                clock.addAndGet(2);
                assertThat(value.value()).isNull();
                assertThat(list.get()).isEmpty();
                assertThat(map.get(3L)).isNull();
                assertThat(lasting.value()).isEqualTo(5);
            } finally {
                backend.close();
                backend.dispose();
            }
        }
        Leftovers.requireNone(folder);
    }

    private static <D extends StateDescriptor<?>> D timed(D descriptor, StateTtlConfig timeToLive) {
        descriptor.enableTimeToLive(timeToLive);
        return descriptor;
    }

    private static <S extends State, V> S state(AsyncKeyedStateBackend<String> backend, StateDescriptor<V> descriptor) throws Exception {
        return backend.getOrCreateKeyedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }
}
