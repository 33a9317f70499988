package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;

/**
 * Stands on an entry of a data block and moves over it. The entry's key and value are shown through the two slices that the cursor was
 * made with; values, and keys of FIXED blocks, where they lie.
 *
 * <p>{@link #validate} goes once over every block after its checksum. A page of a mapping can still become unreadable later, and then a
 * load gives anything at all and the error comes some instructions after; so whatever is about to become an address is held against
 * the block's bounds here, too, which costs a comparison where the block or entry begins.
 *
 * <p>One thread.
 */
final class DataBlock {
    private static final int CACHE_LINE = 64;
    private static final int PAGE = 4096;
    /** The limit above which only the first bytes of a block are requested ahead. */
    private static final int MOST_PAGES = 8;
    /** So many records are decompressed at least when a scan comes to one that is not here. */
    private static final int RECORDS_AHEAD = 16;
    private static final byte[] NO_BYTES = new byte[0];

    private final Slice key;
    private final Slice value;
    private long trailer;

    private Object base;
    private long address;
    private boolean fixed;
    private int count;
    private int trailerWidth;
    private long baseTrailer;

    // FIXED: where the current record is.
    private int index;
    private long record;
    /** Written so that the compiler does not leave out {@link #touchColumn}. */
    private long touched;
    private int keyLength;
    private int valueLength;
    private int stride;
    private int windowOffset;
    /** Bytes of an entry of the column; 0 without one. */
    private int columnWidth;
    private long records;
    private int interpolationError;

    // PREFIX: from where to where the current entry goes, and its key put together.
    private long entry;
    private long nextEntry;
    private long restarts;
    private int restartCount;
    private int restart;
    private long at;
    private byte[] keyBuffer = NO_BYTES;

    /** Where the block comes from if only a part of it is here; else null. */
    private PartialBlock partial;
    /** FIXED: how many records are here. */
    private int here;

    DataBlock(Slice key, Slice value) {
        this.key = key;
        this.value = value;
    }

    /** Turns to a validated block; stands before its first entry. */
    void load(Object base, long address, int length) {
        partial = null;
        this.base = base;
        this.address = address;
        int width = Memory.getByte(base, address + SstableFormat.BLOCK_TRAILER_WIDTH);
        trailerWidth = width & SstableFormat.BLOCK_WIDTH_MASK;
        count = Memory.getInt(base, address + SstableFormat.BLOCK_COUNT);
        baseTrailer = Memory.getLong(base, address + SstableFormat.BLOCK_BASE_TRAILER);
        fixed = Memory.getByte(base, address + SstableFormat.BLOCK_LAYOUT) == SstableFormat.LAYOUT_FIXED;
        if (fixed) {
            loadFixed(length, width);
        } else {
            loadPrefix(length);
        }
    }

    /**
     * As {@link #load}, of a block that will be searched. Where in the column to look is known from the header, and each is a line of
     * memory to wait for; asked for at the same time they are waited for together.
     *
     * <p>In the cache's memory each page of 4 KB lies somewhere else (those of a mapped file mostly lie in long runs), and where the page of
     * the record lies is one more wait of that length. So there a byte of every page is asked for, too; in a mapping that costs more than it brings.
     *
     * @param columnBytes as {@link IndexBlock#columnBytes}
     * @param cached whether the block lies in the cache's memory
     */
    void loadToSeek(Object base, long address, int length, int columnBytes, boolean cached) {
        long sum = 0;
        for (int at = CACHE_LINE; at < columnBytes; at += CACHE_LINE) {
            sum += Memory.getByte(base, address + at);
        }
        int most = cached && columnBytes > 0 ? Math.min(length, MOST_PAGES * PAGE) : 0;
        for (int at = PAGE; at < most; at += PAGE) {
            sum += Memory.getByte(base, address + at);
        }
        touched = sum;
        load(base, address, length);
    }

