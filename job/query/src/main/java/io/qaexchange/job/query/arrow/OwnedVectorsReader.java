package io.qaexchange.job.query.arrow;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** Hands over vectors that somebody fills. They stay their owner's. */
public abstract class OwnedVectorsReader extends ArrowReader {

    private final VectorSchemaRoot root;

    protected OwnedVectorsReader(BufferAllocator allocator, VectorSchemaRoot root) {
        super(allocator);
        this.root = root;
    }

    @Override
    public VectorSchemaRoot getVectorSchemaRoot() {
        return root;
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
