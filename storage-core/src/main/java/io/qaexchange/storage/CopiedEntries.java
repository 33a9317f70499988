package io.qaexchange.storage;

import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;

/**
 * A few entries whose keys begin with the same bytes, copied out of a store by {@link StoreReader#copy}: of each, what stands after the
 * prefix, then the value, all in one array.
 *
 * <p>Sources of different age are copied one by one and merged; tombstones stand among the entries until all are. Only the engine adds.
 *
 * <p>One thread.
 */
public final class CopiedEntries {
    /** So many entries fit. */
    public static final int MOST = Long.SIZE;
    /** With the entry that passes this, it is full. No single value is larger. */
    private static final int MOST_BYTES = 32 << 10;

    private byte[] bytes = new byte[1024];
    /** Where each entry's rest of the key, and its value, end; each begins where the one before ends. */
    private final int[] ends = new int[2 * MOST];
    private int count;
    private int used;
    /** A bit for each entry that is a tombstone. */
    private long deleted;
    private int prefixLength;
    private boolean withValues;

    /** Forgets what is there. @param withValuesToo false if values are not wanted: they are empty then */
    public void begin(int prefixBytes, boolean withValuesToo) {
        prefixLength = prefixBytes;
        withValues = withValuesToo;
        count = 0;
        used = 0;
        deleted = 0;
    }

    /**
     * Adds an entry after the others.
     *
     * @return false if it does not fit, or is one whose value has to be joined with others
     */
    public boolean add(Slice key, long trailer, Slice value) {
        int kind = Trailer.kind(trailer);
        if (count == MOST || used > MOST_BYTES || kind != ValueKind.PUT && kind != ValueKind.DELETE) {
            return false;
        }
        int keyBytes = key.length() - prefixLength;
        int valueBytes = withValues && kind == ValueKind.PUT ? value.length() : 0;
        if (valueBytes > MOST_BYTES) {
            return false;
        }
        int end = used + keyBytes + valueBytes;
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
        }
        Memory.copy(key.base(), key.address() + prefixLength, bytes, Memory.ARRAY_BASE + used, keyBytes);
        Memory.copy(value.base(), value.address(), bytes, Memory.ARRAY_BASE + used + keyBytes, valueBytes);
        if (kind == ValueKind.DELETE) {
            deleted |= 1L << count;
        }
        ends[2 * count] = used + keyBytes;
        used = end;
        ends[2 * count + 1] = used;
        count++;
        return true;
    }

    /** Whether the entry that was added last has this key. */
    public boolean endsWith(Slice key) {
        int length = key.length() - prefixLength;
        int from = count < 2 ? 0 : ends[2 * count - 3];
        return count > 0 && ends[2 * count - 2] - from == length
                && Memory.equal(bytes, Memory.ARRAY_BASE + from, key.base(), key.address() + prefixLength, length);
    }

    /** Becomes what two others are together; of a key that both have, the newer entry stands. @return false if that is too much */
    public boolean merge(CopiedEntries newer, CopiedEntries older) {
        begin(newer.prefixLength, newer.withValues);
        if (bytes.length < newer.used + older.used) {
            bytes = new byte[newer.used + older.used];
        }
        int atOlder = 0;
        int fromNewer = 0;
        int fromOlder = 0;
        for (int atNewer = 0; atNewer < newer.count; atNewer++) {
            int keyEnd = newer.ends[2 * atNewer];
            int order = -1;
            while (atOlder < older.count && order < 0) {
                order = compare(older.bytes, fromOlder, older.ends[2 * atOlder], newer.bytes, fromNewer, keyEnd);
                if (order < 0 && !take(older, atOlder, fromOlder)) {
                    return false;
                }
                if (order <= 0) {
                    fromOlder = older.ends[2 * atOlder++ + 1];
                }
            }
            if (!take(newer, atNewer, fromNewer)) {
                return false;
            }
            fromNewer = newer.ends[2 * atNewer + 1];
        }
        for (; atOlder < older.count; atOlder++) {
            if (!take(older, atOlder, fromOlder)) {
                return false;
            }
            fromOlder = older.ends[2 * atOlder + 1];
        }
        return true;
    }

    private static int compare(byte[] a, int fromA, int endA, byte[] b, int fromB, int endB) {
        if (endA - fromA == Long.BYTES && endB - fromB == Long.BYTES) {
            return Long.compareUnsigned(Memory.getLongBigEndian(a, Memory.ARRAY_BASE + fromA), Memory.getLongBigEndian(b, Memory.ARRAY_BASE + fromB));
        }
        return Memory.compare(a, Memory.ARRAY_BASE + fromA, endA - fromA, b, Memory.ARRAY_BASE + fromB, endB - fromB);
    }

    /** Adds an entry of another, for which there is room in the array. */
    private boolean take(CopiedEntries other, int i, int from) {
        if (count == MOST || used > MOST_BYTES) {
            return false;
        }
        int length = other.ends[2 * i + 1] - from;
        Memory.copy(other.bytes, Memory.ARRAY_BASE + from, bytes, Memory.ARRAY_BASE + used, length);
        deleted |= (other.deleted >>> i & 1) << count;
        ends[2 * count] = used + other.ends[2 * i] - from;
        used += length;
        ends[2 * count + 1] = used;
        count++;
        return true;
    }

    /** Leaves out tombstones: there is nothing older. */
    public void dropDeleted() {
        if (deleted == 0) {
            return;
        }
        long tombstones = deleted;
        int all = count;
        int from = 0;
        count = 0;
        used = 0;
        deleted = 0;
        for (int i = 0; i < all; i++) {
            int keyEnd = ends[2 * i];
            int end = ends[2 * i + 1];
            if ((tombstones >>> i & 1) == 0) {
                System.arraycopy(bytes, from, bytes, used, end - from);
                ends[2 * count] = used + keyEnd - from;
                used += end - from;
                ends[2 * count + 1] = used;
                count++;
            }
            from = end;
        }
    }

    public int count() {
        return count;
    }

    /** For every entry the part of its key after the prefix, then its value. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, used);
    }

    /** Where in that array each entry's key ends, and its value; each entry begins where the one before ends. */
    public int[] toEnds() {
        return Arrays.copyOf(ends, 2 * count);
    }
}