    /**
     * Turns to a block that is decompressed as far as somebody looks: of a FIXED block with a column, that and the records up to the one that is shown.
     *
     * @param base where it is decompressed to
     */
    void loadPartly(PartialBlock from, Object base, long address) {
        int length = from.size();
        from.ensure(Math.min(length, SstableFormat.BLOCK_FIXED_HEADER_SIZE));
        int flags = Memory.getByte(base, address + SstableFormat.BLOCK_TRAILER_WIDTH);
        boolean columnFirst = Memory.getByte(base, address + SstableFormat.BLOCK_LAYOUT) == SstableFormat.LAYOUT_FIXED
                && (flags & SstableFormat.BLOCK_FLAG_COLUMN) != 0;
        long columnBytes = (long) Memory.getInt(base, address + SstableFormat.BLOCK_COUNT) * SstableFormat.columnWidth(flags);
        from.ensure(columnFirst ? SstableFormat.BLOCK_FIXED_HEADER_SIZE + columnBytes : length);
        load(base, address, length);
        if (columnFirst) {
            partial = from;
            here = 0;
        }
    }

    /** All of the block is here from now on. */
    void complete() {
        if (partial != null) {
            partial.ensure(partial.size());
            partial = null;
            here = count;
        }
    }

    /** @param end records before this one are looked at, as far as there are so many */
    private void ensureRecords(int end) {
        if (end > here && here < count) {
            partial.ensure(records - address + (long) Math.min(end, count) * stride);
            here = stride == 0 ? count : (int) Math.min(count, (partial.done() - (records - address)) / stride);
        }
    }

    /** Whether a record follows; it is here then. */
    private boolean hasNextRecord() {
        if (index + 1 >= here) {
            ensureRecords(index + 1 + RECORDS_AHEAD);
        }
        return index + 1 < here;
    }

    private void loadFixed(int length, int flags) {
        columnWidth = SstableFormat.columnWidth(flags);
        keyLength = Memory.getShort(base, address + SstableFormat.BLOCK_KEY_LENGTH) & 0xffff;
        valueLength = Memory.getInt(base, address + SstableFormat.BLOCK_VALUE_LENGTH);
        windowOffset = Memory.getShort(base, address + SstableFormat.BLOCK_WINDOW_OFFSET) & 0xffff;
        interpolationError = Memory.getShort(base, address + SstableFormat.BLOCK_INTERPOLATION_ERROR) & 0xffff;
        stride = keyLength + trailerWidth + valueLength;
        records = address + SstableFormat.BLOCK_FIXED_HEADER_SIZE + (long) count * columnWidth;
        index = -1;
        here = count;
        if (count < 0 || valueLength < 0 || windowOffset > keyLength
                || SstableFormat.BLOCK_FIXED_HEADER_SIZE + (long) count * ((long) stride + columnWidth) != length) {
            throw unreadable();
        }
    }

    private void loadPrefix(int length) {
        restartCount = Memory.getInt(base, address + SstableFormat.BLOCK_RESTART_COUNT);
        restarts = address + length - (long) restartCount * Integer.BYTES;
        nextEntry = address + SstableFormat.BLOCK_PREFIX_HEADER_SIZE;
        restart = 0;
        if (restartCount < 1 || restarts < nextEntry) {
            throw unreadable();
        }
    }

    private static UnreadableBlockException unreadable() {
        return new UnreadableBlockException("data block changed after it was checked");
    }

    long trailer() {
        return trailer;
    }

    int count() {
        return count;
    }

    /** How many entries follow that are here, at least one if any follows; 0 where that would have to be counted. */
    int remaining() {
        return fixed && hasNextRecord() ? here - index - 1 : 0;
    }

    /** How many of them lie before a user key. */
    int remainingBefore(Slice target) {
        return fixed && hasNextRecord() ? Math.max(0, Math.min(here, lowerBound(target, Trailer.NEWEST)) - index - 1) : 0;
    }

    /** From one record of a FIXED block to the next. */
    int stride() {
        return stride;
    }

    /** Goes a number of entries of a FIXED block forward, at most {@link #remaining}. */
    void skip(int entries) {
        showRecord(index + entries);
    }

