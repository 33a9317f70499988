package io.qaexchange.job.query.sql;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBResultSet;

/** Writes the rows of a query as an Arrow IPC file, in the batches that DuckDB hands over. Stateless. */
public final class ArrowResult {

    private static final long BATCH_ROWS = 65_536;

    private ArrowResult() {
    }

    /** Writes all rows; the stream is closed at the end. */
    public static void write(ResultSet rows, OutputStream out) throws SQLException, IOException {
        try (BufferAllocator allocator = new RootAllocator();
                ArrowReader batches = (ArrowReader) rows.unwrap(DuckDBResultSet.class).arrowExportStream(allocator, BATCH_ROWS);
                ArrowFileWriter writer = new ArrowFileWriter(batches.getVectorSchemaRoot(), batches, Channels.newChannel(out))) {
            writer.start();
            while (batches.loadNextBatch()) {
                writer.writeBatch();
            }
            writer.end();
        }
    }
}
