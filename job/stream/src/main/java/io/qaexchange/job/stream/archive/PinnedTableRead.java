package io.qaexchange.job.stream.archive;

import io.qaexchange.events.RecordType;
import io.qaexchange.state.StateReadSession;
import io.qaexchange.state.StoredBlock;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.annotation.Nullable;

/**
 * Reads rows on the writer thread, from a pinned state. The task thread only tells which instruments have some.
 *
 * <p>The writer thread reads one table without a break; before each chunk it looks whether the round was cancelled.
 */
final class PinnedTableRead implements TableRead {

    private static final int SOURCES_BETWEEN_CLOCK_READS = 256;
    private static final int CHUNK_ROWS = 512;
    private static final int BLOCK_BYTES = 1 << 18;

    private final Executor writer;
    private final StateReadSession<String> session;
    private final RecordType table;
    private final TableFiles files;
    private final Sources sources;
    private final AtomicBoolean cancelled;
    private final List<Source> found = new ArrayList<>();

    /** @param cancelled tells the writer thread to stop */
    PinnedTableRead(Executor writer, StateReadSession<String> session, RecordType table, TableFiles files, Sources sources, AtomicBoolean cancelled) {
        this.writer = writer;
        this.session = session;
        this.table = table;
        this.files = files;
        this.sources = sources;
        this.cancelled = cancelled;
    }

    @Override
    @Nullable
    public CompletableFuture<List<TableFiles.WrittenFile>> step(long deadlineNs) {
        do {
            for (int i = 0; i < SOURCES_BETWEEN_CLOCK_READS; i++) {
                Source next = sources.next();
                if (next == null) {
                    return CompletableFuture.supplyAsync(() -> WriterTasks.unchecked(this::write), writer);
                }
                found.add(next);
            }
        } while (System.nanoTime() < deadlineNs);
        return null;
    }

    @Override
    @Nullable
    public CompletableFuture<?> awaited() {
        return null;
    }

    /** On the writer thread. */
    private List<TableFiles.WrittenFile> write() throws Exception {
        StoredBlock block = new StoredBlock(BLOCK_BYTES);
        List<byte[]> chunk = new ArrayList<>(CHUNK_ROWS);
        for (Source source : found) {
            try (RowMerge rows = RowMerge.open(new PinnedRows(session, block, source.routeKey()), table.code(), source.range())) {
                for (byte[] value = rows.next(); value != null; value = rows.next()) {
                    chunk.add(value);
                    if (chunk.size() == CHUNK_ROWS) {
                        write(source, chunk);
                    }
                }
                write(source, chunk);
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }
        return files.finish();
    }

    private void write(Source source, List<byte[]> chunk) throws IOException {
        if (cancelled.get()) {
            throw new InterruptedIOException("archiving of table " + table.table() + " was cancelled");
        }
        if (!chunk.isEmpty()) {
            files.write(source.routeKey(), source.range(), chunk);
            chunk.clear();
        }
    }

    @Override
    public void close() {
        // The session is the round's.
    }
}
