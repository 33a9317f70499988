package io.qaexchange.job.stream.store;

import io.qaexchange.archive.manifest.Epoch;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.RejectionReason;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredKey;
import io.qaexchange.job.stream.archive.ArchiveFolder;
import io.qaexchange.job.stream.archive.ArchivePlanner;
import io.qaexchange.job.stream.archive.ArchiveRound;
import io.qaexchange.job.stream.archive.RetentionSweep;
import io.qaexchange.job.stream.hot.EventStoreMetrics;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.job.stream.hot.InstrumentIndex;
import io.qaexchange.job.stream.hot.UnpublishedBatches;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * Keeps every event hot in keyed state, once, and archives what has aged: the hot side of the seam.
 *
 * <p>An event whose key is there with the same bytes is a duplicate and counted; with other bytes, too old or too far in the future it
 * goes to {@link DeadLetter#OUTPUT}. So consumed = stored + duplicates + dead letters.
 *
 * <p>Archiving reads rows in short slices between events and writes files in the background ({@link ArchiveRound}); the manifest is read
 * in the background too. Rows leave the state
 * only after their own batch was seen in the manifest and the hot retention is over; notifications of checkpoints play no part.
 *
 * <p>One thread, the task thread; everything asynchronous comes back through the mailbox.
 */
public final class EventStoreOperator extends AbstractStreamOperator<FinishedFile>
        implements OneInputStreamOperator<IncomingEvent, FinishedFile>, BoundedOneInput {

    private static final long serialVersionUID = 1L;

    private static final long NANOS_PER_MS = 1_000_000L;
    private static final int MAX_ROUND_FAILURES = 5;
    private static final long WRITER_TIMEOUT_S = 20;
    /** A look at what has aged is also taken after this part of a batch has come in. */
    private static final int CHECKS_PER_BATCH = 4;

    private final EventStoreOptions options;
    private final transient MailboxExecutor mailbox;

    private transient ArchivePlanner planner;
    private transient EventStoreState state;
    private transient InstrumentIndex instruments;
    private transient ManifestStore manifest;
    private transient ArchiveFolder folder;
    private transient ArchiveRound.Context archiving;
    private transient ExecutorService background;
    private transient ThreadPoolExecutor writer;
    private transient EventStoreMetrics metrics;
    private transient UnpublishedBatches unpublished;

    private transient ArchiveRound round;
    private transient List<String> roundKeys;
    private transient int roundFailures;
    private transient boolean sliceScheduled;
    private transient boolean waitingForWriter;
    private transient long eventsSinceSlice;
    private transient boolean manifestRead;
    private transient boolean inputEnded;
    private transient long bytesSinceCheck;
    private transient byte[] topicBytes;
    private transient String topic;
    private transient StreamRecord<IncomingEvent> stored;

    EventStoreOperator(StreamOperatorParameters<FinishedFile> parameters, MailboxExecutor mailbox, EventStoreOptions options) {
        super(parameters);
        this.mailbox = mailbox;
        this.options = options;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        KeyedStateBackend<String> backend = getKeyedStateBackend();
        state = EventStoreState.open(backend);
        instruments = InstrumentIndex.load(backend, state.instrument());
        planner = new ArchivePlanner(options);
        stored = new StreamRecord<>(null);
        manifest = ManifestStore.of(new org.apache.flink.core.fs.Path(options.archive()));
        String jobId = getRuntimeContext().getJobInfo().getJobId().toHexString();
        String epoch = Epoch.idOf(jobId, context.getRestoredCheckpointId().orElse(0));
        folder = ArchiveFolder.create(Path.of(getContainingTask().getEnvironment().getTaskManagerInfo().getTmpDirectories()[0]), jobId,
                getOperatorID().toHexString(), getRuntimeContext().getTaskInfo());
        metrics = EventStoreMetrics.register(getMetricGroup(), instruments);
        unpublished = new UnpublishedBatches();
        background = thread("manifest reader");
        writer = thread("archive writer");
        archiving = new ArchiveRound.Context(backend, state, instruments, options, folder.path(), epoch, metrics, writer,
                file -> output.collect(new StreamRecord<>(file)));
    }

    @Override
    public void open() throws Exception {
        super.open();
        List<String> interrupted = new ArrayList<>();
        for (Map.Entry<String, InstrumentState> entry : instruments.entries()) {
            if (entry.getValue().open != null) {
                interrupted.add(entry.getKey());
            }
        }
        if (!interrupted.isEmpty()) {
            LOG.info("archiving round over {} instruments goes on after a restore", interrupted.size());
            beginRound(interrupted);
        }
        scheduleCheck();
    }

    @Override
    public void processElement(StreamRecord<IncomingEvent> element) throws Exception {
        eventsSinceSlice++;
        IncomingEvent event = element.getValue();
        StoredKey key = StoredKey.of(event.key());
        InstrumentState instrument = instruments.change(event.routeKey());
        long nowMs = getProcessingTimeService().getCurrentProcessingTime();
        if (key.eventTimeNs() > nowMs * NANOS_PER_MS + options.maxFuture().toNanos()) {
            refuse(event, instrument, RejectionReason.BAD_TIME,
                    "event time " + key.eventTimeNs() + " ns is more than " + options.maxFuture() + " ahead of the clock");
            return;
        }
        if (isTooOld(instrument, key)) {
            refuse(event, instrument, RejectionReason.TOO_OLD, "event time " + key.eventTimeNs() + " ns is more than "
                    + options.hotRetention() + " behind the newest event of " + event.routeKey());
            return;
        }
        boolean late = instrument.cutNs != InstrumentState.NO_TIME && key.eventTimeNs() < instrument.cutNs;
        byte[] earlier = instrument.mayHaveEvent(key, this::newestStored) ? state.events().get(key) : null;
        if (earlier == null && late) {
            earlier = findLate(instrument, key);
        }
        if (earlier != null) {
            if (StoredEvent.holds(earlier, event.message())) {
                instrument.duplicates++;
                metrics.duplicate();
            } else {
                StoredEvent first = new StoredEvent().wrap(earlier);
                refuse(event, instrument, RejectionReason.CONFLICT, "another event of this identity was stored from "
                        + first.topic() + "-" + first.partition() + "@" + first.offset());
            }
            return;
        }
        store(event, key, instrument, late, nowMs);
    }

    private ThreadPoolExecutor thread(String purpose) {
        String name = purpose + " of " + getRuntimeContext().getTaskInfo().getTaskNameWithSubtasks();
        return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    private void store(IncomingEvent event, StoredKey key, InstrumentState instrument, boolean late, long nowMs) throws Exception {
        if (!event.arrival().topic().equals(topic)) {
            topic = event.arrival().topic();
            topicBytes = StoredEvent.topicBytes(topic);
        }
        byte[] value = StoredEvent.encode(event.message(), 0, event.message().length, event.arrival().ingestTimeNs(), topicBytes,
                event.arrival().partition(), event.arrival().offset());
        if (late) {
            InstrumentState.LateGeneration generation = instrument.openLateGeneration();
            state.late().put(new LateKey(generation.generation, key), value);
            generation.rows++;
            generation.bytes += value.length;
            generation.maxEventTimeNs = Math.max(generation.maxEventTimeNs, key.eventTimeNs());
            metrics.late();
        } else {
            state.events().put(key, value);
            instrument.hasEvent(key);
            instrument.addBytes(key.eventTimeNs(), value.length);
        }
        instrument.hasRow(key.recordCode(), key.eventTimeNs());
        instrument.clockNs = Math.max(instrument.clockNs, key.eventTimeNs());
        instrument.lastArrivalMs = nowMs;
        instrument.stored++;
        metrics.stored(value.length);
        output.collect(EventStoreOperatorFactory.STORED, stored.replace(event));
        bytesSinceCheck += value.length;
        if (bytesSinceCheck >= options.batchBytes() / CHECKS_PER_BATCH) {
            check();
        }
    }

    private boolean isTooOld(InstrumentState instrument, StoredKey key) {
        return key.eventTimeNs() < instrument.floorNs || instrument.clockNs != InstrumentState.NO_TIME
                && key.eventTimeNs() < instrument.clockNs - options.hotRetention().toNanos();
    }

    /** The greatest key of a record type in the events of the current key. */
    private StoredKey newestStored(int recordCode) throws Exception {
        try (CloseableIterator<Map.Entry<StoredKey, byte[]>> rows = state.events().reverse(
                StoredKey.lowest(recordCode, 0), StoredKey.lowest(recordCode + 1, 0))) {
            return rows.hasNext() ? rows.next().getKey() : null;
        }
    }

    private byte[] findLate(InstrumentState instrument, StoredKey key) throws Exception {
        for (InstrumentState.LateGeneration generation : instrument.lateGenerations) {
            byte[] found = state.late().get(new LateKey(generation.generation, key));
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private void refuse(IncomingEvent event, InstrumentState instrument, RejectionReason reason, String detail) {
        instrument.deadLetters++;
        metrics.deadLetter();
        output.collect(DeadLetter.OUTPUT, new StreamRecord<>(DeadLetter.about(event, reason.label(), detail)));
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        instruments.flush();
        super.snapshotState(context);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        super.notifyCheckpointComplete(checkpointId);
        unpublished.checkpointComplete(handedOver());
        if (unpublished.isAnyDue()) {
            readManifestIfNeeded();
        }
        metrics.unpublished(unpublished.count());
    }

    /** Everything left goes to the archive. */
    @Override
    public void endInput() throws Exception {
        inputEnded = true;
        finishRound();
        List<String> rest = planner.cut(instruments, getProcessingTimeService().getCurrentProcessingTime(), true);
        if (!rest.isEmpty()) {
            beginRound(rest);
            finishRound();
        }
    }

    @Override
    public void close() throws Exception {
        if (background != null) {
            background.shutdownNow();
            // Not interrupted: that would close the file under the writer's hands.
            writer.getQueue().clear();
            writer.shutdown();
            if (!writer.awaitTermination(WRITER_TIMEOUT_S, TimeUnit.SECONDS)) {
                LOG.warn("the archive writer has not ended after {} s", WRITER_TIMEOUT_S);
            } else if (round != null) {
                round.release();
            }
        }
        if (folder != null) {
            folder.deleteIfEmpty();
        }
        super.close();
    }

    /** Whether a round is under way. */
    public boolean isArchiving() {
        return round != null;
    }

    /** Whether background work is under way that will come back through the mailbox. */
    public boolean isWaitingForBackground() {
        return manifestRead || waitingForWriter;
    }

    private void scheduleCheck() {
        ProcessingTimeService time = getProcessingTimeService();
        time.registerTimer(time.getCurrentProcessingTime() + options.checkInterval().toMillis(), timestamp -> {
            check();
            scheduleCheck();
        });
    }

    /** Looks at what was published, what may be dropped and what has aged. */
    private void check() throws Exception {
        EventStoreMetrics.Moment began = EventStoreMetrics.now();
        bytesSinceCheck = 0;
        long nowMs = getProcessingTimeService().getCurrentProcessingTime();
        readManifestIfNeeded();
        new RetentionSweep(archiving, planner).run(nowMs);
        if (round == null) {
            List<String> taken = planner.cut(instruments, nowMs, false);
            if (!taken.isEmpty()) {
                beginRound(taken);
            }
        }
        metrics.slice(began);
    }

    private void beginRound(List<String> routeKeys) {
        roundKeys = routeKeys;
        round = new ArchiveRound(archiving, routeKeys);
        metrics.archiving(true);
        scheduleSlice(1);
    }

    private void scheduleSlice(long delayMs) {
        if (sliceScheduled || inputEnded) {
            return;
        }
        sliceScheduled = true;
        ProcessingTimeService time = getProcessingTimeService();
        time.registerTimer(time.getCurrentProcessingTime() + delayMs, timestamp -> {
            sliceScheduled = false;
            runSlice();
        });
    }

    /** Reads for the time of a slice; then leaves the thread to events for as long, if there are any. */
    private void runSlice() throws Exception {
        if (round == null || inputEnded) {
            return;
        }
        EventStoreMetrics.Moment began = EventStoreMetrics.now();
        ArchiveRound.Progress progress = step(options.sliceBudget().toNanos());
        metrics.slice(began);
        long tookNs = System.nanoTime() - began.ns();
        boolean idle = eventsSinceSlice == 0;
        eventsSinceSlice = 0;
        switch (progress) {
            case COMPLETE -> { }
            case MORE -> scheduleSlice(idle ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(tookNs)));
            case WAITING -> {
                waitingForWriter = true;
                round.whenReady().whenComplete((done, failure) -> fromBackground(() -> {
                    waitingForWriter = false;
                    runSlice();
                }, "archive writer is ready"));
            }
            default -> throw new AssertionError(progress);
        }
    }

    private void finishRound() throws Exception {
        while (round != null) {
            if (step(Long.MAX_VALUE / 4) == ArchiveRound.Progress.WAITING) {
                round.whenReady().handle((done, failure) -> null).get();
            }
        }
    }

    /** Goes on with the round; after a file could not be written it begins again, with other batches. */
    private ArchiveRound.Progress step(long budgetNs) throws Exception {
        try {
            ArchiveRound.Progress progress = round.step(budgetNs);
            if (progress == ArchiveRound.Progress.COMPLETE) {
                metrics.archiving(false);
                round = null;
                roundFailures = 0;
            }
            return progress;
        } catch (IOException e) {
            metrics.roundFailure();
            round.abort();
            if (++roundFailures >= MAX_ROUND_FAILURES) {
                throw new IOException("archiving failed " + roundFailures + " times in a row: " + e.getMessage(), e);
            }
            LOG.warn("archiving failed, attempt {} of {}; its files are begun again", roundFailures, MAX_ROUND_FAILURES, e);
            round = new ArchiveRound(archiving, roundKeys);
            return ArchiveRound.Progress.MORE;
        }
    }

    /** Brings the result of background work to the task thread, unless the task has ended. */
    private void fromBackground(ThrowingRunnable<Exception> work, String description) {
        try {
            mailbox.execute(work, description);
        } catch (RejectedExecutionException e) {
            LOG.debug("the task has ended: {}", description, e);
        }
    }

    private void readManifestIfNeeded() {
        long waiting = handedOver().size();
        metrics.handedOverBatches(waiting);
        if (waiting == 0 || manifestRead) {
            return;
        }
        manifestRead = true;
        background.execute(() -> {
            Set<String> published;
            try {
                published = manifest.latest().publishedBatches();
            } catch (IOException | RuntimeException e) {
                fromBackground(() -> {
                    manifestRead = false;
                    LOG.warn("manifest of {} could not be read; trying again at the next check", options.archive(), e);
                }, "manifest not read");
                return;
            }
            fromBackground(() -> {
                manifestRead = false;
                forgetPublished(published);
            }, "manifest read");
        });
    }

    /** Ids of the batches that are handed over and not seen in the manifest. */
    private Set<String> handedOver() {
        return instruments.states().stream().flatMap(instrument -> instrument.handedOver.stream()).map(InstrumentState.Batch::batchId)
                .collect(Collectors.toSet());
    }

    private void forgetPublished(Set<String> published) {
        unpublished.published(published);
        metrics.unpublished(unpublished.count());
        for (Map.Entry<String, InstrumentState> entry : instruments.entries()) {
            InstrumentState instrument = entry.getValue();
            if (!instrument.handedOver.isEmpty() && instrument.handedOver.removeIf(batch -> published.contains(batch.batchId()))) {
                instruments.change(entry.getKey());
            }
        }
        metrics.handedOverBatches(handedOver().size());
    }
}
