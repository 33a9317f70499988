package io.qaexchange.storage.sstable;

import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;

/**
 * Looks at an index block where it lies. {@link #load} takes validated blocks only; what is about to become an address is held against
 * the block's bounds again, for the reason given in {@link DataBlock}.
 *
 * <p>Searching never changes a loaded one, so the root of a file is shared by all threads; the others are one thread's.
 */
final class IndexBlock {
    /** The limit above which only a part of a column is read at once. */
    private static final int MOST_COLUMN_BYTES = 1024;

    private Object base;
    private long address;
    private int count;
    private int level;
    private int prefix;
    private int stride;
    private boolean withTime;
    private long windows;
    private long starts;
    private long metas;
    private int keysEnd;

    void load(Object base, long address, int length) {
        this.base = base;
        this.address = address;
        keysEnd = length - SstableFormat.INDEX_PADDING;
        level = Memory.getByte(base, address + SstableFormat.INDEX_LEVEL);
        withTime = (Memory.getByte(base, address + SstableFormat.INDEX_FLAGS) & SstableFormat.INDEX_FLAG_EVENT_TIME) != 0;
        stride = withTime ? SstableFormat.META_STRIDE_WITH_TIME : SstableFormat.META_STRIDE;
        prefix = Memory.getShort(base, address + SstableFormat.INDEX_PREFIX) & 0xffff;
        count = Memory.getInt(base, address + SstableFormat.INDEX_COUNT);
        windows = address + SstableFormat.INDEX_HEADER_SIZE;
        starts = windows + (long) count * SstableFormat.WINDOW_SIZE;
        metas = starts + (count + 1L) * Integer.BYTES;
        if (count < 1 || metas + (long) count * stride > address + keysEnd) {
            throw unreadable();
        }
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

    /** The first entry whose separator lies at or after the target; {@link #count()} if there is none. */
    int lowerBound(Slice target, long targetTrailer) {
        Object targetBase = target.base();
        long targetAddress = target.address();
        int targetLength = target.length();
        if (prefix > keyLength(0)) {
            throw unreadable();
        }
        int common = Math.min(prefix, targetLength);
        int order = Memory.compare(base, keyAddress(0), common, targetBase, targetAddress, common);
        if (order != 0 || targetLength < prefix) {
            return order >= 0 ? 0 : count;
        }
        long window = windowOf(targetBase, targetAddress + prefix, targetLength - prefix) + Long.MIN_VALUE;
        int first = firstWindow(window, 0);
        if (first == count || windowAt(first) != window) {
            return first;
        }
        // The windows of a run are equal: go on after what all of the run share.
        int end = window == Long.MAX_VALUE ? count : firstWindow(window + 1, first + 1);
        return lowerBoundInRun(first, end, target, targetTrailer);
    }

    /** The first entry at or after {@code from} whose window is at least this. */
    private int firstWindow(long window, int from) {
        int low = from;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (windowAt(middle) < window) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private long windowAt(int i) {
        return Memory.getLong(base, windows + (long) i * SstableFormat.WINDOW_SIZE) + Long.MIN_VALUE;
    }

    private int lowerBoundInRun(int from, int end, Slice target, long targetTrailer) {
        int low = from;
        int high = end;
        int shared = Memory.mismatch(base, keyAddress(from), base, keyAddress(end - 1),
                Math.min(keyLength(from), keyLength(end - 1)));
        int common = Math.min(shared, target.length());
        int order = Memory.compare(base, keyAddress(from), common, target.base(), target.address(), common);
        if (order != 0 || target.length() < shared) {
            return order >= 0 ? from : end;
        }
        long window = windowOf(target.base(), target.address() + shared, target.length() - shared) + Long.MIN_VALUE;
        while (low < high) {
            int middle = (low + high) >>> 1;
            long found = window(base, keyAddress(middle) + shared, keyLength(middle) - shared) + Long.MIN_VALUE;
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
        return Memory.getLong(base, meta(i) + SstableFormat.META_ENTRIES) & SstableFormat.MAX_ENTRIES;
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

    /**
     * How far from its beginning a data block is searched before one of its records is looked at; 0 if it has no column.
     *
     * @param length of the block's payload, uncompressed
     */
    int columnBytes(int i, int length) {
        long entries = entries(i);
        boolean column = layout(i) == SstableFormat.LAYOUT_FIXED && entries * DataBlockBuilder.NARROWEST_WITH_COLUMN <= length;
        return column ? (int) Math.min(length, Math.min(MOST_COLUMN_BYTES, SstableFormat.BLOCK_FIXED_HEADER_SIZE + entries * Short.BYTES)) : 0;
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
        int start = Memory.getInt(base, starts + (long) i * Integer.BYTES);
        if (start < 0 || start > keysEnd) {
            throw unreadable();
        }
        return address + start;
    }

    private int keyLength(int i) {
        int start = Memory.getInt(base, starts + (long) i * Integer.BYTES);
        int end = Memory.getInt(base, starts + (i + 1L) * Integer.BYTES);
        if (start < 0 || end < start || end > keysEnd) {
            throw unreadable();
        }
        return end - start;
    }

    private static UnreadableBlockException unreadable() {
        return new UnreadableBlockException("index block changed after it was checked");
    }

    /** Up to eight bytes as an unsigned number in their order, padded with zeros after; eight bytes are readable there in any case. */
    static long window(Object base, long address, int length) {
        long window = Memory.getLongBigEndian(base, address);
        return length >= Long.BYTES ? window : length == 0 ? 0 : window & -1L << (Long.SIZE - Byte.SIZE * length);
    }

    /** As {@link #window}, where no more than {@code length} bytes may be read. */
    static long windowOf(Object base, long address, int length) {
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
        long keysAt = SstableFormat.INDEX_HEADER_SIZE + (long) count * (SstableFormat.WINDOW_SIZE + Integer.BYTES + stride)
                + Integer.BYTES;
        long keysEnd = block.length() - SstableFormat.INDEX_PADDING;
        if (expectedLevel >= 0 && level != expectedLevel || level < 0 || level >= footer.indexLevels() || flags < 0
                || flags > SstableFormat.INDEX_FLAG_EVENT_TIME || count < 1 || keysAt > keysEnd) {
            return false;
        }
        IndexBlock index = new IndexBlock();
        index.load(block.base(), block.address(), block.length());
        long end = Math.min(offset, footer.fileSize());
        long previousEnd = keysAt;
        for (int i = 0; i < count; i++) {
            int keyAt = Memory.getInt(index.base, index.starts + (long) i * Integer.BYTES);
            int keyEnd = Memory.getInt(index.base, index.starts + (i + 1L) * Integer.BYTES);
            long blockOffset = index.offset(i);
            int size = index.size(i);
            boolean fits = keyAt == previousEnd && keyEnd >= keyAt + index.prefix && keyEnd <= keysEnd
                    && blockOffset >= SstableFormat.HEADER_SIZE && size > SstableFormat.FRAME_OVERHEAD && blockOffset <= end - size
                    && index.ordinal(i) >= 0 && index.ordinal(i) < footer.blockCount();
            if (!fits) {
                return false;
            }
            previousEnd = keyEnd;
        }
        return previousEnd == keysEnd;
    }
}
