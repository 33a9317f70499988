package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;

/**
 * Collects the entries of one data block and encodes them in the layout that suits their lengths; the layouts are specified in
 * {@link SstableWriter}.
 *
 * <p>One thread. Arrays are kept between blocks.
 */
final class DataBlockBuilder {
    /** A run of equal lengths this large is closed as a FIXED block rather than mixed with what comes after it. */
    private static final int UNIFORM_RUN_FRACTION = 4;
    private static final int SMALLEST_WITH_COLUMN = 8;
    /** Bytes of key and value. */
    static final int NARROWEST_WITH_COLUMN = 16;
    /** By which a column may become coarser with one more key: keys in time order do that by a few, those of another key group by dozens. */
    private static final int MOST_BITS_LOST = 16;
    /** One entry of a column in so many may fail to tell its record from the one before. Of 60 keys at random, one in nine does with 8 bits. */
    private static final int ONE_IN_NOT_TOLD_APART = 5;
    /** Bytes that an entry mostly takes besides key and value: three of a trailer, one or two of a column. */
    private static final int TYPICAL_EXTRA_BYTES = 5;

    private final int restartInterval;
    private final boolean compressed;
    private byte[] staged = new byte[32 << 10];
    private int stagedSize;
    private int[] keyLengths = new int[256];
    private int[] valueLengths = new int[256];
    private long[] trailers = new long[256];
    private int count;
    private int lastKeyAt;
    private boolean uniform;
    /** Whether all trailers have one kind. */
    private boolean sameKind;
    /** Where the column's windows begin so far; -1 until it is looked at. */
    private int columnFrom;
    private long minTrailer;
    private long maxTrailer;
    private int layout;
    private int[] restarts = new int[16];

    /** @param compressed whether the block will be */
    DataBlockBuilder(int restartInterval, boolean compressed) {
        this.restartInterval = restartInterval;
        this.compressed = compressed;
        clear();
    }

