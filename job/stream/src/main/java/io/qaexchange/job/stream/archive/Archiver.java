package io.qaexchange.job.stream.archive;

import io.qaexchange.archive.control.ArchiveControl;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.model.store.HotColdBoundary;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.stream.hot.EventStoreMetrics;
import io.qaexchange.job.stream.hot.UnpublishedBatches;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.util.function.ThrowingRunnable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Archives the rows of a subtask that have aged, and drops those that were published and are older than the hot retention.
 *
 * <p>At each check it reads the manifest in the background, drops rows, and asks the {@link ArchivePlanner} for a round. A round works in
 * short slices between events, or waits for the writer thread. Rows leave the state only after their own batch was seen in the manifest; notifications of checkpoints
 * play no part.
 *
 * <p>One thread, the task thread; everything asynchronous comes back through the mailbox.
 */
public final class Archiver {

    private static final Logger LOG = LoggerFactory.getLogger(Archiver.class);
    private static final int MAX_ROUND_FAILURES = 5;
    /** Until a round begins again whose files could not be written; doubled each time. A full disk is not free within milliseconds. */
    private static final long FIRST_RETRY_MS = 1_000;
    private static final String REQUEST_OF_LOG = "request";
    /** A slice that only tells a writer thread what to read, and takes over its files, is short: what many instruments make long goes on in the next one. */
    private static final long MOST_SLICE_BESIDE_WRITER_NS = 300_000;
    /** A check is also made after this part of a batch has come in. */
    private static final int CHECKS_PER_BATCH = 4;
    /** At most so long it takes until a request of an operator is seen. */
    private static final long CONTROL_MS = 2_000;

    private final ArchiveRound.Context context;
    private final ArchivePlanner planner;
    private final RetentionSweep retention;
    /** The time that a slice may take. */
    private final long sliceNs;
    private boolean sweepScheduled;
    /** Whether nothing is left to drop, and planning waits for a slice. */
    private boolean planDue;
    private final ManifestStore manifest;
    private final ProcessingTimeService time;
    private final MailboxExecutor mailbox;
    private final ExecutorService background;
    private final UnpublishedBatches unpublished = new UnpublishedBatches();
    private final ArchiveControl control;

    private ArchiveRound round;
    /** Names the round in each line of the log about it: the request of an operator, or subtask and number. */
    private String run = "";
    private long rounds;
    private int roundFailures;
    /** Before the next slice, after a failure; else 0. */
    private long retryMs;
    private boolean sliceScheduled;
    private boolean waitingForWriter;
    private long eventsSinceSlice;
    private boolean manifestRead;
    /** Version of the manifest that was read last; only the background thread uses it. */
    private long seenVersion;
    private boolean inputEnded;
    private long bytesSinceCheck;
    private boolean controlRead;
    private ArchiveControl.State asked = ArchiveControl.State.NONE;
    /** The request to archive now that was served last, or was there before this attempt. */
    private String servedRequest = "";

    /**
     * An archiver that does nothing yet.
     *
     * @param background thread that reads the manifest
     */
    public Archiver(ArchiveRound.Context context, ManifestStore manifest, ProcessingTimeService time, MailboxExecutor mailbox,
            ExecutorService background) {
        this.context = context;
        this.planner = new ArchivePlanner(context.options(), time.getCurrentProcessingTime());
        this.retention = new RetentionSweep(context, planner);
        long budgetNs = context.options().sliceBudget().toNanos();
        this.sliceNs = context.reads() == null ? budgetNs : Math.min(budgetNs, MOST_SLICE_BESIDE_WRITER_NS);
        this.manifest = manifest;
        this.time = time;
        this.mailbox = mailbox;
        this.background = background;
        this.control = ArchiveControl.of(manifest);
    }

    /** Goes on with a round that a restore found interrupted, and schedules checks. */
    public void open() throws IOException {
        List<String> interrupted = new ArrayList<>();
        for (Map.Entry<String, InstrumentState> entry : context.instruments().entries()) {
            if (entry.getValue().boundary().open() != null) {
                interrupted.add(entry.getKey());
            }
        }
        if (!interrupted.isEmpty()) {
            LOG.info("archiving round over {} instruments goes on after a restore", interrupted.size());
            beginRound(interrupted, nextRun());
        }
        try {
            asked = control.read();
            servedRequest = asked.now() == null ? "" : asked.now().id();
            context.metrics().archivingPaused(asked.paused() != null);
        } catch (IOException e) {
            LOG.warn("whether archiving of {} is paused could not be read; it goes on until that is known", context.options().archive(), e);
        }
        scheduleCheck();
        scheduleControl();
    }

    /** Notes that an event arrived: the next slice leaves the thread to events for as long as it took. */
    public void eventArrived() {
        eventsSinceSlice++;
    }

