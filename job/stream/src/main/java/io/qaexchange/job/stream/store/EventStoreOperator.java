package io.qaexchange.job.stream.store;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.RejectionReason;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.LateGeneration;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredKey;
import io.qaexchange.job.stream.archive.ArchiveFolder;
import io.qaexchange.job.stream.archive.ArchiveRound;
import io.qaexchange.job.stream.archive.Archiver;
import io.qaexchange.job.stream.archive.FileIdentity;
import io.qaexchange.job.stream.hot.EventStoreMetrics;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.job.stream.hot.InstrumentIndex;
import io.qaexchange.job.stream.live.LiveOptions;
import io.qaexchange.job.stream.live.LiveReads;
import io.qaexchange.state.LsmKeyedStateBackend;
import io.qaexchange.state.StateReads;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.annotation.Nullable;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.runtime.operators.coordination.OperatorEventGateway;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.CloseableIterator;

/**
 * Stores every event in keyed state, once: the hot side of the hot/cold boundary.
 *
 * <p>An event whose key is stored with the same bytes is a duplicate, and counted. With other bytes, too old or too far in the future it
 * goes to {@link DeadLetter#OUTPUT}. So consumed = stored + duplicates + dead letters.
 *
 * <p>The {@link Archiver} archives rows that have aged, and drops them.
 *
 * <p>One thread, the task thread; everything asynchronous comes back through the mailbox.
 */
