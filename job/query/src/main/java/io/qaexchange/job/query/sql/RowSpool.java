package io.qaexchange.job.query.sql;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;

/**
 * Stored rows between the thread that reads them and the one that takes them, in chunks, first in first out.
 *
 * <p>The reader waits while {@link #MOST_IN_MEMORY} chunks wait to be taken. If none is taken for {@link #PATIENCE_MS}, the taker's client is slow: from then on chunks go to a temporary
 * file and the reader waits no more, since what it reads is pinned in the job.
 *
 * <p>One thread that adds, one that takes; {@link #close} from any.
 */
final class RowSpool implements AutoCloseable {

    /** Bytes of a chunk, at least; a row belongs to one chunk. */
    static final int CHUNK_BYTES = 1 << 18;
    static final int MOST_IN_MEMORY = 32;
    private static final long PATIENCE_MS = 5_000;
    private static final int HEAD = Integer.BYTES;

    @Nullable
    private final Path folder;
    private final long patienceNs;
    /** Guarded by this, like the rest but for what the adder alone has. */
    private final Deque<Chunk> waiting = new ArrayDeque<>();
    private int inMemory;
    private long takenNs = System.nanoTime();
    /** Null as long as all chunks are in memory. */
    @Nullable
    private FileChannel file;
    private long fileBytes;
    private boolean ended;
    @Nullable
    private Throwable failure;
    private boolean closed;

    /** The adder's own: the chunk that is being filled. */
    private byte[] filling = new byte[CHUNK_BYTES + (CHUNK_BYTES >> 2)];
    private int filled;

    /** Rows one after the other, each behind its length; or where they are in the file. */
    private record Chunk(@Nullable byte[] rows, long at, int length) {
    }

    /** The spool was closed, so nobody wants the rows. */
    static final class ClosedException extends IOException {
        private static final long serialVersionUID = 1L;

        ClosedException() {
            super("nobody takes these rows any more");
        }
    }

    /** @param folder where the temporary file goes; null for the system's folder */
    RowSpool(@Nullable Path folder) {
        this(folder, PATIENCE_MS);
    }

    RowSpool(@Nullable Path folder, long patienceMs) {
        this.folder = folder;
        this.patienceNs = TimeUnit.MILLISECONDS.toNanos(patienceMs);
    }

    /**
     * Adds a row, whose bytes are copied.
     *
     * @throws ClosedException if nobody takes it
     */
    void add(byte[] row) throws IOException {
        if (filling.length - filled < HEAD + row.length) {
            filling = Arrays.copyOf(filling, filled + HEAD + row.length);
        }
        ByteBuffer.wrap(filling, filled, HEAD).putInt(row.length);
        System.arraycopy(row, 0, filling, filled + HEAD, row.length);
        filled += HEAD + row.length;
        if (filled >= CHUNK_BYTES) {
            put();
        }
    }

    private void put() throws IOException {
        byte[] rows = Arrays.copyOf(filling, filled);
        filled = 0;
        synchronized (this) {
            while (!closed && file == null && inMemory == MOST_IN_MEMORY) {
                long leftNs = takenNs + patienceNs - System.nanoTime();
                if (leftNs <= 0) {
                    openFile();
                } else {
                    pause(leftNs);
                }
            }
            if (closed) {
                throw new ClosedException();
            }
            if (file == null) {
                waiting.add(new Chunk(rows, 0, rows.length));
                inMemory++;
            } else {
                write(rows);
                waiting.add(new Chunk(null, fileBytes, rows.length));
                fileBytes += rows.length;
            }
            notifyAll();
        }
    }

    private void openFile() throws IOException {
        Path path = folder == null ? Files.createTempFile("hot-rows", ".spool") : Files.createTempFile(folder, "hot-rows", ".spool");
        file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    private void write(byte[] rows) throws IOException {
        ByteBuffer from = ByteBuffer.wrap(rows);
        while (from.hasRemaining()) {
            file.write(from, fileBytes + from.position());
        }
    }

    /** No rows follow. */
    void end() throws IOException {
        if (filled > 0) {
            put();
        }
        synchronized (this) {
            ended = true;
            notifyAll();
        }
    }

    /** No rows follow, since they cannot be read: whoever takes the rows before gets this failure behind them. */
    synchronized void fail(Throwable because) {
        failure = because;
        ended = true;
        notifyAll();
    }

    /**
     * Waits until some chunks can be taken, or all that there will ever be.
     *
     * @return whether no more chunks follow those that wait
     */
    synchronized boolean await(int chunks) throws IOException {
        while (!closed && !ended && waiting.size() < chunks) {
            pause(0);
        }
        return ended;
    }

    /**
     * Takes the oldest chunk: rows one after the other, each behind its length, four bytes big-endian.
     *
     * @return null after the last one
     * @throws Exception why there are no more rows, if they could not all be read
     */
    @Nullable
    synchronized byte[] take() throws Exception {
        while (!closed && !ended && waiting.isEmpty()) {
            pause(0);
        }
        if (closed) {
            throw new ClosedException();
        }
        takenNs = System.nanoTime();
        Chunk chunk = waiting.poll();
        if (chunk == null) {
            if (failure instanceof Exception e) {
                throw e;
            }
            if (failure != null) {
                throw new IllegalStateException("hot rows could not be read: " + failure, failure);
            }
            return null;
        }
        if (chunk.rows() == null) {
            return read(chunk);
        }
        inMemory--;
        notifyAll();
        return chunk.rows();
    }

    private byte[] read(Chunk chunk) throws IOException {
        ByteBuffer rows = ByteBuffer.allocate(chunk.length());
        while (rows.hasRemaining()) {
            if (file.read(rows, chunk.at() + rows.position()) < 0) {
                throw new IOException("the temporary file of hot rows ends at " + (chunk.at() + rows.position()) + " of " + fileBytes + " bytes");
            }
        }
        return rows.array();
    }

    /** @param ns most time; 0 for any */
    private void pause(long ns) throws IOException {
        try {
            if (ns == 0) {
                wait();
            } else {
                TimeUnit.NANOSECONDS.timedWait(this, ns);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while hot rows were waited for", e);
        }
    }

    /** Whether nobody takes rows any more. */
    synchronized boolean isClosed() {
        return closed;
    }

    /** Whether rows have gone to a file. */
    synchronized boolean isOnDisk() {
        return file != null;
    }

    /** Nobody takes rows any more; what waits is forgotten. */
    @Override
    public synchronized void close() throws IOException {
        closed = true;
        waiting.clear();
        notifyAll();
        if (file != null) {
            file.close();
        }
    }
}
