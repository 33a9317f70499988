package io.qaexchange.job.cli.count;

import io.qaexchange.state.LsmStateBackendFactory;
import io.qaexchange.state.LsmStateOptions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Event number {@code i} is the {@code i / KEYS}-th of key {@code i % KEYS}. One source hands them out in order, so the events before a
 * checkpoint are the first so many, and the count of each key follows from their number.
 */
public final class CountJob {

    /** Keys that are counted. */
    public static final int KEYS = 2_000;

    private static final int MAX_PARALLELISM = 128;
    /** Little, so that memtables are flushed and files merged while the job runs. */
    private static final MemorySize OPERATOR_MEMORY = MemorySize.ofMebiBytes(2);

    private CountJob() {
    }

    /**
     * The job.
     *
     * @param parallelism of what counts
     * @param checkpointInterval of its checkpoints
     */
    public static JobGraph graph(int parallelism, int eventsPerSecond, Duration checkpointInterval) {
        Configuration config = new Configuration();
        config.set(StateBackendOptions.STATE_BACKEND, LsmStateBackendFactory.class.getName());
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, OPERATOR_MEMORY);
        config.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
        config.set(CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION, ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(config);
        environment.setMaxParallelism(MAX_PARALLELISM);
        environment.setParallelism(1);
        environment.fromSequence(0, Long.MAX_VALUE - 1).uid("numbers")
                .map(new PacedEvents(eventsPerSecond)).returns(Types.TUPLE(Types.STRING, Types.LONG)).uid("events")
                .assignTimestampsAndWatermarks(WatermarkStrategy.<Tuple2<String, Long>>forMonotonousTimestamps()
                        .withTimestampAssigner((event, before) -> event.f1)).uid("watermarks")
                .keyBy(event -> event.f0, Types.STRING)
                .process(new CountFunction()).uid(CountFunction.UID).setParallelism(parallelism)
                .sinkTo(new DiscardingSink<>()).uid("nowhere").setParallelism(parallelism);
        return environment.getStreamGraph().getJobGraph();
    }

    static String key(long event) {
        return "key " + event % KEYS;
    }

    /** Makes events of numbers, so many a second. */
    private static final class PacedEvents extends RichMapFunction<Long, Tuple2<String, Long>> {
        private static final long serialVersionUID = 1L;
        private static final int BATCH = 20;

        private final long batchNs;
        private long dueNs;

        PacedEvents(int eventsPerSecond) {
            batchNs = TimeUnit.SECONDS.toNanos(BATCH) / eventsPerSecond;
        }

        @Override
        public Tuple2<String, Long> map(Long number) {
            if (number % BATCH == 0) {
                long now = System.nanoTime();
                // Missed time is not made up for.
                dueNs = Math.max(dueNs, now - batchNs) + batchNs;
                while (System.nanoTime() < dueNs && !Thread.currentThread().isInterrupted()) {
                    LockSupport.parkNanos(dueNs - System.nanoTime());
                }
            }
            return Tuple2.of(key(number), number / KEYS);
        }
    }
}