    void clear() {
        count = 0;
        stagedSize = 0;
        uniform = true;
        sameKind = true;
        columnFrom = -1;
        minTrailer = -1L;
        maxTrailer = 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    /** About how large the encoded block will be. */
    int estimatedSize() {
        return SstableFormat.BLOCK_FIXED_HEADER_SIZE + stagedSize + count * TYPICAL_EXTRA_BYTES;
    }

    /** Whether the block should be closed before an entry with this key and a value of this length comes in. */
    boolean isFullFor(Slice key, int valueLength, int blockSize) {
        if (count == 0) {
            return false;
        }
        int size = estimatedSize();
        int keyLength = key.length();
        boolean mayEnd = uniform && count > 1 && size >= blockSize / UNIFORM_RUN_FRACTION;
        boolean endsUniformRun = mayEnd && (keyLengths[0] != keyLength || valueLengths[0] != valueLength || blursColumn(key));
        return endsUniformRun || size + (long) keyLength + valueLength + Integer.BYTES > blockSize;
    }

    /**
     * Whether a key lies so far behind the others, as the first of another key group does, that the column would have too few bits left
     * to tell them apart: the search would go on among whole keys.
     */
    private boolean blursColumn(Slice key) {
        if (!hasColumn()) {
            return false;
        }
        int length = keyLengths[0];
        if (columnFrom < 0) {
            columnFrom = windowOffset(length);
        }
        int shared = Memory.mismatch(staged, Memory.ARRAY_BASE, key.base(), key.address(), columnFrom);
        if (shared == columnFrom) {
            return false;
        }
        long window = Memory.getLongBigEndian(key.base(), key.address() + shared);
        int lostBits = DataBlock.columnShift(window(0, shared), window, Integer.SIZE)
                - DataBlock.columnShift(window(0, columnFrom), window(lastKeyAt, columnFrom), Integer.SIZE)
                + Byte.SIZE * (columnFrom - shared);
        if (lostBits >= MOST_BITS_LOST) {
            return true;
        }
        columnFrom = shared;
        return false;
    }

    void add(Slice key, long trailer, Slice value) {
        int keyLength = key.length();
        int valueLength = value.length();
        int needed = Math.addExact(stagedSize, keyLength + valueLength);
        if (needed > staged.length) {
            staged = Arrays.copyOf(staged, Math.max(needed, staged.length * 2));
        }
        if (count == trailers.length) {
            keyLengths = Arrays.copyOf(keyLengths, count * 2);
            valueLengths = Arrays.copyOf(valueLengths, count * 2);
            trailers = Arrays.copyOf(trailers, count * 2);
        }
        lastKeyAt = stagedSize;
        Memory.copy(key.base(), key.address(), staged, Memory.ARRAY_BASE + stagedSize, keyLength);
        Memory.copy(value.base(), value.address(), staged, Memory.ARRAY_BASE + stagedSize + keyLength, valueLength);
        stagedSize = needed;
        keyLengths[count] = keyLength;
        valueLengths[count] = valueLength;
        trailers[count] = trailer;
        sameKind &= Trailer.kind(trailer) == Trailer.kind(trailers[0]);
        uniform &= keyLength == keyLengths[0] && valueLength == valueLengths[0];
        if (Long.compareUnsigned(trailer, minTrailer) < 0) {
            minTrailer = trailer;
        }
        if (Long.compareUnsigned(trailer, maxTrailer) > 0) {
            maxTrailer = trailer;
        }
        count++;
    }

    /** Points at the last key that was added. */
    Slice lastKey(Slice into) {
        return into.wrap(staged, Memory.ARRAY_BASE + lastKeyAt, keyLengths[count - 1]);
    }

    long lastTrailer() {
        return trailers[count - 1];
    }

    /** The layout that {@link #encode} chose. */
    int layout() {
        return layout;
    }

    /** Writes the block's payload. */
    void encode(ByteWriter out) {
        layout = uniform ? SstableFormat.LAYOUT_FIXED : SstableFormat.LAYOUT_PREFIX;
        if (uniform) {
            encodeFixed(out);
        } else {
            encodePrefix(out);
        }
    }

    private int trailerWidth() {
        long spread = maxTrailer - minTrailer;
        if (spread == 0) {
            return 0;
        }
        if (sameKind && spread >>> Byte.SIZE + 24 == 0) {
            return spread >>> Byte.SIZE + Short.SIZE == 0 ? SstableFormat.WIDTH_SEQUENCE_16 : SstableFormat.WIDTH_SEQUENCE_24;
        }
        return spread >>> 32 == 0 ? Integer.BYTES : Long.BYTES;
    }

    private static void putTrailer(ByteWriter out, int width, long delta) {
        switch (width) {
            case SstableFormat.WIDTH_SEQUENCE_16 -> out.u16((int) (delta >>> Byte.SIZE));
            case SstableFormat.WIDTH_SEQUENCE_24 -> out.u16((int) (delta >>> Byte.SIZE)).u8((int) (delta >>> Byte.SIZE + Short.SIZE));
            case Integer.BYTES -> out.u32((int) delta);
            case Long.BYTES -> out.u64(delta);
            default -> { }
        }
    }

    private void encodeFixed(ByteWriter out) {
        int keyLength = keyLengths[0];
        int valueLength = valueLengths[0];
        int width = trailerWidth();
        int window = windowOffset(keyLength);
        long first = hasColumn() ? window(0, window) : 0;
        long last = hasColumn() ? window(lastKeyAt, window) : 0;
        if (first == last) {
            writeFixedHeader(out, keyLength, valueLength, count, window, SstableFormat.NO_INTERPOLATION, width, minTrailer, 0, 0);
        } else {
            int column = columnWidth(window, first, last);
            writeFixedHeader(out, keyLength, valueLength, count, window, interpolationError(window, first, last),
                    width | SstableFormat.columnFlags(column), minTrailer, first, last);
            int shift = DataBlock.columnShift(first, last, column * Byte.SIZE);
            for (int i = 0, at = 0; i < count; i++, at += keyLength + valueLength) {
                int shortened = (int) (window(at, window) - first >>> shift);
                switch (column) {
                    case Byte.BYTES -> out.u8(shortened);
                    case Short.BYTES -> out.u16(shortened);
                    default -> out.u32(shortened);
                }
            }
        }
        int at = 0;
        for (int i = 0; i < count; i++) {
            out.raw(staged, Memory.ARRAY_BASE + at, keyLength);
            putTrailer(out, width, trailers[i] - minTrailer);
            out.raw(staged, Memory.ARRAY_BASE + at + keyLength, valueLength);
            at += keyLength + valueLength;
        }
    }

    /**
     * Bytes of an entry of the column: two where they tell all windows apart that four do. In a block that will be compressed, of which a column is what
     * compresses least, one where it tells nearly all apart: the few others are found by their keys.
     */
    private int columnWidth(int window, long first, long last) {
        if (compressed && notToldApart(window, first, last, Byte.SIZE) <= count / ONE_IN_NOT_TOLD_APART) {
            return Byte.BYTES;
        }
        return notToldApart(window, first, last, Short.SIZE) == 0 ? Short.BYTES : Integer.BYTES;
    }

    /** How many windows a column of so many bits has as equal to their predecessors, though one of 32 bits tells them apart. */
    private int notToldApart(int window, long first, long last, int bits) {
        int narrow = DataBlock.columnShift(first, last, bits);
        int wide = DataBlock.columnShift(first, last, Integer.SIZE);
        int stride = keyLengths[0] + valueLengths[0];
        long before = 0;
        int same = 0;
        for (int i = 1, at = stride; i < count; i++, at += stride) {
            long now = window(at, window) - first;
            same += now >>> narrow == before >>> narrow && now >>> wide != before >>> wide ? 1 : 0;
            before = now;
        }
        return same;
    }

    /** A column pays where looking at a record means another line of the processor's cache. */
    private boolean hasColumn() {
        return keyLengths[0] >= SstableFormat.WINDOW_SIZE && count >= SMALLEST_WITH_COLUMN
                && keyLengths[0] + valueLengths[0] >= NARROWEST_WITH_COLUMN;
    }

    private static void writeFixedHeader(ByteWriter out, int keyLength, int valueLength, int count, int window, int error, int width,
            long baseTrailer, long firstWindow, long lastWindow) {
        out.u8(SstableFormat.LAYOUT_FIXED).u8(width).u16(keyLength).u32(valueLength).u32(count).u16(window).u16(error)
                .u64(baseTrailer).u64(firstWindow).u64(lastWindow);
    }

    /** Header of a FIXED block that needs no searching: of one value that is too large to be collected, or of none. */
    static void writePlainHeader(ByteWriter out, int keyLength, int valueLength, int count, long baseTrailer) {
        writeFixedHeader(out, keyLength, valueLength, count, 0, SstableFormat.NO_INTERPOLATION, 0, baseTrailer, 0, 0);
    }

    private long window(int keyAt, int window) {
        return Memory.getLongBigEndian(staged, Memory.ARRAY_BASE + keyAt + window);
    }

    /** Where in the keys the eight bytes begin that tell most of them apart: after what all of them share. */
    private int windowOffset(int keyLength) {
        int shared = Memory.mismatch(staged, Memory.ARRAY_BASE, staged, Memory.ARRAY_BASE + lastKeyAt, keyLength);
        return Math.max(0, Math.min(shared, keyLength - SstableFormat.WINDOW_SIZE));
    }

    /** How far a straight line from the first to the last window misses the true place of an entry, at most. */
    private int interpolationError(int window, long first, long last) {
        int stride = keyLengths[0] + valueLengths[0];
        double slope = DataBlock.slope(first, last, count);
        int worst = 0;
        int limit = count / 8;
        for (int i = 0, at = 0; i < count && worst <= limit; i++, at += stride) {
            worst = Math.max(worst, Math.abs(DataBlock.guess(window(at, window), first, slope) - i));
        }
        return worst <= limit ? worst : SstableFormat.NO_INTERPOLATION;
    }

    private void encodePrefix(ByteWriter out) {
        int width = trailerWidth();
        int restartCount = (count + restartInterval - 1) / restartInterval;
        int start = out.size();
        out.u8(SstableFormat.LAYOUT_PREFIX).u8(width).u16(0).u32(restartCount).u32(count).u32(0).u64(minTrailer);
        if (restarts.length < restartCount) {
            restarts = new int[Math.max(restartCount, restarts.length * 2)];
        }
        int at = 0;
        int previous = 0;
        for (int i = 0; i < count; i++) {
            int keyLength = keyLengths[i];
            int shared = 0;
            if (i % restartInterval == 0) {
                restarts[i / restartInterval] = out.size() - start;
            } else {
                shared = Memory.mismatch(staged, Memory.ARRAY_BASE + previous, staged, Memory.ARRAY_BASE + at,
                        Math.min(keyLength, keyLengths[i - 1]));
            }
            out.varint(shared).varint(keyLength - shared).varint(valueLengths[i]);
            putTrailer(out, width, trailers[i] - minTrailer);
            out.raw(staged, Memory.ARRAY_BASE + at + shared, keyLength - shared + valueLengths[i]);
            previous = at;
            at += keyLength + valueLengths[i];
        }
        for (int i = 0; i < restartCount; i++) {
            out.u32(restarts[i]);
        }
    }
}
