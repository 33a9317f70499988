package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A job that fails a hundred times and goes on from its last checkpoint leaves no store of a former attempt behind: no folder, thread or
 * memory, with state of either API.
 */
@Timeout(300)
class RestartedJobITCase {
    private static final int RESTARTS = 100;
    private static final int WARM = 30;
    private static final int MIDDLE = (WARM + RESTARTS) / 2;
    private static final long ALLOWED_GROWTH_BYTES = 48 << 20;

    /** One test at a time: functions of the job report here. */
    private static volatile Attempts attempts;

    @TempDir
    Path folder;

    /** The files and threads at the beginning of each attempt. */
    private static final class Attempts {
        final Path local;
        final List<Long> folders = new ArrayList<>();
        final List<Long> threads = new ArrayList<>();
        final List<Long> bytes = new ArrayList<>();
        final CountDownLatch done = new CountDownLatch(1);

        Attempts(Path local) {
            this.local = local;
        }

        synchronized void begin() throws IOException {
            try (Stream<Path> stores = Files.list(local)) {
                folders.add(stores.count());
            }
            threads.add(Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("lsm-state")).count());
            if (folders.size() == WARM || folders.size() == MIDDLE || folders.size() == RESTARTS) {
                bytes.add(anonymousBytes());
            }
            if (folders.size() > RESTARTS) {
                done.countDown();
            }
        }

        boolean isDone() {
            return done.getCount() == 0;
        }
    }

    /** Counts per key, and fails once a checkpoint of this attempt is complete. */
    private abstract static class FailingCount extends KeyedProcessFunction<Long, Long, Long> implements CheckpointListener {
        private static final long serialVersionUID = 1L;
        private transient volatile boolean confirmed;

        @Override
        public void notifyCheckpointComplete(long checkpointId) {
            confirmed = true;
        }

        void failOnceConfirmed() {
            if (confirmed && !attempts.isDone()) {
                throw new IllegalStateException("attempt " + attempts.folders.size() + " ends here, as the test wants");
            }
        }
    }

    private static final class SynchronousCount extends FailingCount {
        private static final long serialVersionUID = 1L;
        private transient org.apache.flink.api.common.state.ValueState<Long> count;

        @Override
        public void open(OpenContext context) throws Exception {
            count = getRuntimeContext().getState(new org.apache.flink.api.common.state.ValueStateDescriptor<>("count", Types.LONG));
            attempts.begin();
        }

        @Override
        public void processElement(Long element, Context context, Collector<Long> out) throws Exception {
            failOnceConfirmed();
            Long before = count.value();
            count.update(before == null ? 1 : before + 1);
        }
    }

    private static final class AsynchronousCount extends FailingCount {
        private static final long serialVersionUID = 1L;
        private transient org.apache.flink.api.common.state.v2.ValueState<Long> count;

        @Override
        public void open(OpenContext context) throws Exception {
            count = getRuntimeContext().getState(new org.apache.flink.api.common.state.v2.ValueStateDescriptor<>("count", Types.LONG));
            attempts.begin();
        }

        @Override
        public void processElement(Long element, Context context, Collector<Long> out) throws Exception {
            failOnceConfirmed();
            count.asyncValue().thenCompose(before -> count.asyncUpdate(before == null ? 1 : before + 1));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void attemptsLeaveNoStoreBehind(boolean asynchronous) throws Exception {
        Path local = Files.createDirectory(folder.resolve("local"));
        attempts = new Attempts(local);
        Configuration config = new Configuration();
        config.set(StateBackendOptions.STATE_BACKEND, LsmStateBackendFactory.class.getName());
        config.set(LsmStateOptions.LOCAL_DIRECTORY, local.toString());
        config.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(10));
        config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder.resolve("checkpoints").toUri().toString());
        config.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 10 * RESTARTS);
        config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(1));
        try (StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, config)) {
            KeyedStream<Long, Long> keyed = environment.fromSequence(0, Long.MAX_VALUE - 1).keyBy(value -> value % 100);
            (asynchronous ? keyed.enableAsyncState().process(new AsynchronousCount()) : keyed.process(new SynchronousCount()))
                    .sinkTo(new DiscardingSink<>());
            JobClient job = environment.executeAsync();
            assertThat(attempts.done.await(240, TimeUnit.SECONDS)).as("%s attempts", attempts.folders.size()).isTrue();
            job.cancel().get();
            assertThatThrownBy(() -> job.getJobExecutionResult().get(60, TimeUnit.SECONDS)).hasStackTraceContaining("cancelled");
        }
        assertThat(attempts.folders.subList(0, RESTARTS)).as("folders when an attempt began").allMatch(count -> count == 1);
        // Two of this attempt, and those of the former one while they end.
        assertThat(attempts.threads.subList(0, RESTARTS)).as("threads when an attempt began").allMatch(count -> count <= 6);
        // The JVM touches more of its own memory some time; what attempts leave behind grows in both halves.
        assertThat(Math.min(attempts.bytes.get(1) - attempts.bytes.get(0), attempts.bytes.get(2) - attempts.bytes.get(1)))
                .as("growth of anonymous memory in half of the attempts: %s", attempts.bytes).isLessThan(ALLOWED_GROWTH_BYTES);
        Leftovers.requireNone(local);
    }

    /** Without what the heap has taken from the system since it may grow up to its limit. */
    private static long anonymousBytes() throws IOException {
        System.gc();
        long anonymous = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("RssAnon:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).sum() * 1024;
        return anonymous - Runtime.getRuntime().totalMemory();
    }
}