public final class EventStoreOperator extends AbstractStreamOperator<FinishedFile>
        implements OneInputStreamOperator<IncomingEvent, FinishedFile>, BoundedOneInput {

    private static final long serialVersionUID = 1L;

    private static final long NANOS_PER_MS = 1_000_000L;
    private static final long WRITER_TIMEOUT_S = 20;

    private final EventStoreOptions options;
    private final LiveOptions liveOptions;
    private final transient MailboxExecutor mailbox;
    @Nullable
    private final transient OperatorEventGateway coordinator;

    private transient EventStoreState state;
    private transient InstrumentIndex instruments;
    private transient Archiver archiver;
    private transient LiveReads live;
    private transient ArchiveFolder folder;
    private transient ExecutorService background;
    private transient ThreadPoolExecutor writer;
    private transient EventStoreMetrics metrics;
    private transient byte[] topicBytes;
    private transient String topic;
    private transient StreamRecord<IncomingEvent> stored;

    EventStoreOperator(StreamOperatorParameters<FinishedFile> parameters, MailboxExecutor mailbox, EventStoreOptions options,
            LiveOptions liveOptions, @Nullable OperatorEventGateway coordinator) {
        super(parameters);
        this.mailbox = mailbox;
        this.options = options;
        this.liveOptions = liveOptions;
        this.coordinator = coordinator;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        KeyedStateBackend<String> backend = getKeyedStateBackend();
        state = EventStoreState.open(backend);
        String jobId = getRuntimeContext().getJobInfo().getJobId().toHexString();
        String archiveEpoch = ArchiveEpoch.idOf(jobId, context.getRestoredCheckpointId().orElse(0));
        instruments = InstrumentIndex.load(backend, state.instrument(), archiveEpoch);
        live = LiveReads.restore(context, backend, liveOptions, getRuntimeContext().getTaskInfo(),
                new LiveReads.Shown(instruments::view, instruments::statistics), options.instruments());
        stored = new StreamRecord<>(null);
        folder = ArchiveFolder.create(Path.of(getContainingTask().getEnvironment().getTaskManagerInfo().getTmpDirectories()[0]), jobId,
                getOperatorID().toHexString(), getRuntimeContext().getTaskInfo());
        metrics = EventStoreMetrics.register(getMetricGroup(), instruments, folder.path());
        background = thread("manifest reader");
        writer = thread("archive writer");
        FileIdentity identity = new FileIdentity(archiveEpoch, getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(),
                new AtomicLong()::incrementAndGet);
        StateReads<String> reads = backend instanceof LsmKeyedStateBackend<String> ours ? ours.reads() : null;
        ArchiveRound.Context archiving = new ArchiveRound.Context(backend, state, reads, instruments, options, folder.path(), identity, metrics,
                writer, file -> output.collect(new StreamRecord<>(file)));
        archiver = new Archiver(archiving, ManifestStore.of(new org.apache.flink.core.fs.Path(options.archive())),
                getProcessingTimeService(), mailbox, background);
    }

    @Override
    public void open() throws Exception {
        super.open();
        archiver.open();
        if (coordinator != null) {
            live.open(getContainingTask().getEnvironment(), liveOptions, coordinator,
                    ((CheckpointableKeyedStateBackend<?>) getKeyedStateBackend()).getKeyGroupRange(), instruments.view().archiveEpoch());
        }
    }

    @Override
    public void processElement(StreamRecord<IncomingEvent> element) throws Exception {
        IncomingEvent event = element.getValue();
        accept(event);
        // Only now: a reader that sees the offset sees what the event did.
        live.saw(event.arrival().topic(), event.arrival().partition(), event.arrival().offset());
    }

    private void accept(IncomingEvent event) throws Exception {
        archiver.eventArrived();
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
        boolean late = instrument.boundary().isLate(key.eventTimeNs());
        byte[] earlier = instrument.mayHaveEvent(key, this::newestStored) ? state.events().get(key) : null;
        if (earlier == null && late) {
            earlier = findLate(instrument, key);
        }
        if (earlier != null) {
            if (StoredEvent.holds(earlier, event.message())) {
                instrument.countDuplicate();
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
            state.late().put(new LateKey(instrument.boundary().lateGeneration(), key), value);
            instrument.storedLate(key, value.length, nowMs);
            metrics.late();
        } else {
            state.events().put(key, value);
            instrument.storedEvent(key, value.length, nowMs);
        }
        metrics.stored(value.length, key.eventTimeNs(), nowMs);
        output.collect(EventStoreOperatorFactory.STORED, stored.replace(event));
        archiver.rowStored(value.length);
    }

    private boolean isTooOld(InstrumentState instrument, StoredKey key) {
        return key.eventTimeNs() < instrument.dropWatermarkNs() || instrument.clockNs() != InstrumentState.NO_TIME
                && key.eventTimeNs() < instrument.clockNs() - options.hotRetention().toNanos();
    }

    /** The greatest key of a record type in the events of the current key. */
    private StoredKey newestStored(int recordCode) throws Exception {
        try (CloseableIterator<Map.Entry<StoredKey, byte[]>> rows = state.events().reverse(
                StoredKey.lowest(recordCode, 0), StoredKey.lowest(recordCode + 1, 0))) {
            return rows.hasNext() ? rows.next().getKey() : null;
        }
    }

    private byte[] findLate(InstrumentState instrument, StoredKey key) throws Exception {
        for (LateGeneration generation : instrument.lateGenerations()) {
            byte[] found = state.late().get(new LateKey(generation.number(), key));
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private void refuse(IncomingEvent event, InstrumentState instrument, RejectionReason reason, String detail) {
        instrument.countDeadLetter();
        metrics.deadLetter(reason);
        output.collect(DeadLetter.OUTPUT, new StreamRecord<>(DeadLetter.about(event, reason.label(), detail)));
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        live.barrier(context.getCheckpointId(), getProcessingTimeService().getCurrentProcessingTime());
        instruments.flush();
        instruments.publishStatistics();
        super.snapshotState(context);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        super.notifyCheckpointComplete(checkpointId);
        archiver.checkpointComplete();
    }

    /** Everything left goes to the archive. */
    @Override
    public void endInput() throws Exception {
        archiver.endInput();
    }

    @Override
    public void close() throws Exception {
        if (live != null) {
            live.close();
        }
        if (background != null) {
            background.shutdownNow();
            if (archiver != null) {
                archiver.cancel();
            }
            // Not interrupted: that would close the file under the writer's hands.
            writer.getQueue().clear();
            writer.shutdown();
            if (!writer.awaitTermination(WRITER_TIMEOUT_S, TimeUnit.SECONDS)) {
                LOG.warn("the archive writer has not ended after {} s", WRITER_TIMEOUT_S);
            } else if (archiver != null) {
                archiver.release();
            }
        }
        if (folder != null) {
            folder.deleteIfEmpty();
        }
        super.close();
    }

    /** Whether a round is under way. */
    public boolean isArchiving() {
        return archiver.isArchiving();
    }

    /** Whether background work is under way that will come back through the mailbox. */
    public boolean isWaitingForBackground() {
        return archiver.isWaitingForBackground();
    }
}
