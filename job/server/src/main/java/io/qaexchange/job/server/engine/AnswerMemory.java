package io.qaexchange.job.server.engine;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory for batches of answers. A batch that is being sent may stay there after its answer is closed, so answers have none of their own.
 *
 * <p>Thread-safe.
 */
final class AnswerMemory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AnswerMemory.class);

    private final BufferAllocator allocator = new RootAllocator();

    BufferAllocator allocator() {
        return allocator;
    }

    @Override
    public void close() {
        long used = allocator.getAllocatedMemory();
        if (used == 0) {
            allocator.close();
        } else {
            LOG.warn("{} bytes of answers are still being sent; their memory goes with the process", used);
        }
    }
}
