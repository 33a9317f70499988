package io.qaexchange.state;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * A job in a process whose class path is Flink, this class and one jar: it takes checkpoints, stops with a native savepoint, and starts
 * again from it. Prints where the engine is from. Argument: a folder.
 */
public final class FlatJarJob {
    private static final long ROWS = Long.MAX_VALUE - 1;

    private FlatJarJob() {
    }

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Configuration config = new Configuration();
        config.set(StateBackendOptions.STATE_BACKEND, "io.qaexchange.state.LsmStateBackendFactory");
        config.setString("state.backend.lsm.local-directory", folder.resolve("local").toString());
        config.setString("state.backend.lsm.compressed-levels", "ALL");
        config.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(50));
        config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder.resolve("checkpoints").toUri().toString());
        String savepoint = run(config, folder);
        config.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
        run(config, folder);
        Class<?> engine = Class.forName("io.qaexchange.storage.engine.LsmStore");
        System.out.println("engine from " + Path.of(engine.getProtectionDomain().getCodeSource().getLocation().toURI()).getFileName());
        System.out.println("restored " + Count.restored);
        System.exit(0);
    }

    private static String run(Configuration config, Path folder) throws Exception {
        try (StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, config)) {
            environment.fromSequence(0, ROWS).keyBy(value -> value % 1_000).process(new Count()).uid("count").sinkTo(new DiscardingSink<>());
            JobClient job = environment.executeAsync();
            Count.counted.acquire();
            return job.stopWithSavepoint(false, folder.resolve("savepoints").toUri().toString(), SavepointFormatType.NATIVE).get(120, TimeUnit.SECONDS);
        }
    }

    /** Counts per key. */
    private static final class Count extends KeyedProcessFunction<Long, Long, Long> {
        private static final long serialVersionUID = 1L;
        static final java.util.concurrent.Semaphore counted = new java.util.concurrent.Semaphore(0);
        static volatile boolean restored;

        private transient ValueState<List<Long>> count;
        private transient long seen;

        @Override
        public void open(OpenContext context) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LIST(Types.LONG)));
        }

        @Override
        public void processElement(Long element, Context context, Collector<Long> out) throws Exception {
            List<Long> before = count.value();
            if (seen == 0 && before != null && before.get(0) > 0) {
                restored = true;
            }
            count.update(List.of(before == null ? 1 : before.get(0) + 1));
            if (++seen == 20_000) {
                counted.release();
            }
        }
    }
}
