package io.qaexchange.job.stream.archive;

import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.HotColdBoundary;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.stream.hot.EventStoreMetrics;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.job.stream.hot.InstrumentIndex;
import io.qaexchange.state.StateReadSession;
import io.qaexchange.state.StateReads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Archives what is cut: table by table, for each trading day one file, the instruments in order of their route keys.
 *
 * <p>On our own state backend a writer thread reads rows from a pinned state and encodes them as Parquet. Elsewhere keyed state allows no thread
 * but the task's, which reads them in short steps and passes them to the writer thread.
 *
 * <p>When the files of a table are finished they are handed over in one step of the task thread: the instruments note the batches and the files
 * are emitted, so that both are in the same checkpoints. Until then nothing of a file is in a checkpoint; after a failure it is written again,
 * with the same rows, as another batch.
 *
 * <p>One thread, the task thread, but for {@link #cancel}.
 */
public final class ArchiveRound {

    private static final Logger LOG = LoggerFactory.getLogger(ArchiveRound.class);

    /** How a step ended. */
    public enum Progress {
        /** Its time was over. */
        MORE,
        /** The writer thread has to go on first, see {@link #whenReady}. */
        WAITING,
        /** Everything is handed over. */
        COMPLETE
    }

    /**
     * Things that rounds of one operator share.
     *
     * @param folder for files that are being written
     * @param identity the writer of the files, for footers
     * @param reads reads the state on other threads; null if the backend does not allow it
     * @param writer the writer thread
     * @param output takes finished files
     */
    public record Context(KeyedStateBackend<String> backend, EventStoreState state, @Nullable StateReads<String> reads, InstrumentIndex instruments,
            EventStoreOptions options, Path folder, FileIdentity identity, EventStoreMetrics metrics, Executor writer, Consumer<FinishedFile> output) {
    }

    /** Order of instruments as UTF-8 bytes; accounts, whose rows have no instrument, come after all instruments. */
    private record Sortable(String routeKey, byte[] utf8) implements Comparable<Sortable> {

        Sortable(String routeKey) {
            this(routeKey, routeKey.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public int compareTo(Sortable other) {
            boolean account = utf8[0] == '@';
            boolean otherAccount = other.utf8[0] == '@';
            return account != otherAccount ? Boolean.compare(account, otherAccount) : Arrays.compareUnsigned(utf8, other.utf8);
        }
    }

    private final Context context;
    /** In the order of the files, once it has begun. */
    private List<String> routeKeys;
    private final Iterator<RecordType> tables = EventSchema.get().recordTypes().iterator();
    /** The state as it was when the round began; null if only the task thread can read it. */
    @Nullable
    private StateReadSession<String> pinned;
    private final AtomicBoolean cancelled = new AtomicBoolean();

    private RecordType table;
    private TableFiles files;
    private TableRead read;
    private CompletableFuture<List<TableFiles.WrittenFile>> finishing;

    /** A round over these instruments; each has an open range. It begins with the first step. */
    public ArchiveRound(Context context, List<String> routeKeys) {
        this.context = context;
        this.routeKeys = routeKeys;
    }

    /** The same round once more, after it was aborted. */
    public ArchiveRound again() {
        return new ArchiveRound(context, routeKeys);
    }

    private void begin() throws IOException {
        routeKeys = routeKeys.stream().map(Sortable::new).sorted().map(Sortable::routeKey).toList();
        // Nothing comes into an open range any more: the state as it is now has all rows of the round.
        pinned = context.reads() == null ? null : context.reads().open();
        nextTable();
    }

    /**
     * Goes on for about this long.
     *
     * @throws IOException if a file could not be written; the round is then to be {@link #abort aborted}
     */
    public Progress step(long budgetNs) throws Exception {
        long deadlineNs = System.nanoTime() + budgetNs;
        if (read == null) {
            begin();
            return Progress.MORE;
        }
        do {
            if (finishing == null) {
                finishing = read.step(deadlineNs);
                if (finishing == null) {
                    return read.awaited() == null ? Progress.MORE : Progress.WAITING;
                }
            }
            if (!finishing.isDone()) {
                return Progress.WAITING;
            }
            handOver(WriterTasks.result(finishing));
            if (!tables.hasNext()) {
                closeRanges();
                read.close();
                closePinned();
                return Progress.COMPLETE;
            }
            nextTable();
        } while (System.nanoTime() < deadlineNs);
        return Progress.MORE;
    }

    /** Done when a step that ended with {@link Progress#WAITING} can be followed by another. */
    public CompletableFuture<?> whenReady() {
        return finishing != null ? finishing : read.awaited();
    }

    /** Ends the round after a failure; its unfinished files are removed by the writer thread. */
    public void abort() throws IOException {
        cancel();
        if (read == null) {
            closePinned();
            return;
        }
        read.close();
        TableFiles unfinished = files;
        context.writer().execute(() -> WriterTasks.unchecked(() -> {
            closePinned();
            unfinished.close();
            return null;
        }));
    }

    /** Makes the writer thread end soon; what it was reading is not handed over. Any thread. */
    public void cancel() {
        cancelled.set(true);
    }

    /** Frees what the round holds, once the writer thread has ended. */
    public void release() throws IOException {
        closePinned();
        if (read != null) {
            read.close();
            files.close();
        }
    }

    private void closePinned() {
        if (pinned != null) {
            pinned.close();
        }
    }

    private void nextTable() throws IOException {
        if (read != null) {
            read.close();
        }
        table = tables.next();
        files = new TableFiles(table, context.options(), context.folder(), context.identity());
        finishing = null;
        read = pinned == null ? new KeyedTableRead(context, table, files, new OpenRanges())
                : new PinnedTableRead(context.writer(), pinned, table, files, new OpenRanges(), cancelled);
    }

    /** The instruments of the round that may have rows of the table. */
    private final class OpenRanges implements TableRead.Sources {
        private int next;

        @Override
        public TableRead.Source next() {
            while (next < routeKeys.size()) {
                String routeKey = routeKeys.get(next++);
                InstrumentState instrument = context.instruments().get(routeKey);
                HotColdBoundary.Range range = instrument.boundary().open();
                if (range != null && !range.isHandedOver(table.code()) && instrument.mayHaveRowsIn(table.code(), range)) {
                    return new TableRead.Source(routeKey, range);
                }
            }
            return null;
        }
    }

    /**
     * Notes and emits the finished files of the table, in one step. Instruments without rows of the table in their range need no note:
     * there will be none either if the round is begun again, as nothing comes into an open range.
     */
    private void handOver(List<TableFiles.WrittenFile> written) {
        if (written.isEmpty()) {
            return;
        }
        for (TableFiles.WrittenFile file : written) {
            for (TableFiles.Source source : file.sources()) {
                HotColdBoundary.Range taken = source.range;
                context.instruments().change(source.routeKey).handOver(new HotColdBoundary.Batch(file.file().batchId(), table.code(),
                        file.tradingDay(), taken.fromNs(), taken.toNs(), taken.lateFrom(), taken.lateTo()), source.rows,
                        file.file().lengthBytes() * source.rows / file.rows());
            }
            context.metrics().handedOver(file.rows(), file.rawBytes());
        }
        context.instruments().publish(written.get(written.size() - 1).ordinal());
        written.forEach(file -> context.output().accept(file.file()));
        LOG.info("{}: {} files with {} rows are handed over, batches {}", table.table(), written.size(),
                written.stream().mapToLong(TableFiles.WrittenFile::rows).sum(), written.stream().map(file -> file.file().batchId()).toList());
    }

    private void closeRanges() {
        for (String participant : routeKeys) {
            context.instruments().change(participant).closeRange();
        }
        context.instruments().publish();
    }
}
