package io.qaexchange.job.query.sql;

import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.arrow.ArrowBatch;
import io.qaexchange.job.query.arrow.OwnedVectorsReader;
import io.qaexchange.job.query.hot.HotFilter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.duckdb.DuckDBConnection;

/**
 * Hot rows of one table that DuckDB takes while they are read: they are read on a thread of this, and there is no copy of all of them. For a query that shows the table once, row by row.
 *
 * <p>The first rows are awaited before the query begins. Up to {@link #AWAITED} chunks of {@link RowSpool} an answer is whole before its first row is given, or fails before. A greater one
 * may fail behind rows that were given.
 *
 * <p>One thread begins and closes it; DuckDB reads it.
 */
final class HotRowStream implements AutoCloseable {

    static final int AWAITED = 4;
    /** The first batch is small: somebody waits for it. */
    private static final int FIRST_BATCH_ROWS = 1_024;
    private static final int BATCH_ROWS = 8_192;

    private final BufferAllocator allocator = new RootAllocator();
    private final RowSpool spool;
    private final Batches batches;
    private final ArrowArrayStream exported;
    private final Thread reading;
    @Nullable
    private volatile Throwable failure;
    private boolean whole;

    private HotRowStream(RowSource source, RecordType type, TableRead read, @Nullable Path folder) {
        this.spool = new RowSpool(folder);
        this.batches = new Batches(source.instruments(), new ArrowBatch(type, allocator, column -> HotTables.ALWAYS.contains(column) || read.hasColumn(column)));
        this.exported = ArrowArrayStream.allocateNew(allocator);
        this.reading = new Thread(() -> read(source, new HotFilter(Map.of(type, read.rows()))), "reads hot rows of " + type.table());
        reading.setDaemon(true);
    }

    /**
     * Begins to read.
     *
     * @param folder where rows wait whose client is slow; null for the system's folder for temporary files
     * @return null if there are no rows
     * @throws Exception if the first rows cannot be read
     */
    @Nullable
    static HotRowStream begin(RowSource source, RecordType type, TableRead read, @Nullable Path folder) throws Exception {
        HotRowStream stream = new HotRowStream(source, type, read, folder);
        boolean begun = false;
        try {
            stream.reading.start();
            stream.whole = stream.spool.await(AWAITED);
            Throwable failed = stream.failure;
            if (stream.whole && failed != null) {
                throw failed instanceof Exception e ? e : new IllegalStateException("hot rows of " + type.table() + " could not be read: " + failed, failed);
            }
            begun = stream.batches.fill();
            return begun ? stream : null;
        } finally {
            if (!begun) {
                stream.stop();
                stream.close();
            }
        }
    }

    private void read(RowSource source, HotFilter filter) {
        try {
            source.forEachHotRow(filter, (routeKey, stored) -> spool.add(stored.event().array()));
            spool.end();
        } catch (Throwable e) {
            if (!spool.isClosed()) {
                failure = e;
                spool.fail(e);
            }
        }
    }

    /** Makes the rows a view, whose columns have these types. */
    void register(DuckDBConnection connection, String name) throws SQLException {
        Data.exportArrayStream(allocator, batches, exported);
        connection.registerArrowStream(name, exported);
    }

    /**
     * The rows themselves, for whoever takes them instead of DuckDB.
     *
     * @param columns some of those that were asked for, or {@code date}
     * @param most rows, at most
     */
    ArrowReader rows(List<String> columns, long most) {
        return new ShownRows(allocator, batches, columns, most);
    }

    /** Memory of the rows. */
    BufferAllocator allocator() {
        return allocator;
    }

    /** The columns of the rows. */
    Schema schema() {
        return batches.batch.root().getSchema();
    }

    /** Whether all rows were there when it began. */
    boolean isWhole() {
        return whole;
    }

    /** Why the rows could not all be read; null if they could, so far. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Batches for DuckDB, each with memory of its own, since DuckDB reads one while the next is filled. */
    private final class Batches extends OwnedVectorsReader {
        private final Instruments instruments;
        private final ArrowBatch batch;
        private final StoredEvent stored = new StoredEvent();
        private byte[] chunk = new byte[0];
        private int at;
        /** Rows of the next batch, at most. */
        private int most = FIRST_BATCH_ROWS;
        /** The first batch is filled before anybody asks for it. */
        private boolean ready;

        Batches(Instruments instruments, ArrowBatch batch) {
            super(HotRowStream.this.allocator, batch.root());
            this.instruments = instruments;
            this.batch = batch;
        }

        /** @return false if there are no more rows */
        boolean fill() throws Exception {
            batch.renew(most);
            while (batch.rows() < most && (at < chunk.length || nextChunk())) {
                int length = ByteBuffer.wrap(chunk, at, Integer.BYTES).getInt();
                at += Integer.BYTES;
                stored.wrap(Arrays.copyOfRange(chunk, at, at + length));
                at += length;
                batch.add(stored, instruments.tradingDay(stored.event()));
            }
            batch.complete();
            most = BATCH_ROWS;
            ready = batch.rows() > 0;
            return ready;
        }

        private boolean nextChunk() throws Exception {
            chunk = spool.take();
            at = 0;
            if (chunk == null) {
                chunk = new byte[0];
            }
            return chunk.length > 0;
        }

        @Override
        public boolean loadNextBatch() throws IOException {
            if (!ready) {
                try {
                    fill();
                } catch (IOException | RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IOException(e.getMessage(), e);
                }
            }
            boolean more = ready;
            ready = false;
            return more;
        }
    }

    /** Ends the reading, and whatever waits for it; before DuckDB's connection is closed. */
    void stop() throws IOException {
        spool.close();
        try {
            reading.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** After DuckDB's connection. */
    @Override
    public void close() {
        exported.release();
        exported.close();
        batches.batch.close();
        allocator.close();
    }
}
