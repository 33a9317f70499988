package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.error.StoreClosedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A job is read from outside while it runs, as of its checkpoints: both subtasks show one moment of the job, and what a checkpoint showed
 * before a failure is what the restored job shows of it.
 */
@Timeout(180)
class StateReadsITCase {
    private static final int SUBTASKS = 2;
    private static final int KEYS = 500;
    private static final int COMPARED = 3;
    private static final int MOST_FAILURES = 30;

    /** One test at a time: operators report here. */
    private static volatile Subtasks running;

    @TempDir
    Path folder;

    /** The running attempt of each subtask. */
    private static final class Subtasks {
        final Map<Integer, Subtask> latest = new ConcurrentHashMap<>();
        volatile int failures;
    }

    /** @param restored the checkpoint that it was restored from */
    private record Subtask(int attempt, OptionalLong restored, StateReads<Long> reads) {
    }

    /** Counts per key. */
    private static final class Count extends AbstractStreamOperator<Long> implements OneInputStreamOperator<Long, Long> {
        private static final long serialVersionUID = 1L;
        private transient ValueState<Long> count;
        private transient OptionalLong restored;

        @Override
        public void initializeState(StateInitializationContext context) throws Exception {
            super.initializeState(context);
            restored = context.getRestoredCheckpointId();
        }

        @Override
        public void open() throws Exception {
            super.open();
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", LongSerializer.INSTANCE));
            StateReads<Long> reads = ((LsmKeyedStateBackend<Long>) this.<Long>getKeyedStateBackend()).reads();
            reads.keepCheckpoints(3);
            if (restored.isPresent()) {
                reads.restoredFrom(restored.getAsLong());
            }
            int attempt = getRuntimeContext().getTaskInfo().getAttemptNumber();
            running.latest.put(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(), new Subtask(attempt, restored, reads));
        }

        @Override
        public void processElement(StreamRecord<Long> element) throws Exception {
            if (getRuntimeContext().getTaskInfo().getAttemptNumber() < running.failures) {
                throw new IllegalStateException("fails here, as the test wants");
            }
            Long before = count.value();
            count.update(before == null ? 1 : before + 1);
        }
    }

    @Test
    void checkpointsShowOneMomentOfTheJobAlsoAfterItsRestart() throws Exception {
        running = new Subtasks();
        Configuration config = new Configuration();
        config.set(StateBackendOptions.STATE_BACKEND, LsmStateBackendFactory.class.getName());
        config.set(LsmStateOptions.LOCAL_DIRECTORY, Files.createDirectory(folder.resolve("local")).toString());
        config.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(100));
        config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder.resolve("checkpoints").toUri().toString());
        config.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 2 * MOST_FAILURES);
        config.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(1));
        try (StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(SUBTASKS, config)) {
            environment.fromSequence(0, Long.MAX_VALUE - 1).keyBy(value -> value % KEYS).transform("count", Types.LONG, new Count())
                    .sinkTo(new DiscardingSink<>());
            JobClient job = environment.executeAsync();
            Map<Long, Long> totals = new HashMap<>();
            int compared = 0;
            for (int failures = 0; compared < COMPARED; failures++) {
                assertThat(failures).as("failures, of which %s were of a checkpoint that was read before", compared).isLessThan(MOST_FAILURES);
                awaitAttempt(failures);
                for (int seen = totals.size(), tries = 0; totals.size() < seen + 3; tries++) {
                    assertThat(tries).isLessThan(1_000_000);
                    readHeld(totals);
                }
                running.failures = failures + 1;
                awaitAttempt(failures + 1);
                long restored = running.latest.get(0).restored.orElseThrow();
                long total = total(restored);
                if (totals.containsKey(restored)) {
                    assertThat(total).as("rows as of checkpoint %s, before and after the failure", restored).isEqualTo(totals.get(restored));
                    compared++;
                }
            }
            StateReads<Long> last = running.latest.get(0).reads;
            job.cancel().get();
            assertThatThrownBy(() -> job.getJobExecutionResult().get(60, TimeUnit.SECONDS)).hasStackTraceContaining("cancelled");
            assertThatThrownBy(last::open).isInstanceOf(StoreClosedException.class).hasMessageContaining("task has ended");
        }
    }

    private static void awaitAttempt(int attempt) throws Exception {
        CommonTestUtils.waitUntilCondition(() -> running.latest.size() == SUBTASKS
                && running.latest.values().stream().allMatch(subtask -> subtask.attempt >= attempt), 5L, 10_000);
    }

    /** Reads the checkpoints that both subtasks hold. */
    private static void readHeld(Map<Long, Long> totals) throws IOException {
        List<Long> held = new ArrayList<>(running.latest.get(0).reads.heldCheckpoints());
        held.retainAll(running.latest.get(1).reads.heldCheckpoints());
        for (Long checkpoint : held) {
            try {
                long total = total(checkpoint);
                assertThat(totals.getOrDefault(checkpoint, total)).as("rows as of checkpoint %s, read again", checkpoint).isEqualTo(total);
                totals.put(checkpoint, total);
            } catch (CheckpointNotHeldException e) {
                // Two newer ones were completed meanwhile.
                assertThat(e.held()).isNotEmpty();
            }
        }
    }

    /** All rows that the job had counted at the barrier. */
    private static long total(long checkpoint) throws IOException {
        long[] total = new long[1];
        DataInputDeserializer input = new DataInputDeserializer();
        for (Subtask subtask : running.latest.values()) {
            try (StateReadSession<Long> session = subtask.reads.openCheckpoint(checkpoint)) {
                StoredScan scan = session.scan("count", StoredRange.ALL);
                boolean more = true;
                while (more) {
                    more = scan.run((key, value) -> {
                        input.setBuffer(value.toByteArray());
                        total[0] += input.readLong();
                        return true;
                    });
                }
            }
        }
        return total[0];
    }
}
