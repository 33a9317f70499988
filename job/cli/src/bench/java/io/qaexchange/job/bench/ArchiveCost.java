package io.qaexchange.job.bench;

import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.job.stream.store.EventStoreOperator;
import io.qaexchange.job.stream.store.EventStoreOperatorFactory;
import io.qaexchange.parquet.ParquetOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;

/**
 * Measures the cost of archiving in processor time of its two threads, while events come in: the event store's operator without the rest of the job,
 * in rounds of as many bytes as a job takes by default.
 */
public final class ArchiveCost implements AutoCloseable {

    private static final int MAX_PARALLELISM = 128;
    /** The instruments of one of so many subtasks, as in the bench of the whole job. */
    private static final int PARALLELISM = 2;
    private static final int EVENTS_PER_CHECK = 5_000;
    private static final long BATCH_BYTES = 16 << 20;
    private static final String WRITER_THREAD = "archive writer";
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /**
     * The figures of a run.
     *
     * @param rawBytes stored bytes of the rows
     * @param fileBytes bytes of their files
     * @param taskNs of the task thread: looking what has aged, handing files over, and reading rows on backends other than ours
     * @param writerNs of the writer thread
     */
    public record Cost(long rawBytes, long fileBytes, long taskNs, long writerNs) {

        public double taskMbPerSecond() {
            return rawBytes * 1e3 / taskNs;
        }

        public double writerMbPerSecond() {
            return rawBytes * 1e3 / writerNs;
        }

        /** Both threads on one core. */
        public double mbPerSecond() {
            return rawBytes * 1e3 / (taskNs + writerNs);
        }

        public double fileShare() {
            return (double) fileBytes / rawBytes;
        }
    }

    private final KeyedOneInputStreamOperatorTestHarness<String, IncomingEvent, FinishedFile> task;
    private long nowMs = 1_800_000_000_000L;
    private long taskNs;
    private long fileBytes;

    private ArchiveCost(StateBackend backend, Path folder) throws Exception {
        EventStoreOptions options = new EventStoreOptions(folder.resolve("archive").toUri().toString(), Duration.ofMinutes(5), Duration.ofDays(2),
                Duration.ofHours(1), Duration.ofHours(1), BATCH_BYTES, BATCH_BYTES, Duration.ofDays(1), Duration.ofMillis(100), Duration.ofMillis(2),
                ParquetOptions.DEFAULT, Instruments.example());
        task = new KeyedOneInputStreamOperatorTestHarness<>(new EventStoreOperatorFactory(options), IncomingEvent::routeKey, Types.STRING,
                MAX_PARALLELISM, PARALLELISM, 0);
        task.setStateBackend(backend);
        task.setProcessingTime(nowMs);
        task.open();
    }

    /** The cost of archiving those of these events that go to the first subtask, in the order in which they are stored. */
    public static Cost of(List<IncomingEvent> events, StateBackend backend, Path folder) throws Exception {
        List<IncomingEvent> own = events.stream()
                .filter(event -> KeyGroupRangeAssignment.assignKeyToParallelOperator(event.routeKey(), MAX_PARALLELISM, PARALLELISM) == 0).toList();
        try (ArchiveCost run = new ArchiveCost(backend, folder)) {
            return run.feed(own);
        }
    }

    private Cost feed(List<IncomingEvent> events) throws Exception {
        StreamRecord<IncomingEvent> record = new StreamRecord<>(null);
        long rawBytes = 0;
        for (int from = 0; from < events.size(); from += EVENTS_PER_CHECK) {
            for (IncomingEvent event : events.subList(from, Math.min(events.size(), from + EVENTS_PER_CHECK))) {
                task.processElement(record.replace(event));
                rawBytes += StoredEvent.encode(event.message(), event.arrival()).length;
            }
            do {
                archive();
            } while (operator().isArchiving());
        }
        long startedNs = THREADS.getCurrentThreadCpuTime();
        task.endInput();
        taskNs += THREADS.getCurrentThreadCpuTime() - startedNs;
        takeFiles();
        return new Cost(rawBytes, fileBytes, taskNs, writerNs());
    }

    /** A check, or a slice of a round. */
    private void archive() throws Exception {
        long startedNs = THREADS.getCurrentThreadCpuTime();
        nowMs += operator().isArchiving() ? 1 : 100;
        task.setProcessingTime(nowMs);
        TaskMailbox mailbox = task.getTaskMailbox();
        while (mailbox.hasMail() || operator().isWaitingForBackground()) {
            mailbox.take(TaskMailbox.MIN_PRIORITY).run();
        }
        taskNs += THREADS.getCurrentThreadCpuTime() - startedNs;
        takeFiles();
    }

    private void takeFiles() throws IOException {
        for (Object output = task.getOutput().poll(); output != null; output = task.getOutput().poll()) {
            FinishedFile file = (FinishedFile) ((StreamRecord<?>) output).getValue();
            fileBytes += file.lengthBytes();
            Files.delete(Path.of(file.localPath()));
        }
        if (task.getSideOutput(EventStoreOperatorFactory.STORED) != null) {
            task.getSideOutput(EventStoreOperatorFactory.STORED).clear();
        }
    }

    private EventStoreOperator operator() {
        return (EventStoreOperator) task.getOperator();
    }

    private static long writerNs() {
        long ns = 0;
        for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().startsWith(WRITER_THREAD)) {
                ns += THREADS.getThreadCpuTime(thread.getThreadId());
            }
        }
        return ns;
    }

    @Override
    public void close() throws Exception {
        task.close();
    }
}
