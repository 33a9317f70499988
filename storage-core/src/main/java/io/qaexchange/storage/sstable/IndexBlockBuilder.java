package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.memory.Memory;

/**
 * Collects the entries of one index block; the layout stands in {@link SstableWriter}. One thread.
 */
final class IndexBlockBuilder {
    private final int level;
    private final boolean withTime;
    private final ByteWriter keys = new ByteWriter(4096);
    private final ByteWriter metas = new ByteWriter(4096);
    /** Where in {@link #keys} each begins. */
    private final ByteWriter starts = new ByteWriter(1024);
    private int count;
    private int firstKeyLength;
    private int lastKeyAt;
    private int lastKeyLength;
    private long lastTrailer;
    private long entries;
    private long bytes;
    private long minTime;
    private long maxTime;

    IndexBlockBuilder(int level, boolean withTime) {
        this.level = level;
        this.withTime = withTime;
        clear();
    }

    void clear() {
        keys.clear();
        metas.clear();
        starts.clear();
        count = 0;
        entries = 0;
        bytes = 0;
        minTime = Long.MAX_VALUE;
        maxTime = Long.MIN_VALUE;
    }

    int count() {
        return count;
    }

    int estimatedSize() {
        return SstableFormat.INDEX_HEADER_SIZE + count * (SstableFormat.WINDOW_SIZE + Integer.BYTES) + metas.size() + keys.size()
                + Integer.BYTES + SstableFormat.INDEX_PADDING;
    }

    void add(IndexEntry entry) {
        lastKeyAt = keys.size();
        lastKeyLength = entry.separator().length;
        lastTrailer = entry.separatorTrailer();
        if (count == 0) {
            firstKeyLength = lastKeyLength;
        }
        starts.u32(keys.size());
        metas.u64(entry.handle().offset()).u32(entry.handle().size()).u32(entry.ordinal()).u64(entry.separatorTrailer())
                .u64(entry.entries() | (long) entry.compression() << 48 | (long) entry.layout() << 56).u64(entry.bytes());
        if (withTime) {
            metas.u64(entry.minTime()).u64(entry.maxTime());
        }
        keys.raw(entry.separator());
        count++;
        entries += entry.entries();
        bytes += entry.bytes();
        minTime = Math.min(minTime, entry.minTime());
        maxTime = Math.max(maxTime, entry.maxTime());
    }

    void encode(ByteWriter out) {
        int prefix = commonPrefix();
        int keysAt = SstableFormat.INDEX_HEADER_SIZE + count * (SstableFormat.WINDOW_SIZE + Integer.BYTES) + Integer.BYTES + metas.size();
        out.u8(level).u8(withTime ? SstableFormat.INDEX_FLAG_EVENT_TIME : 0).u16(prefix).u32(count);
        starts.u32(keys.size());
        keys.u64(0);
        for (int i = 0; i < count; i++) {
            int from = start(i) + prefix;
            out.u64(IndexBlock.window(keys.array(), Memory.ARRAY_BASE + from, start(i + 1) - from));
        }
        for (int i = 0; i <= count; i++) {
            out.u32(keysAt + start(i));
        }
        out.raw(metas.array(), Memory.ARRAY_BASE, metas.size()).raw(keys.array(), Memory.ARRAY_BASE, keys.size());
    }

    private int start(int i) {
        return Memory.getInt(starts.array(), Memory.ARRAY_BASE + (long) i * Integer.BYTES);
    }

    /** The entry of this block in the level above. */
    IndexEntry summary(BlockHandle handle, int ordinal) {
        byte[] separator = java.util.Arrays.copyOfRange(keys.array(), lastKeyAt, lastKeyAt + lastKeyLength);
        return new IndexEntry(separator, lastTrailer, handle, ordinal, entries, bytes, 0, 0, minTime, maxTime);
    }

    /** Length of the prefix that the first and last key share, and so all do: separators ascend. */
    private int commonPrefix() {
        return Memory.mismatch(keys.array(), Memory.ARRAY_BASE, keys.array(), Memory.ARRAY_BASE + lastKeyAt,
                Math.min(firstKeyLength, lastKeyLength));
    }
}