    boolean first() {
        if (count == 0) {
            return false;
        }
        if (fixed) {
            touchColumn();
            ensureRecords(RECORDS_AHEAD);
            showRecord(0);
        } else {
            toRestart(0);
        }
        return true;
    }

    boolean last() {
        if (count == 0) {
            return false;
        }
        if (fixed) {
            ensureRecords(count);
            showRecord(count - 1);
        } else {
            toRestart(restartCount - 1);
            while (nextEntry < restarts) {
                decodeNext();
            }
        }
        return true;
    }

    /** To the next entry; false, and the cursor stays, if this is the last. */
    boolean next() {
        if (fixed) {
            if (!hasNextRecord()) {
                return false;
            }
            index++;
            record += stride;
            key.advance(stride);
            trailer = baseTrailer + trailerDelta(record + keyLength);
            value.advance(stride);
            return true;
        }
        if (nextEntry >= restarts) {
            return false;
        }
        decodeNext();
        return true;
    }

    /** To the entry before; false, and the cursor stays, if this is the first. */
    boolean previous() {
        if (fixed) {
            if (index <= 0) {
                return false;
            }
            showRecord(index - 1);
            return true;
        }
        long current = entry;
        int from = restart;
        if (current == restartAddress(from)) {
            if (from == 0) {
                return false;
            }
            from--;
        }
        toRestart(from);
        while (nextEntry < current) {
            decodeNext();
        }
        return true;
    }

    /** To the first entry at or after the target in internal order; false if all lie before it. */
    boolean seek(Slice target, long targetTrailer) {
        if (fixed) {
            int found = lowerBound(target, targetTrailer);
            if (found == count) {
                return false;
            }
            ensureRecords(found + 1);
            showRecord(found);
            return true;
        }
        return seekPrefix(target, targetTrailer);
    }

    // ---- FIXED

    /**
     * A scan that comes from the block before would jump over the column, and the processor's prefetching, which follows it line by line,
     * would end: 18 ns per row instead of 7 (SstableBenchmark.scanRow).
     */
    private void touchColumn() {
        long sum = 0;
        for (long line = address; line < records; line += CACHE_LINE) {
            sum += Memory.getByte(base, line);
        }
        touched = sum;
    }

    private void showRecord(int i) {
        index = i;
        record = records + (long) i * stride;
        showRecord();
    }

    private void showRecord() {
        key.wrap(base, record, keyLength);
        long behindKey = record + keyLength;
        trailer = baseTrailer + trailerDelta(behindKey);
        value.wrap(base, behindKey + trailerWidth, valueLength);
    }

    private long trailerDelta(long where) {
        return switch (trailerWidth) {
            case SstableFormat.WIDTH_SEQUENCE_16 -> (Memory.getShort(base, where) & 0xffffL) << Byte.SIZE;
            case SstableFormat.WIDTH_SEQUENCE_24 -> (Memory.getShort(base, where) & 0xffffL | (Memory.getByte(base, where + Short.BYTES) & 0xffL) << Short.SIZE) << Byte.SIZE;
            case Integer.BYTES -> Memory.getInt(base, where) & 0xffffffffL;
            case 0 -> 0;
            default -> Memory.getLong(base, where);
        };
    }

