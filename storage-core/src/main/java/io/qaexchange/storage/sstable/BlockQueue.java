package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/**
 * Finished data blocks on their way into a file. Without helpers each is compressed and written at once. With helpers, blocks are handed over in batches,
 * and the writer goes on with the next ones meanwhile; they are written in their order, by the writer. A batch that no helper has begun when its turn comes
 * is compressed by the writer, so nobody waits for a helper that never comes.
 *
 * <p>The file is the same in either case.
 *
 * <p>One thread, but for the helpers.
 */
final class BlockQueue {
    /** Batches that wait, at most; a batch is 64 KiB of blocks of the usual size. */
    private static final int MOST_WAITING = 4;

    /** Where blocks go. */
    @FunctionalInterface
    interface Output {
        void write(FinishedBlock block) throws IOException;
    }

    private final BlockCompression compression;
    /** Null: none. */
    private final Executor helpers;
    private final Output output;
    private final Deque<BlockBatch> waiting = new ArrayDeque<>();
    private final Deque<BlockBatch> idle = new ArrayDeque<>();
    private BlockBatch filling;
    private FinishedBlock last;
    private long waitingBytes;
    private long writtenBefore;
    private long writtenAfter;

    BlockQueue(BlockCompression compression, Executor helpers, Output output) {
        this.compression = compression;
        this.helpers = compression == BlockCompression.NONE ? null : helpers;
        this.output = output;
        filling = new BlockBatch(compression);
    }

    /** The next block, to be filled; then {@link #add}. */
    FinishedBlock next() {
        last = filling.next();
        return last;
    }

    /** The block that {@link #next} gave is filled. Older ones may be written. */
    void add() throws IOException {
        waitingBytes += last.payload.size();
        if (helpers == null) {
            writeFilling();
        } else if (filling.isFull()) {
            BlockBatch full = filling;
            waiting.add(full);
            filling = idle.isEmpty() ? new BlockBatch(compression) : idle.poll();
            full.ready();
            helpers.execute(full);
            // The separator of a batch's last block is known once the next batch has begun.
            while (waiting.size() > 1 && (waiting.size() > MOST_WAITING || waiting.peek().isDone())) {
                writeOldest();
            }
        }
    }

    /** Writes all that wait. */
    void drain() throws IOException {
        while (!waiting.isEmpty()) {
            writeOldest();
        }
        writeFilling();
    }

    private void writeOldest() throws IOException {
        BlockBatch oldest = waiting.poll();
        oldest.finish();
        write(oldest);
        idle.add(oldest);
    }

    private void writeFilling() throws IOException {
        if (!filling.isEmpty()) {
            filling.finish();
            write(filling);
        }
    }

    private void write(BlockBatch batch) throws IOException {
        for (int i = 0; i < batch.count(); i++) {
            FinishedBlock block = batch.block(i);
            waitingBytes -= block.payload.size();
            writtenBefore += block.payload.size();
            writtenAfter += block.storedSize();
            output.write(block);
        }
        batch.clear();
    }

    /** About how many bytes the waiting blocks will take in the file. */
    long estimatedBytes() {
        return writtenBefore == 0 ? waitingBytes : (long) ((double) waitingBytes * writtenAfter / writtenBefore);
    }
}
