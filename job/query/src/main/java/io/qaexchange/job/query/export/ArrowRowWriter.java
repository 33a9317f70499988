package io.qaexchange.job.query.export;

import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.query.arrow.ArrowBatch;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileWriter;

/** An Arrow IPC file (Feather 2) of batches of {@value #BATCH_ROWS} rows, with the archive's columns. */
public final class ArrowRowWriter implements RowWriter {

    static final int BATCH_ROWS = 65_536;

    private final BufferAllocator allocator;
    private final ArrowBatch batch;
    private final ArrowFileWriter writer;

    private ArrowRowWriter(BufferAllocator allocator, ArrowBatch batch, ArrowFileWriter writer) {
        this.allocator = allocator;
        this.batch = batch;
        this.writer = writer;
    }

    /** A writer to that stream. */
    public static ArrowRowWriter open(RecordType type, OutputStream out) throws IOException {
        BufferAllocator allocator = new RootAllocator();
        ArrowBatch batch = new ArrowBatch(type, allocator);
        ArrowFileWriter writer = new ArrowFileWriter(batch.root(), new DictionaryProvider.MapDictionaryProvider(),
                Channels.newChannel(new Unclosed(out)));
        writer.start();
        return new ArrowRowWriter(allocator, batch, writer);
    }

    @Override
    public void write(StoredEvent event, int tradingDay) throws IOException {
        batch.add(event, tradingDay);
        if (batch.rows() == BATCH_ROWS) {
            writeBatch();
        }
    }

    private void writeBatch() throws IOException {
        batch.complete();
        writer.writeBatch();
        batch.clear();
    }

    @Override
    public void finish() throws IOException {
        if (batch.rows() > 0) {
            writeBatch();
        }
        writer.end();
    }

    @Override
    public void close() {
        writer.close();
        batch.close();
        allocator.close();
    }
}
