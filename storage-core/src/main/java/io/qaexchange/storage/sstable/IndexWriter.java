package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes the index while data blocks go by. A full index block is written at once, between data blocks, and becomes an entry of the
 * level above; so memory is one block per level however large the file. The last block without one above it is the root.
 *
 * <p>One thread.
 */
final class IndexWriter {
    /** Blocks above the lowest level are so many times as large: the root is in memory, so a file is to have no third level without need. */
    private static final int UPPER_TIMES = 16;

    private final FrameWriter out;
    private final int blockSize;
    private final boolean withTime;
    private final List<IndexBlockBuilder> levels = new ArrayList<>();
    private final ByteWriter encoded = new ByteWriter(16 << 10);
    private int nextOrdinal;
    private int indexBlocks;

    IndexWriter(FrameWriter out, int blockSize, boolean withTime) {
        this.out = out;
        this.blockSize = blockSize;
        this.withTime = withTime;
        levels.add(new IndexBlockBuilder(0, withTime));
    }

    /** The number of the next block that is written; data blocks take theirs here. */
    int takeOrdinal() {
        return nextOrdinal++;
    }

    int blockCount() {
        return nextOrdinal;
    }

    int indexBlocks() {
        return indexBlocks;
    }

    int levelCount() {
        return levels.size();
    }

    /** Bytes not yet written. */
    long pendingBytes() {
        long bytes = 0;
        for (IndexBlockBuilder level : levels) {
            bytes += level.estimatedSize();
        }
        return bytes;
    }

    void add(IndexEntry entry) throws IOException {
        add(0, entry);
    }

    private void add(int level, IndexEntry entry) throws IOException {
        if (level == levels.size()) {
            levels.add(new IndexBlockBuilder(level, withTime));
        }
        IndexBlockBuilder builder = levels.get(level);
        // At least two entries to a block, else the levels would not end.
        if (builder.count() >= 2 && builder.estimatedSize() + entry.separator().length > (level == 0 ? blockSize : UPPER_TIMES * blockSize)) {
            add(level + 1, write(builder));
        }
        builder.add(entry);
    }

    /** Writes what is left and returns where the root stands. */
    BlockHandle finish() throws IOException {
        for (int level = 0; level + 1 < levels.size(); level++) {
            add(level + 1, write(levels.get(level)));
        }
        return write(levels.get(levels.size() - 1)).handle();
    }

    private IndexEntry write(IndexBlockBuilder builder) throws IOException {
        encoded.clear();
        builder.encode(encoded);
        BlockHandle handle = out.frame(SstableFormat.KIND_INDEX, 0, encoded.array(), encoded.size());
        indexBlocks++;
        IndexEntry summary = builder.summary(handle, takeOrdinal());
        builder.clear();
        return summary;
    }

    /**
     * The separator between the last key of a block and the first of the next: the shortest beginning of {@code next} that {@code last}
     * lies before, with the trailer that sorts before every entry of that key; the last key itself where both blocks hold versions of
     * one key.
     */
    static byte[] separator(Slice last, Slice next) {
        int common = Math.min(last.length(), next.length());
        int shared = Memory.mismatch(last.base(), last.address(), next.base(), next.address(), common);
        if (shared == next.length()) {
            return last.toByteArray();
        }
        byte[] shortened = new byte[shared + 1];
        next.copyTo(0, shortened, 0, shared + 1);
        return shortened;
    }

    static long separatorTrailer(byte[] separator, Slice last, long lastTrailer) {
        return Arrays.equals(separator, last.toByteArray()) ? lastTrailer : Trailer.NEWEST;
    }
}
