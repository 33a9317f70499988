package io.qaexchange.job.query.arrow;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Hands over vectors that are filled already, as one batch. */
public final class OneBatchReader extends OwnedVectorsReader {

    private boolean taken;

    /** A reader of these vectors. */
    public OneBatchReader(BufferAllocator allocator, VectorSchemaRoot root) {
        super(allocator, root);
    }

    @Override
    public boolean loadNextBatch() {
        boolean first = !taken;
        taken = true;
        return first;
    }
}