    private int lowerBound(Slice target, long targetTrailer) {
        if (columnWidth == 0) {
            return lowerBoundByWholeKeys(target, targetTrailer, 0, count);
        }
        int behindOffset = target.length() - windowOffset;
        if (behindOffset < 0) {
            // Too short to tell records apart.
            ensureRecords(1);
            return Memory.compare(base, records, keyLength, target.base(), target.address(), target.length()) > 0 ? 0 : count;
        }
        // A target that ends within the window lies where it would lie with zeros after it.
        long window = IndexBlock.windowOf(target.base(), target.address() + windowOffset, behindOffset);
        long first = Memory.getLong(base, address + SstableFormat.BLOCK_FIRST_WINDOW);
        long last = Memory.getLong(base, address + SstableFormat.BLOCK_LAST_WINDOW);
        boolean before = Long.compareUnsigned(window, first) < 0;
        if (before || Long.compareUnsigned(window, last) > 0) {
            ensureRecords(before ? 1 : count);
            int order = comparePrefix(before ? 0 : count - 1, target);
            return order > 0 || order == 0 && before ? 0 : count;
        }
        long shortened = window - first >>> columnShift(first, last, columnWidth * Byte.SIZE);
        int found = interpolationError == SstableFormat.NO_INTERPOLATION ? halve(shortened)
                : walk(shortened, guess(window, first, slope(first, last, count)));
        ensureRecords(found + 1);
        // All records share what lies before the windows, so any will do to hold it against the target: the one that is looked at anyway.
        int order = comparePrefix(Math.min(found, count - 1), target);
        if (order != 0) {
            return order > 0 ? 0 : count;
        }
        if (found == count || column(found) != shortened || compareRecord(found, target, targetTrailer) >= 0) {
            return found;
        }
        int end = found + 1;
        while (end < count && column(end) == shortened) {
            end++;
        }
        ensureRecords(end);
        return lowerBoundByWholeKeys(target, targetTrailer, found + 1, end);
    }

    private int comparePrefix(int i, Slice target) {
        return Memory.compare(base, records + (long) i * stride, windowOffset, target.base(), target.address(), windowOffset);
    }

    private long column(int i) {
        long column = address + SstableFormat.BLOCK_FIXED_HEADER_SIZE;
        return switch (columnWidth) {
            case Byte.BYTES -> Memory.getByte(base, column + i) & 0xffL;
            case Short.BYTES -> Memory.getShort(base, column + (long) i * Short.BYTES) & 0xffffL;
            default -> Memory.getInt(base, column + (long) i * Integer.BYTES) & 0xffffffffL;
        };
    }

    /** The first record whose shortened window is at least this. */
    private int halve(long shortened) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (column(middle) < shortened) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * The same, from a good guess on. The guess and its neighbours mostly stand in one line of the processor's cache; the record that
     * is found is then the only one looked at.
     */
    private int walk(long shortened, int guess) {
        int place = Math.max(0, Math.min(count - 1, guess));
        if (column(place) < shortened) {
            do {
                place++;
            } while (place < count && column(place) < shortened);
        } else {
            while (place > 0 && column(place - 1) >= shortened) {
                place--;
            }
        }
        return place;
    }

