package io.qaexchange.job.server.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.query.live.LiveReader;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event store's counters over the last hours, over all subtasks: one sample each {@value #EVERY_S} seconds, and more while somebody looks. While the
 * job cannot be read there is none. It begins with the server, and is kept in memory only; Prometheus keeps more.
 *
 * <p>Thread-safe.
 */
public final class StoreHistory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StoreHistory.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int EVERY_S = 10;
    private static final long FRESH_MS = 2_000;
    /** Six hours, if nobody looks. */
    private static final int REMEMBERED = 2_160;

    private final LiveReader reader;
    private final Clock clock;
    /** Guarded by this; the oldest first. */
    private final Deque<Sample> samples = new ArrayDeque<>();
    private final ScheduledExecutorService sampling = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "samples the event store");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Counters at one moment, since the tasks began.
     *
     * @param at ms since 1970
     * @param flushedBytes written by flushes
     * @param compactedBytes written by compactions
     * @param memtableBytes memory of memtables
     * @param memoryBytes memory that they may have, with the block cache
     * @param fileBytes bytes of the sstables
     * @param level0Depth greatest of all subtasks
     * @param stalls write stalls, and pauses of the write throttle
     * @param stallMicros time of these
     */
    public record Sample(long at, long flushedBytes, long compactedBytes, long memtableBytes, long memoryBytes, long fileBytes, long level0Depth, long stalls,
            long stallMicros) {
    }

    private StoreHistory(LiveReader reader, Clock clock) {
        this.reader = reader;
        this.clock = clock;
    }

    /** Begins to take samples. */
    public static StoreHistory start(LiveReader reader, Clock clock) {
        StoreHistory history = new StoreHistory(reader, clock);
        history.sampling.scheduleWithFixedDelay(history::sampleQuietly, 0, EVERY_S, TimeUnit.SECONDS);
        return history;
    }

    private void sampleQuietly() {
        try {
            sample();
        } catch (IOException | RuntimeException e) {
            // Whoever asks for the state of the store is told why it cannot be read.
            LOG.debug("no sample of the event store", e);
        }
    }

    private void sample() throws IOException {
        List<JsonNode> subtasks = new ArrayList<>();
        for (String json : reader.stores()) {
            subtasks.add(JSON.readTree(json).path("statistics"));
        }
        Sample sample = of(clock.millis(), subtasks);
        synchronized (this) {
            samples.addLast(sample);
            if (samples.size() > REMEMBERED) {
                samples.removeFirst();
            }
        }
    }

    static Sample of(long atMs, List<JsonNode> subtasks) {
        return new Sample(atMs, sum(subtasks, "flush.bytes"), sum(subtasks, "compaction.written.bytes"), sum(subtasks, "memtable.active.bytes", "memtable.frozen.bytes"),
                sum(subtasks, "memory.budget.bytes"), sum(subtasks, "files.bytes"),
                subtasks.stream().mapToLong(one -> one.path("level0.depth").asLong()).max().orElse(0),
                sum(subtasks, "stall.memtable.count", "stall.level0.count", "slowdown.count"), sum(subtasks, "stall.memtable.micros", "stall.level0.micros", "slowdown.micros"));
    }

    private static long sum(List<JsonNode> subtasks, String... names) {
        long sum = 0;
        for (JsonNode one : subtasks) {
            for (String name : names) {
                sum += one.path(name).asLong();
            }
        }
        return sum;
    }

    /**
     * All samples, the oldest first; the newest is of now.
     *
     * @throws io.qaexchange.job.query.live.JobNotRunningException if the job cannot be read now
     */
    public List<Sample> samples() throws IOException {
        boolean fresh;
        synchronized (this) {
            fresh = !samples.isEmpty() && clock.millis() - samples.getLast().at() < FRESH_MS;
        }
        if (!fresh) {
            sample();
        }
        synchronized (this) {
            return new ArrayList<>(samples);
        }
    }

    @Override
    public void close() {
        sampling.shutdownNow();
    }
}
