package io.qaexchange.storage.sstable;

import io.qaexchange.storage.CorruptionException;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;

/**
 * Looks at an index block where it lies. {@link #load} takes validated blocks only.
 *
 * <p>Searching never changes a loaded one, so the root of a file is shared by all threads; the others are one thread's.
 */
final class IndexBlock {
    private Object base;
    private long address;
    private int count;
    private int level;
    private int prefix;
    private int stride;
    private boolean withTime;
    private long windows;
    private long metas;

    void load(Object base, long address) {
        this.base = base;
        this.address = address;
        level = Memory.getByte(base, address + SstableFormat.INDEX_LEVEL);
        withTime = (Memory.getByte(base, address + SstableFormat.INDEX_FLAGS) & SstableFormat.INDEX_FLAG_EVENT_TIME) != 0;
        stride = withTime ? SstableFormat.META_STRIDE_WITH_TIME : SstableFormat.META_STRIDE;
        prefix = Memory.getShort(base, address + SstableFormat.INDEX_PREFIX) & 0xffff;
        count = Memory.getInt(base, address + SstableFormat.INDEX_COUNT);
        windows = address + SstableFormat.INDEX_HEADER_SIZE;
        metas = windows + (long) count * SstableFormat.WINDOW_SIZE;
    }

    int count() {
        return count;
    }

    /** 0 = entries are data blocks. */
    int level() {
        return level;
    }

    boolean withTime() {
        return withTime;
    }

    /** The first entry whose separator lies at or behind the target; {@link #count()} if there is none. */
    int lowerBound(Slice target, long targetTrailer) {
        Object targetBase = target.base();
        long targetAddress = target.address();
        int targetLength = target.length();
        int common = Math.min(prefix, targetLength);
        int order = Memory.compare(base, keyAddress(0), common, targetBase, targetAddress, common);
        if (order != 0 || targetLength < prefix) {
            return order >= 0 ? 0 : count;
        }
        long window = window(targetBase, targetAddress + prefix, targetLength - prefix) + Long.MIN_VALUE;
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            long found = Memory.getLong(base, windows + (long) middle * SstableFormat.WINDOW_SIZE) + Long.MIN_VALUE;
            boolean before = found < window || found == window && compareSeparator(middle, target, targetTrailer) < 0;
            if (before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private int compareSeparator(int i, Slice target, long targetTrailer) {
        int order = compareSeparatorKey(i, target);
        return order != 0 ? order : Trailer.compare(separatorTrailer(i), targetTrailer);
    }

    /** Order of the separator's user key against a user key. */
    int compareSeparatorKey(int i, Slice target) {
        return Memory.compare(base, keyAddress(i), keyLength(i), target.base(), target.address(), target.length());
    }

    Slice separator(int i, Slice into) {
        return into.wrap(base, keyAddress(i), keyLength(i));
    }

    long separatorTrailer(int i) {
        return Memory.getLong(base, meta(i) + SstableFormat.META_TRAILER);
    }

    long offset(int i) {
        return Memory.getLong(base, meta(i) + SstableFormat.META_OFFSET);
    }

    int size(int i) {
        return Memory.getInt(base, meta(i) + SstableFormat.META_SIZE);
    }

    int ordinal(int i) {
        return Memory.getInt(base, meta(i) + SstableFormat.META_ORDINAL);
    }

    long entries(int i) {
        return Memory.getLong(base, meta(i) + SstableFormat.META_ENTRIES);
    }

    long bytes(int i) {
        return Memory.getLong(base, meta(i) + SstableFormat.META_BYTES);
    }

    int compression(int i) {
        return Memory.getByte(base, meta(i) + SstableFormat.META_COMPRESSION);
    }

    int layout(int i) {
        return Memory.getByte(base, meta(i) + SstableFormat.META_LAYOUT);
    }

    long minTime(int i) {
        return withTime ? Memory.getLong(base, meta(i) + SstableFormat.META_MIN_TIME) : EventTime.UNKNOWN_MIN;
    }

    long maxTime(int i) {
        return withTime ? Memory.getLong(base, meta(i) + SstableFormat.META_MAX_TIME) : EventTime.UNKNOWN_MAX;
    }

    BlockHandle handle(int i) {
        return new BlockHandle(offset(i), size(i));
    }

    private long meta(int i) {
        return metas + (long) i * stride;
    }

    private long keyAddress(int i) {
        return address + Memory.getInt(base, meta(i) + SstableFormat.META_KEY_OFFSET);
    }

    private int keyLength(int i) {
        return Memory.getShort(base, meta(i) + SstableFormat.META_KEY_LENGTH) & 0xffff;
    }

    /** Up to eight bytes as an unsigned number in their order, padded with zeros behind. */
    static long window(Object base, long address, int length) {
        if (length >= Long.BYTES) {
            return Memory.getLongBigEndian(base, address);
        }
        long window = 0;
        for (int i = 0; i < length; i++) {
            window |= (Memory.getByte(base, address + i) & 0xffL) << (56 - 8 * i);
        }
        return window;
    }

    /**
     * Checks that no number in an index block leads outside of it or of the file.
     *
     * @param expectedLevel -1 = any
     */
    static void validate(Slice block, int expectedLevel, Footer footer, Object file, long offset) throws CorruptionException {
        if (!isValid(block, expectedLevel, footer, offset)) {
            throw new CorruptionException("index block makes no sense (" + block.length() + " bytes)", file, offset);
        }
    }

    private static boolean isValid(Slice block, int expectedLevel, Footer footer, long offset) {
        if (block.length() < SstableFormat.INDEX_HEADER_SIZE) {
            return false;
        }
        int level = block.getByte(SstableFormat.INDEX_LEVEL);
        int flags = block.getByte(SstableFormat.INDEX_FLAGS);
        int stride = flags == 0 ? SstableFormat.META_STRIDE : SstableFormat.META_STRIDE_WITH_TIME;
        int count = block.getInt(SstableFormat.INDEX_COUNT);
        long keysAt = SstableFormat.INDEX_HEADER_SIZE + (long) count * (SstableFormat.WINDOW_SIZE + stride);
        if (expectedLevel >= 0 && level != expectedLevel || level < 0 || level >= footer.indexLevels() || flags < 0
                || flags > SstableFormat.INDEX_FLAG_EVENT_TIME || count < 1 || keysAt > block.length()) {
            return false;
        }
        IndexBlock index = new IndexBlock();
        index.load(block.base(), block.address());
        long end = Math.min(offset, footer.fileSize());
        for (int i = 0; i < count; i++) {
            int keyAt = Memory.getInt(index.base, index.meta(i) + SstableFormat.META_KEY_OFFSET);
            long blockOffset = index.offset(i);
            int size = index.size(i);
            boolean fits = keyAt >= keysAt && keyAt <= block.length() - index.keyLength(i) && index.keyLength(i) >= index.prefix
                    && blockOffset >= SstableFormat.HEADER_SIZE && size > SstableFormat.FRAME_OVERHEAD && blockOffset <= end - size
                    && index.ordinal(i) >= 0 && index.ordinal(i) < footer.blockCount();
            if (!fits) {
                return false;
            }
        }
        return true;
    }
}
