package io.qaexchange.job.table;

import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.typed.UnionPart;
import io.qaexchange.job.query.typed.UnionScan;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.util.FlinkRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the read of the job and hands out its parts, hot ones first. The read is open until the query ends,
 * so a part that a failed reader gives back has the same rows again.
 *
 * <p>After a restart of the query from its own checkpoint the parts are those of the checkpoint. If the pins of hot rows have gone with the process
 * that held them, reading them fails with that reason, and the query must be started anew: other pins would give other rows.
 *
 * <p>The enumerator's thread; {@link #plan} and {@link #renew} run in the one worker of Flink's.
 */
final class UnionEnumerator implements SplitEnumerator<UnionSplit, UnionPlan> {

    private static final Logger LOG = LoggerFactory.getLogger(UnionEnumerator.class);

    /** Often enough within the minute after which an unused pin ends. */
    private static final long RENEWAL_MS = 15_000;

    private final SplitEnumeratorContext<UnionSplit> context;
    private final UnionTableOptions options;
    private final RowRanges ranges;
    private final Deque<UnionSplit> left = new ArrayDeque<>();
    private final List<Integer> waiting = new ArrayList<>();
    private boolean isMade;
    /** Opened by a worker, closed by the enumerator's thread. */
    @Nullable
    private volatile LiveReader reader;
    @Nullable
    private volatile LiveRead read;
    private volatile boolean closed;

    UnionEnumerator(SplitEnumeratorContext<UnionSplit> context, UnionTableOptions options, RowRanges ranges, @Nullable UnionPlan plan) {
        this.context = context;
        this.options = options;
        this.ranges = ranges;
        if (plan != null) {
            isMade = plan.isMade();
            left.addAll(plan.left());
        }
    }

    @Override
    public void start() {
        if (!isMade) {
            context.callAsync(this::plan, this::planned);
            context.callAsync(this::renew, this::renewed, RENEWAL_MS, RENEWAL_MS);
        }
    }

    private List<UnionSplit> plan() throws IOException {
        RecordType type = EventSchema.get().findTable(options.table());
        reader = options.reader();
        read = reader.open(options.readLevel());
        if (closed) {
            release();
            throw new IOException("the query ended before it began to read");
        }
        ManifestStore archive = reader.archive();
        List<UnionSplit> splits = new ArrayList<>();
        List<UnionSplit> cold = new ArrayList<>();
        for (UnionScan.Range range : ranges.of(type)) {
            for (UnionPart part : new UnionScan(read, archive).parts(range)) {
                (part instanceof UnionPart.Hot ? splits : cold).add(new UnionSplit(splits.size() + cold.size(), part, read.instruments(), 0));
            }
        }
        LOG.info("table {}{} at level {}: hot rows of {} subtasks, {} files of archive manifest version {}", options.table(), ranges, read.level(),
                splits.size(), cold.size(), read.manifestVersion());
        splits.addAll(cold);
        return splits;
    }

    private boolean renew() throws IOException {
        if (read != null && !closed) {
            read.renew();
        }
        return true;
    }

    private void renewed(@Nullable Boolean done, @Nullable Throwable failure) {
        if (failure != null && !closed) {
            LOG.warn("the pins of table {} could not be renewed; a part that is read later may fail", options.table(), failure);
        }
    }

    private void planned(@Nullable List<UnionSplit> splits, @Nullable Throwable failure) {
        if (failure != null) {
            throw new FlinkRuntimeException("table " + options.table() + " of the job at " + options.flink() + " cannot be read at level " + options.level()
                    + ": " + failure.getMessage(), failure);
        }
        isMade = true;
        left.addAll(splits);
        waiting.forEach(this::assign);
        waiting.clear();
    }

    @Override
    public void handleSplitRequest(int subtask, @Nullable String host) {
        if (isMade) {
            assign(subtask);
        } else {
            waiting.add(subtask);
        }
    }

    private void assign(int subtask) {
        if (!context.registeredReaders().containsKey(subtask)) {
            return;
        }
        UnionSplit next = left.poll();
        if (next == null) {
            context.signalNoMoreSplits(subtask);
        } else {
            context.assignSplit(next, subtask);
        }
    }

    @Override
    public void addSplitsBack(List<UnionSplit> splits, int subtask) {
        splits.forEach(left::addFirst);
    }

    @Override
    public void addReader(int subtask) {
        // A reader asks for its first part itself.
    }

    @Override
    public UnionPlan snapshotState(long checkpointId) {
        return UnionPlan.of(isMade, List.copyOf(left));
    }

    @Override
    public void close() {
        closed = true;
        release();
    }

    private void release() {
        if (read != null) {
            read.close();
        }
        if (reader != null) {
            reader.close();
        }
    }
}