    /** Notes that a row was stored. */
    public void rowStored(int bytes) throws Exception {
        bytesSinceCheck += bytes;
        if (bytesSinceCheck >= context.options().batchBytes() / CHECKS_PER_BATCH) {
            check();
        }
    }

    /** Notes that a Flink checkpoint is complete: batches of former ones should be in the manifest. */
    public void checkpointComplete() {
        unpublished.checkpointComplete(handedOver());
        if (unpublished.isAnyDue()) {
            readManifestIfNeeded();
        }
        context.metrics().unpublished(unpublished.count());
    }

    /** Archives all rows that are left. */
    public void endInput() throws Exception {
        inputEnded = true;
        finishRound();
        ArchivePlan rest = planner.plan(context.instruments().entries(), time.getCurrentProcessingTime(), true);
        if (!rest.isEmpty()) {
            rest.apply(context.instruments());
            beginRound(rest.routeKeys(), nextRun());
            finishRound();
        }
    }

    /** Whether a round is under way. */
    public boolean isArchiving() {
        return round != null;
    }

    /** Whether background work is under way that will come back through the mailbox. */
    public boolean isWaitingForBackground() {
        return manifestRead || waitingForWriter || controlRead;
    }

    /** Makes the writer thread end soon. */
    public void cancel() {
        if (round != null) {
            round.cancel();
        }
    }

    /** Frees what a round holds, once the writer thread has ended. */
    public void release() throws IOException {
        if (round != null) {
            round.release();
        }
    }

    private void scheduleCheck() {
        time.registerTimer(time.getCurrentProcessingTime() + context.options().checkInterval().toMillis(), timestamp -> {
            check();
            scheduleCheck();
        });
    }

    private void scheduleControl() {
        time.registerTimer(time.getCurrentProcessingTime() + Math.min(CONTROL_MS, context.options().checkInterval().toMillis()), timestamp -> {
            readControl();
            scheduleControl();
        });
    }

    /** Looks at what operators ask. */
    private void readControl() {
        if (controlRead || inputEnded) {
            return;
        }
        controlRead = true;
        background.execute(() -> {
            ArchiveControl.State read;
            try {
                read = control.read();
            } catch (IOException | RuntimeException e) {
                fromBackground(() -> {
                    controlRead = false;
                    LOG.warn("requests of operators in {} could not be read; trying again", context.options().archive(), e);
                }, "requests not read");
                return;
            }
            fromBackground(() -> {
                controlRead = false;
                take(read);
            }, "requests read");
        });
    }

    private void take(ArchiveControl.State read) throws Exception {
        if ((read.paused() == null) != (asked.paused() == null)) {
            LOG.info("archiving {}", read.paused() == null ? "goes on" : "is paused by " + read.paused().by() + ", request " + read.paused().request());
        }
        asked = read;
        context.metrics().archivingPaused(read.paused() != null);
        if (read.now() != null && !read.now().id().equals(servedRequest) && !read.now().id().isEmpty() && round == null) {
            servedRequest = read.now().id();
            ArchivePlan plan = planner.planAged(context.instruments().entries(), time.getCurrentProcessingTime());
            String request = read.now().request();
            try (MDC.MDCCloseable named = MDC.putCloseable(REQUEST_OF_LOG, request)) {
                LOG.info("request {} of {}: archiving what has aged of {} instruments", request, read.now().by(), plan.routeKeys().size());
            }
            begin(plan, request);
        }
    }

    /** @param request of the operator who asked for it; null for a round of its own */
    private void begin(ArchivePlan plan, @Nullable String request) throws IOException {
        if (!plan.isEmpty()) {
            plan.apply(context.instruments());
            beginRound(plan.routeKeys(), request == null ? nextRun() : request);
        }
    }

    private String nextRun() {
        return "archiving-" + context.identity().archiveEpoch() + "-" + context.identity().subtask() + "-" + ++rounds;
    }

    /** Looks at what was published, what may be dropped and what has aged. */
    private void check() throws Exception {
        EventStoreMetrics.Moment began = EventStoreMetrics.now();
        bytesSinceCheck = 0;
        readManifestIfNeeded();
        sweep(began);
    }

