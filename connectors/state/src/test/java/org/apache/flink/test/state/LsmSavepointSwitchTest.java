package org.apache.flink.test.state;

import io.qaexchange.state.LsmStateBackend;
import io.qaexchange.state.LsmStateOptions;
import io.qaexchange.state.LsmStateOptions.Timers;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.test.state.BackendSwitchSpecs.BackendSwitchSpec;
import org.apache.flink.testutils.junit.extensions.parameterized.ParameterizedTestExtension;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameters;
import org.junit.jupiter.api.extension.ExtendWith;

/** Flink's suite for canonical savepoints of one backend in another: ours with each of Flink's, both ways. The suite's base is visible to its package only. */
@ExtendWith(ParameterizedTestExtension.class)
public class LsmSavepointSwitchTest extends SavepointStateBackendSwitchTestBase {

    public LsmSavepointSwitchTest(BackendSwitchSpec from, BackendSwitchSpec to) {
        super(from, to);
    }

    @Parameters(name = "{0} to {1}")
    public static List<BackendSwitchSpec[]> pairs() {
        List<BackendSwitchSpec[]> pairs = new ArrayList<>();
        for (BackendSwitchSpec other : List.of(BackendSwitchSpecs.HEAP, BackendSwitchSpecs.ROCKS, BackendSwitchSpecs.ROCKS_HEAP_TIMERS)) {
            for (Timers timers : Timers.values()) {
                pairs.add(new BackendSwitchSpec[] {new LsmSpec(timers), other});
                pairs.add(new BackendSwitchSpec[] {other, new LsmSpec(timers)});
            }
        }
        pairs.add(new BackendSwitchSpec[] {new LsmSpec(Timers.ENGINE), new LsmSpec(Timers.HEAP)});
        pairs.add(new BackendSwitchSpec[] {new LsmSpec(Timers.HEAP), new LsmSpec(Timers.ENGINE)});
        return pairs;
    }

    private static final class LsmSpec implements BackendSwitchSpec {
        private final Timers timers;
        private MockEnvironment environment;

        LsmSpec(Timers timers) {
            this.timers = timers;
        }

        @Override
        public CheckpointableKeyedStateBackend<String> createBackend(KeyGroupRange keyGroups, int numberOfKeyGroups,
                Collection<KeyedStateHandle> handles) throws Exception {
            environment = new MockEnvironmentBuilder().build();
            return new LsmStateBackend().configure(new Configuration().set(LsmStateOptions.TIMERS, timers), getClass().getClassLoader()).createKeyedStateBackend(
                    new KeyedStateBackendParametersImpl<>(environment, new JobID(), "switched", StringSerializer.INSTANCE, numberOfKeyGroups,
                            keyGroups, environment.getTaskKvStateRegistry(), TtlTimeProvider.DEFAULT, new UnregisteredMetricsGroup(),
                            (name, value) -> { }, handles, new CloseableRegistry(), 1.0));
        }

        @Override
        public void close() throws Exception {
            if (environment != null) {
                environment.close();
            }
        }

        @Override
        public String toString() {
            return "LSM with timers " + timers;
        }
    }
}
