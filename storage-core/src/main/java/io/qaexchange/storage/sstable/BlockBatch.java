package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Blocks that are compressed together, by whoever comes first: a helper ({@link #run}) or the writer that needs them ({@link #finish}).
 *
 * <p>Threads: the writer fills it, then hands it over; helpers only {@link #run} it. One that comes too late finds it taken, or used again for later blocks:
 * those it may compress as well.
 */
final class BlockBatch implements Runnable {
    static final int BLOCKS = 8;

    private static final int FILLING = 0;
    private static final int READY = 1;
    private static final int TAKEN = 2;
    private static final int DONE = 3;

    private final BlockCompression compression;
    private final FinishedBlock[] blocks = new FinishedBlock[BLOCKS];
    private final AtomicInteger state = new AtomicInteger(FILLING);
    private int count;
    /** The helper's failure; written before DONE. */
    private Throwable failure;

    BlockBatch(BlockCompression compression) {
        this.compression = compression;
    }

    FinishedBlock next() {
        if (blocks[count] == null) {
            blocks[count] = new FinishedBlock();
        }
        FinishedBlock block = blocks[count++];
        block.payload.clear();
        block.separator = null;
        block.handle = null;
        return block;
    }

    boolean isFull() {
        return count == BLOCKS;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    FinishedBlock block(int i) {
        return blocks[i];
    }

    /** No more blocks come in: from now on helpers may take it. */
    void ready() {
        state.set(READY);
    }

    /** A helper's turn. */
    @Override
    public void run() {
        if (!state.compareAndSet(READY, TAKEN)) {
            return;
        }
        try {
            compress();
        } catch (Throwable e) {
            // The writer throws it.
            failure = e;
        } finally {
            synchronized (this) {
                state.set(DONE);
                notifyAll();
            }
        }
    }

    boolean isDone() {
        return state.get() == DONE;
    }

    /** Returns when all blocks are compressed; the writer's. */
    void finish() {
        if (state.compareAndSet(FILLING, TAKEN) || state.compareAndSet(READY, TAKEN)) {
            compress();
            state.set(DONE);
            return;
        }
        boolean interrupted = false;
        synchronized (this) {
            while (state.get() != DONE) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    // A helper is at it and ends soon.
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw new IllegalStateException("a block could not be compressed", failure);
        }
    }

    private void compress() {
        BlockCodec codec = BlockCodec.borrow();
        try {
            for (int i = 0; i < count; i++) {
                codec.compress(compression, blocks[i]);
            }
        } finally {
            codec.giveBack();
        }
    }

    /** For other blocks. */
    void clear() {
        count = 0;
        state.set(FILLING);
    }
}
