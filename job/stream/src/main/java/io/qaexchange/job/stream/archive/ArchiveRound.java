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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Archives what is cut: table by table, for each trading day one file, the instruments in order of their route keys.
 *
 * <p>The task thread reads rows in short steps, because keyed state allows no other thread. A writer thread encodes them as Parquet. When
 * the files of a table are finished they are handed over in one step of the task thread: the instruments note the batches and the files are
 * emitted, so that both are in the same checkpoints. Until then nothing of a file is in a checkpoint; after a failure it is written again,
 * with the same rows, as another batch.
 *
 * <p>One thread, the task thread.
 */
public final class ArchiveRound {

    private static final Logger LOG = LoggerFactory.getLogger(ArchiveRound.class);
    private static final int ROWS_BETWEEN_CLOCK_READS = 32;
    private static final int CHUNK_ROWS = 512;
    /** Chunks that wait for the writer thread; more would only take memory. */
    private static final int MAX_CHUNKS_WAITING = 16;

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
     * @param writer the writer thread
     * @param output takes finished files
     */
    public record Context(KeyedStateBackend<String> backend, EventStoreState state, InstrumentIndex instruments, EventStoreOptions options,
            Path folder, FileIdentity identity, EventStoreMetrics metrics, Executor writer, Consumer<FinishedFile> output) {
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
    private final List<String> routeKeys;
    private final Iterator<RecordType> tables = EventSchema.get().recordTypes().iterator();
    private final Deque<CompletableFuture<Void>> writing = new ArrayDeque<>();

    private RecordType table;
    private TableFiles files;
    private CompletableFuture<List<TableFiles.WrittenFile>> finishing;
    private int nextInstrument;
    private String routeKey;
    private HotColdBoundary.Range range;
    private RowMerge rows;
    private List<byte[]> chunk = new ArrayList<>(CHUNK_ROWS);

    /** A round over these instruments; each has an open range. */
    public ArchiveRound(Context context, List<String> routeKeys) {
        this.context = context;
        this.routeKeys = routeKeys.stream().map(Sortable::new).sorted().map(Sortable::routeKey).toList();
        nextTable();
    }

    /**
     * Goes on for about this long.
     *
     * @throws IOException if a file could not be written; the round is then to be {@link #abort aborted}
     */
    public Progress step(long budgetNs) throws Exception {
        long deadlineNs = System.nanoTime() + budgetNs;
        do {
            checkWriting();
            if (finishing != null) {
                if (!finishing.isDone()) {
                    return Progress.WAITING;
                }
                handOver(result(finishing));
                if (!tables.hasNext()) {
                    closeRanges();
                    return Progress.COMPLETE;
                }
                nextTable();
            } else if (writing.size() >= MAX_CHUNKS_WAITING) {
                return Progress.WAITING;
            } else if (rows == null && !openNextInstrument()) {
                finishing = CompletableFuture.supplyAsync(() -> unchecked(files::finish), context.writer());
            } else if (rows != null && !readSomeRows()) {
                rows.close();
                rows = null;
                sendChunk();
            }
        } while (System.nanoTime() < deadlineNs);
        return Progress.MORE;
    }

    /** Done when a step that ended with {@link Progress#WAITING} can be followed by another. */
    public CompletableFuture<?> whenReady() {
        return finishing != null ? finishing : writing.peek();
    }

    /** Ends the round after a failure; its unfinished files are removed by the writer thread. */
    public void abort() throws IOException {
        if (rows != null) {
            rows.close();
            rows = null;
        }
        TableFiles unfinished = files;
        context.writer().execute(() -> unchecked(() -> {
            unfinished.close();
            return null;
        }));
    }

    /** Frees what the round holds, once the writer thread has ended. */
    public void release() throws IOException {
        if (rows != null) {
            rows.close();
            rows = null;
        }
        files.close();
    }

    private void nextTable() {
        table = tables.next();
        files = new TableFiles(table, context.options(), context.folder(), context.identity());
        finishing = null;
        nextInstrument = 0;
    }

    private boolean openNextInstrument() throws Exception {
        while (nextInstrument < routeKeys.size()) {
            routeKey = routeKeys.get(nextInstrument++);
            InstrumentState instrument = context.instruments().get(routeKey);
            range = instrument.boundary().open();
            if (range != null && !range.isHandedOver(table.code()) && instrument.mayHaveRowsIn(table.code(), range)) {
                context.backend().setCurrentKey(routeKey);
                rows = RowMerge.open(context.state(), table.code(), range);
                return true;
            }
        }
        return false;
    }

    private boolean readSomeRows() {
        for (int i = 0; i < ROWS_BETWEEN_CLOCK_READS; i++) {
            byte[] value = rows.next();
            if (value == null) {
                return false;
            }
            chunk.add(value);
        }
        if (chunk.size() >= CHUNK_ROWS) {
            sendChunk();
        }
        return true;
    }

    private void sendChunk() {
        if (chunk.isEmpty()) {
            return;
        }
        List<byte[]> sent = chunk;
        String of = routeKey;
        HotColdBoundary.Range within = range;
        TableFiles to = files;
        writing.add(CompletableFuture.runAsync(() -> unchecked(() -> {
            to.write(of, within, sent);
            return null;
        }), context.writer()));
        chunk = new ArrayList<>(CHUNK_ROWS);
    }

    /** Forgets chunks that are written; fails if one could not be. */
    private void checkWriting() throws IOException {
        while (!writing.isEmpty() && writing.peek().isDone()) {
            result(writing.poll());
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
                        file.tradingDay(), taken.fromNs(), taken.toNs(), taken.lateFrom(), taken.lateTo()), source.rows);
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

    private interface FileWork<T> {
        T run() throws IOException;
    }

    private static <T> T unchecked(FileWork<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static <T> T result(CompletableFuture<T> done) throws IOException {
        try {
            return done.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UncheckedIOException io) {
                throw io.getCause();
            }
            throw e;
        }
    }
}