    /** Drops what may go, then plans a round; in several slices if that takes long. */
    private void sweep(EventStoreMetrics.Moment began) throws Exception {
        long nowMs = time.getCurrentProcessingTime();
        boolean complete = retention.run(nowMs, began.ns() + sliceNs);
        // Planning looks at all instruments: behind a sweep that had work to do it waits for the next slice.
        boolean mayPlan = complete && (planDue || !retention.hasDropped());
        planDue = complete && !mayPlan;
        if (mayPlan) {
            if (round == null && asked.paused() == null) {
                begin(planner.plan(context.instruments().entries(), nowMs, false), null);
            }
        } else if (!sweepScheduled) {
            sweepScheduled = true;
            time.registerTimer(nowMs + Math.max(1, TimeUnit.NANOSECONDS.toMillis(sliceNs)), timestamp -> {
                sweepScheduled = false;
                sweep(EventStoreMetrics.now());
            });
        }
        context.metrics().slice(began);
    }

    private void beginRound(List<String> routeKeys, String name) {
        run = name;
        try (MDC.MDCCloseable named = MDC.putCloseable(REQUEST_OF_LOG, run)) {
            LOG.info("archiving run {} begins: {} instruments", run, routeKeys.size());
        }
        round = new ArchiveRound(context, routeKeys);
        context.metrics().archiving(true);
        scheduleSlice(1);
    }

    private void scheduleSlice(long delayMs) {
        if (sliceScheduled || inputEnded) {
            return;
        }
        sliceScheduled = true;
        time.registerTimer(time.getCurrentProcessingTime() + delayMs, timestamp -> {
            sliceScheduled = false;
            runSlice();
        });
    }

    /** Goes on with the round for the time of a slice; then leaves the thread to events for as long, if there are any. */
    private void runSlice() throws Exception {
        if (round == null || inputEnded) {
            return;
        }
        EventStoreMetrics.Moment began = EventStoreMetrics.now();
        ArchiveRound.Progress progress = step(sliceNs);
        context.metrics().slice(began);
        long tookNs = System.nanoTime() - began.ns();
        boolean idle = eventsSinceSlice == 0;
        eventsSinceSlice = 0;
        switch (progress) {
            case COMPLETE -> { }
            case MORE -> {
                scheduleSlice(retryMs > 0 ? retryMs : idle ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(tookNs)));
                retryMs = 0;
            }
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

    /** Goes on with the round; if a file cannot be written, the round begins again, with other batches. */
    private ArchiveRound.Progress step(long budgetNs) throws Exception {
        try (MDC.MDCCloseable named = MDC.putCloseable(REQUEST_OF_LOG, run)) {
            ArchiveRound.Progress progress = round.step(budgetNs);
            if (progress == ArchiveRound.Progress.COMPLETE) {
                LOG.info("archiving run {} is complete", run);
                context.metrics().archiving(false);
                round = null;
                roundFailures = 0;
            }
            return progress;
        } catch (IOException e) {
            context.metrics().roundFailure();
            round.abort();
            if (++roundFailures >= MAX_ROUND_FAILURES) {
                throw new IOException("archiving failed " + roundFailures + " times in a row: " + e.getMessage(), e);
            }
            retryMs = FIRST_RETRY_MS << roundFailures - 1;
            LOG.warn("archiving run {} failed, attempt {} of {}; the files are written again in {} ms", run, roundFailures, MAX_ROUND_FAILURES, retryMs, e);
            round = round.again();
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
        context.metrics().handedOverBatches(waiting);
        if (waiting == 0 || manifestRead) {
            return;
        }
        manifestRead = true;
        background.execute(() -> {
            Set<String> published;
            try {
                published = publishedSinceLastRead();
            } catch (IOException | RuntimeException e) {
                fromBackground(() -> {
                    manifestRead = false;
                    LOG.warn("manifest of {} could not be read; trying again at the next check", context.options().archive(), e);
                }, "manifest not read");
                return;
            }
            fromBackground(() -> {
                manifestRead = false;
                forgetPublished(published);
            }, "manifest read");
        });
    }

    /** Ids of all published batches; none if the manifest is the one that was read last. */
    private Set<String> publishedSinceLastRead() throws IOException {
        if (manifest.isNewest(seenVersion)) {
            return Set.of();
        }
        ArchiveManifest latest = manifest.latest();
        seenVersion = latest.version();
        return latest.publishedBatches();
    }

    /** Ids of the batches that are handed over and not seen in the manifest. */
    private Set<String> handedOver() {
        return context.instruments().states().stream().flatMap(instrument -> instrument.boundary().handedOver().stream())
                .map(HotColdBoundary.Batch::batchId).collect(Collectors.toSet());
    }

    private void forgetPublished(Set<String> published) {
        unpublished.published(published);
        context.metrics().unpublished(unpublished.count());
        boolean any = false;
        for (Map.Entry<String, InstrumentState> entry : context.instruments().entries()) {
            if (entry.getValue().forgetPublished(published)) {
                context.instruments().change(entry.getKey());
                any = true;
            }
        }
        if (any) {
            context.instruments().publish();
        }
        context.metrics().handedOverBatches(handedOver().size());
    }
}
