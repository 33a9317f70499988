package io.qaexchange.job.query.arrow;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** Hands over vectors that are filled already, as one batch. The vectors stay their owner's. */
public final class OneBatchReader extends ArrowReader {

    private final VectorSchemaRoot root;
    private boolean taken;

    /** A reader of these vectors. */
    public OneBatchReader(BufferAllocator allocator, VectorSchemaRoot root) {
        super(allocator);
        this.root = root;
    }

    @Override
    public VectorSchemaRoot getVectorSchemaRoot() {
        return root;
    }

    @Override
    public boolean loadNextBatch() {
        boolean first = !taken;
        taken = true;
        return first;
    }

    @Override
    public long bytesRead() {
        return 0;
    }

    @Override
    protected void closeReadSource() {
        // The vectors are not its own.
    }

    @Override
    protected Schema readSchema() {
        return root.getSchema();
    }
}
