package io.qaexchange.job.stream.archive;

import io.qaexchange.events.RecordType;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.annotation.Nullable;

/** Reads rows on the task thread, in short steps, because keyed state allows no other thread; the writer thread takes them in chunks. */
final class KeyedTableRead implements TableRead {

    private static final int ROWS_BETWEEN_CLOCK_READS = 32;
    private static final int CHUNK_ROWS = 512;
    /** Chunks that wait for the writer thread; more would only take memory. */
    private static final int MAX_CHUNKS_WAITING = 16;

    private final ArchiveRound.Context context;
    private final RecordType table;
    private final TableFiles files;
    private final Sources sources;
    private final Deque<CompletableFuture<Void>> writing = new ArrayDeque<>();

    private Source source;
    private RowMerge rows;
    private List<byte[]> chunk = new ArrayList<>(CHUNK_ROWS);

    KeyedTableRead(ArchiveRound.Context context, RecordType table, TableFiles files, Sources sources) {
        this.context = context;
        this.table = table;
        this.files = files;
        this.sources = sources;
    }

    @Override
    @Nullable
    public CompletableFuture<List<TableFiles.WrittenFile>> step(long deadlineNs) throws Exception {
        do {
            checkWriting();
            if (writing.size() >= MAX_CHUNKS_WAITING) {
                return null;
            }
            if (rows == null && !openNextSource()) {
                return CompletableFuture.supplyAsync(() -> WriterTasks.unchecked(files::finish), context.writer());
            }
            if (!readSomeRows()) {
                close();
                sendChunk();
            }
        } while (System.nanoTime() < deadlineNs);
        return null;
    }

    @Override
    @Nullable
    public CompletableFuture<?> awaited() {
        return writing.size() >= MAX_CHUNKS_WAITING ? writing.peek() : null;
    }

    private boolean openNextSource() throws Exception {
        source = sources.next();
        if (source == null) {
            return false;
        }
        context.backend().setCurrentKey(source.routeKey());
        rows = RowMerge.open(new KeyedRows(context.state()), table.code(), source.range());
        return true;
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
        Source of = source;
        writing.add(CompletableFuture.runAsync(() -> WriterTasks.unchecked(() -> {
            files.write(of.routeKey(), of.range(), sent);
            return null;
        }), context.writer()));
        chunk = new ArrayList<>(CHUNK_ROWS);
    }

    /** Forgets chunks that are written; fails if one could not be. */
    private void checkWriting() throws IOException {
        while (!writing.isEmpty() && writing.peek().isDone()) {
            WriterTasks.result(writing.poll());
        }
    }

    @Override
    public void close() throws IOException {
        if (rows != null) {
            rows.close();
            rows = null;
        }
    }
}