    private int lowerBoundByWholeKeys(Slice target, long targetTrailer, int from, int to) {
        int low = from;
        int high = to;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (compareRecord(middle, target, targetTrailer) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private int compareRecord(int i, Slice target, long targetTrailer) {
        long where = records + (long) i * stride;
        int order = Memory.compare(base, where, keyLength, target.base(), target.address(), target.length());
        return order != 0 ? order : Trailer.compare(baseTrailer + trailerDelta(where + keyLength), targetTrailer);
    }

    /** By how many bits windows are shortened in a column of so many. */
    static int columnShift(long firstWindow, long lastWindow, int bits) {
        return Math.max(0, Long.SIZE - bits - Long.numberOfLeadingZeros(lastWindow - firstWindow));
    }

    /** Places per window unit of the line from the first to the last record. */
    static double slope(long firstWindow, long lastWindow, int count) {
        return (count - 1) / (double) ((lastWindow - firstWindow) >>> 1);
    }

    /** Place of a window on that line. */
    static int guess(long window, long firstWindow, double slope) {
        return (int) (((window - firstWindow) >>> 1) * slope);
    }

    // ---- PREFIX

    private long restartAddress(int i) {
        long offset = Memory.getInt(base, restarts + (long) i * Integer.BYTES);
        if (offset < SstableFormat.BLOCK_PREFIX_HEADER_SIZE || offset >= restarts - address) {
            throw unreadable();
        }
        return address + offset;
    }

    private void toRestart(int i) {
        restart = i;
        nextEntry = restartAddress(i);
        decodeNext();
    }

    /** Goes to the entry at {@link #nextEntry}; the key buffer holds the key before it. */
    private void decodeNext() {
        entry = nextEntry;
        at = entry;
        int shared = varint();
        int further = varint();
        int length = varint();
        checkEntry(shared, further, length);
        trailer = baseTrailer + trailerDelta(at);
        at += trailerWidth;
        int size = shared + further;
        if (keyBuffer.length < size) {
            keyBuffer = java.util.Arrays.copyOf(keyBuffer, Math.max(size, Math.max(128, keyBuffer.length * 2)));
        }
        Memory.copy(base, at, keyBuffer, Memory.ARRAY_BASE + shared, further);
        key.wrap(keyBuffer, Memory.ARRAY_BASE, size);
        value.wrap(base, at + further, length);
        nextEntry = at + further + length;
        if (restart + 1 < restartCount && entry >= restartAddress(restart + 1)) {
            restart++;
        }
    }

    /** The entry, of which the lengths are known and the rest begins at {@link #at}, ends inside the block. */
    private void checkEntry(int shared, int further, int length) {
        if (shared < 0 || shared > SstableFormat.MAX_KEY_LENGTH || further < 0 || length < 0
                || (long) trailerWidth + further + length > restarts - at) {
            throw unreadable();
        }
    }

    private int varint() {
        int b = Memory.getByte(base, at++);
        if (b >= 0) {
            return b;
        }
        int result = b & 0x7f;
        for (int shift = 7; shift < Integer.SIZE; shift += 7) {
            b = Memory.getByte(base, at++);
            result |= (b & 0x7f) << shift;
            if (b >= 0) {
                return result;
            }
        }
        throw unreadable();
    }

    private boolean seekPrefix(Slice target, long targetTrailer) {
        if (count == 0) {
            return false;
        }
        int low = 0;
        int high = restartCount;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (compareRestart(middle, target, targetTrailer) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return scanFrom(Math.max(0, low - 1), target, targetTrailer);
    }

    private int compareRestart(int i, Slice target, long targetTrailer) {
        at = restartAddress(i);
        varint();
        int length = varint();
        int valueBytes = varint();
        checkEntry(0, length, valueBytes);
        long delta = trailerDelta(at);
        int order = Memory.compare(base, at + trailerWidth, length, target.base(), target.address(), target.length());
        return order != 0 ? order : Trailer.compare(baseTrailer + delta, targetTrailer);
    }

    /**
     * Looks at entries one by one without putting keys together: an entry that shares more with its predecessor than the predecessor
     * has in common with the target is before the target too, one that shares less is behind it.
     */
    private boolean scanFrom(int fromRestart, Slice target, long targetTrailer) {
        Object targetBase = target.base();
        long targetAddress = target.address();
        int targetLength = target.length();
        restart = fromRestart;
        long where = restartAddress(fromRestart);
        int matched = 0;
        while (where < restarts) {
            at = where;
            int shared = varint();
            int further = varint();
            int length = varint();
            long suffix = at + trailerWidth;
            checkEntry(shared, further, length);
            if (shared <= matched) {
                int rest = targetLength - shared;
                int common = Memory.mismatch(base, suffix, targetBase, targetAddress + shared, Math.min(further, rest));
                int order = common == further || common == rest ? further - rest
                        : (Memory.getByte(base, suffix + common) & 0xff)
                                - (Memory.getByte(targetBase, targetAddress + shared + common) & 0xff);
                if (order > 0 || order == 0 && Trailer.compare(baseTrailer + trailerDelta(at), targetTrailer) >= 0) {
                    showFound(where, target, shared);
                    return true;
                }
                matched = shared + common;
            }
            where = suffix + further + length;
        }
        return false;
    }

    /** The key before the found entry has {@code shared} bytes in common with the target, so those can be taken from there. */
    private void showFound(long where, Slice target, int shared) {
        if (keyBuffer.length < shared) {
            keyBuffer = new byte[Math.max(shared, Math.max(128, keyBuffer.length * 2))];
        }
        Memory.copy(target.base(), target.address(), keyBuffer, Memory.ARRAY_BASE, shared);
        nextEntry = where;
        decodeNext();
    }
}
