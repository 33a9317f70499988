package io.qaexchange.storage.memtable;

import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.MemoryPool;
import io.qaexchange.storage.memory.Slice;

/**
 * The records of a memtable, one after the other in the order of their sequence numbers: walked from front to back, this memory is
 * the log of what was written. All families of a store share one.
 *
 * <p>Records are 8-byte aligned; offsets in bytes, references in units of 8:
 * <pre>
 *   key record: a key's first version          version record: a later one        range record
 *     0  4  size in units, type in the low 2 bits                                  (the same in all three)
 *     4  4  family                              4  4  key record                   4  4  family
 *     8  4  next key record in key order        8  4  jump                         8  8  trailer
 *    12  4  previous key record                12  4  depth                       16  4  lower end's length
 *    16  4  newest version                     16 24  version                     20  4  value's length
 *    20  4  key length                         40  …  value                       24  …  lower end, value
 *    24 24  version
 *    48  …  key, value
 *
 *   version
 *     0  8  trailer (sequence number and kind)
 *     8  8  sequence number of the write that hides this one, 0 if none
 *    16  4  next older version, 0 if none
 *    20  4  value length
 * </pre>
 *
 * <p>Depth is how many versions of the key are older, jump one of them, so chosen that any version is found in a logarithmic number of
 * steps (Myers: "An applicative random-access stack", IPL 1983): a reader at an old snapshot does not walk through what was written since.
 * Only each eighth version is an anchor that jumps so, over anchors; the others jump to the anchor before them. To place an anchor, two versions
 * elsewhere in memory are looked at, which most writes then need not wait for.
 *
 * <p>Threads: one writer; readers follow references published with release semantics. A reader at a snapshot never needs a link that
 * was made after it, so it does not matter which of the two directions of the chain it sees first.
 */
final class RecordArena {
    static final int KEY_RECORD = 1;
    static final int VERSION_RECORD = 2;
    static final int RANGE_RECORD = 3;
    private static final int TYPE_MASK = 3;
    /** A power of two. */
    private static final int ANCHOR_EVERY = 8;

    private static final int FAMILY = 4;
    private static final int KEY_OF_VERSION = 4;
    private static final int NEXT = 8;
    private static final int PREVIOUS = 12;
    private static final int NEWEST = 16;
    private static final int KEY_LENGTH = 20;
    private static final int KEY = 48;
    /** From a record to its version, in units. */
    private static final int VERSION_IN_KEY_RECORD = 3;
    private static final int VERSION_IN_VERSION_RECORD = 2;
    /** From a version in a version record. */
    private static final int JUMP = -8;
    private static final int DEPTH = -4;

    private static final int HIDDEN_BY = 8;
    private static final int OLDER = 16;
    private static final int VALUE_LENGTH = 20;
    private static final int VERSION_BYTES = 24;

    private static final int RANGE_TRAILER = 8;
    private static final int RANGE_LOWER_LENGTH = 16;
    private static final int RANGE_VALUE_LENGTH = 20;
    private static final int RANGE_BYTES = 24;

    private final Arena arena;

    RecordArena(MemoryPool pool, int chunkBytes) {
        arena = new Arena(pool, chunkBytes);
    }

    Arena arena() {
        return arena;
    }

    Object base(int reference) {
        return arena.base(reference);
    }

    /** Bytes that a write takes at most. */
    static long sizeOf(int keyLength, int valueLength) {
        return KEY + (long) keyLength + valueLength + 2 * Arena.UNIT_BYTES;
    }

    int appendKey(int family, Slice key, long trailer, Slice value) {
        int bytes = KEY + key.length() + value.length();
        int record = arena.allocate(bytes);
        Object base = arena.base(record);
        long at = arena.address(record);
        putHeader(base, at, bytes, KEY_RECORD);
        Memory.putInt(base, at + FAMILY, family);
        Memory.putInt(base, at + NEXT, 0);
        Memory.putInt(base, at + PREVIOUS, 0);
        Memory.putInt(base, at + NEWEST, record + VERSION_IN_KEY_RECORD);
        Memory.putInt(base, at + KEY_LENGTH, key.length());
        putVersion(base, at + 8L * VERSION_IN_KEY_RECORD, trailer, 0, value.length());
        Memory.copy(key.base(), key.address(), base, at + KEY, key.length());
        Memory.copy(value.base(), value.address(), base, at + KEY + key.length(), value.length());
        return record;
    }

    /**
     * Appends a further version of a key and makes it the newest. What it hides is marked, so that a log piece can leave that out.
     *
     * @return the version
     */
    int appendVersion(int keyRecord, long trailer, Slice value) {
        int bytes = 8 * VERSION_IN_VERSION_RECORD + VERSION_BYTES + value.length();
        int record = arena.allocate(bytes);
        Object base = arena.base(record);
        long at = arena.address(record);
        Object keyBase = arena.base(keyRecord);
        long keyAddress = arena.address(keyRecord);
        int older = Memory.getInt(keyBase, keyAddress + NEWEST);
        putHeader(base, at, bytes, VERSION_RECORD);
        Memory.putInt(base, at + KEY_OF_VERSION, keyRecord);
        int first = keyRecord + VERSION_IN_KEY_RECORD;
        Memory.putInt(base, at + 8L * VERSION_IN_VERSION_RECORD + JUMP, jumpAbove(older, first));
        Memory.putInt(base, at + 8L * VERSION_IN_VERSION_RECORD + DEPTH, depth(older, first) + 1);
        putVersion(base, at + 8L * VERSION_IN_VERSION_RECORD, trailer, older, value.length());
        Memory.copy(value.base(), value.address(), base, at + 8L * VERSION_IN_VERSION_RECORD + VERSION_BYTES, value.length());
        if (Trailer.kind(trailer) != ValueKind.APPEND) {
            hide(older, Trailer.sequence(trailer));
        }
        int version = record + VERSION_IN_VERSION_RECORD;
        Memory.putIntRelease(keyBase, keyAddress + NEWEST, version);
        return version;
    }

    /** Where the version after {@code older} jumps to: as the class says, so that of most writes only {@code older} is looked at. */
    private int jumpAbove(int older, int first) {
        int olderDepth = depth(older, first);
        if (isAnchor(olderDepth)) {
            return older;
        }
        int anchor = jump(older, first);
        if (!isAnchor(olderDepth + 1)) {
            return anchor;
        }
        int jump = jump(anchor, first);
        int next = jump(jump, first);
        boolean alike = depth(anchor, first) - depth(jump, first) == depth(jump, first) - depth(next, first);
        return alike && anchor != first ? next : anchor;
    }

    private static boolean isAnchor(int depth) {
        return (depth & ANCHOR_EVERY - 1) == 0;
    }

    private int jump(int version, int first) {
        return version == first ? first : Memory.getInt(arena.base(version), arena.address(version) + JUMP);
    }

    private int depth(int version, int first) {
        return version == first ? 0 : Memory.getInt(arena.base(version), arena.address(version) + DEPTH);
    }

    /** Marks a version and the older ones after it, up to the first that is marked already: all older ones are then marked too. */
    private void hide(int version, long sequence) {
        for (int at = version; at != 0; at = older(at)) {
            Object base = arena.base(at);
            long address = arena.address(at);
            if (Memory.getLong(base, address + HIDDEN_BY) != 0) {
                return;
            }
            Memory.putLongRelease(base, address + HIDDEN_BY, sequence);
        }
    }

    void appendRange(int family, Slice lower, long trailer, Slice value) {
        int bytes = RANGE_BYTES + lower.length() + value.length();
        int record = arena.allocate(bytes);
        Object base = arena.base(record);
        long at = arena.address(record);
        putHeader(base, at, bytes, RANGE_RECORD);
        Memory.putInt(base, at + FAMILY, family);
        Memory.putLong(base, at + RANGE_TRAILER, trailer);
        Memory.putInt(base, at + RANGE_LOWER_LENGTH, lower.length());
        Memory.putInt(base, at + RANGE_VALUE_LENGTH, value.length());
        Memory.copy(lower.base(), lower.address(), base, at + RANGE_BYTES, lower.length());
        Memory.copy(value.base(), value.address(), base, at + RANGE_BYTES + lower.length(), value.length());
    }

    private static void putHeader(Object base, long at, int bytes, int type) {
        int units = (bytes + Arena.UNIT_BYTES - 1) / Arena.UNIT_BYTES;
        Memory.putInt(base, at, units << 2 | type);
    }

    private static void putVersion(Object base, long at, long trailer, int older, int valueLength) {
        Memory.putLong(base, at, trailer);
        Memory.putLong(base, at + HIDDEN_BY, 0);
        Memory.putInt(base, at + OLDER, older);
        Memory.putInt(base, at + VALUE_LENGTH, valueLength);
    }

    // The chain in key order. Heads and tails belong to the family's table, which is told through ChainEnds.

    private ChainEnds ends;

    /** Names the chain that the next links belong to; the writer switches between families. */
    void linking(ChainEnds ends) {
        this.ends = ends;
    }

    void linkFirst(int record) {
        ends.first = record;
        ends.last = record;
    }

    void linkAfter(int record, int previous) {
        link(record, previous, next(previous));
    }

    void linkBefore(int record, int next) {
        link(record, previous(next), next);
    }

    private void link(int record, int previous, int next) {
        Object base = arena.base(record);
        long at = arena.address(record);
        Memory.putInt(base, at + NEXT, next);
        Memory.putInt(base, at + PREVIOUS, previous);
        if (previous == 0) {
            ends.first = record;
        } else {
            Memory.putIntRelease(arena.base(previous), arena.address(previous) + NEXT, record);
        }
        if (next == 0) {
            ends.last = record;
        } else {
            Memory.putIntRelease(arena.base(next), arena.address(next) + PREVIOUS, record);
        }
    }

    /** First and last key record of one family, in key order. */
    static final class ChainEnds {
        /** Volatile: published to readers after the record was written. */
        volatile int first;
        volatile int last;
    }

    int next(int keyRecord) {
        return Memory.getIntAcquire(arena.base(keyRecord), arena.address(keyRecord) + NEXT);
    }

    int previous(int keyRecord) {
        return Memory.getIntAcquire(arena.base(keyRecord), arena.address(keyRecord) + PREVIOUS);
    }

    int keyLength(int keyRecord) {
        return Memory.getInt(arena.base(keyRecord), arena.address(keyRecord) + KEY_LENGTH);
    }

    long keyAddress(int keyRecord) {
        return arena.address(keyRecord) + KEY;
    }

    /** The last of so many bytes of a key. */
    byte keyByte(int keyRecord, int count) {
        return Memory.getByte(arena.base(keyRecord), keyAddress(keyRecord) + count - 1);
    }

    void keyOf(int keyRecord, Slice into) {
        into.wrap(arena.base(keyRecord), keyAddress(keyRecord), keyLength(keyRecord));
    }

    boolean keyEquals(int keyRecord, Object keyBase, long keyAddress, int keyLength) {
        Object base = arena.base(keyRecord);
        long at = arena.address(keyRecord);
        return Memory.getInt(base, at + KEY_LENGTH) == keyLength && Memory.equal(base, at + KEY, keyBase, keyAddress, keyLength);
    }

    boolean keyStartsWith(int keyRecord, Object prefixBase, long prefixAddress, int length) {
        Object base = arena.base(keyRecord);
        long at = arena.address(keyRecord);
        return Memory.getInt(base, at + KEY_LENGTH) >= length && Memory.equal(base, at + KEY, prefixBase, prefixAddress, length);
    }

    /** How many bytes from {@code depth} on the record's key has in common with a key. */
    int commonLength(int keyRecord, Object keyBase, long keyAddress, int keyLength, int depth) {
        Object base = arena.base(keyRecord);
        long at = arena.address(keyRecord);
        return Memory.mismatch(base, at + KEY + depth, keyBase, keyAddress + depth, Math.min(Memory.getInt(base, at + KEY_LENGTH), keyLength) - depth);
    }

    int compareKey(int keyRecord, Object keyBase, long keyAddress, int keyLength) {
        Object base = arena.base(keyRecord);
        long at = arena.address(keyRecord);
        return Memory.compare(base, at + KEY, Memory.getInt(base, at + KEY_LENGTH), keyBase, keyAddress, keyLength);
    }

    int newest(int keyRecord) {
        return Memory.getIntAcquire(arena.base(keyRecord), arena.address(keyRecord) + NEWEST);
    }

    /** A key's first version stands in its record. */
    int oldest(int keyRecord) {
        return keyRecord + VERSION_IN_KEY_RECORD;
    }

    /** The newest version that does not sort before the trailer; 0 if there is none. */
    int newestFrom(int keyRecord, long trailer) {
        int version = newest(keyRecord);
        if (isNotBefore(version, trailer)) {
            return version;
        }
        int newer = lastBefore(keyRecord, version, trailer);
        return older(newer);
    }

    /** The oldest version that sorts before the trailer; 0 if there is none. */
    int lastBefore(int keyRecord, long trailer) {
        int version = newest(keyRecord);
        return isNotBefore(version, trailer) ? 0 : lastBefore(keyRecord, version, trailer);
    }

    /** @param from a version that sorts before the trailer */
    private int lastBefore(int keyRecord, int from, long trailer) {
        int first = keyRecord + VERSION_IN_KEY_RECORD;
        int version = from;
        while (version != first) {
            int jump = jump(version, first);
            int older = older(version);
            if (!isNotBefore(jump, trailer)) {
                version = jump;
            } else if (!isNotBefore(older, trailer)) {
                version = older;
            } else {
                break;
            }
        }
        return version;
    }

    private boolean isNotBefore(int version, long trailer) {
        return Trailer.compare(trailer(version), trailer) >= 0;
    }

    long trailer(int version) {
        return Memory.getLong(arena.base(version), arena.address(version));
    }

    int older(int version) {
        return Memory.getInt(arena.base(version), arena.address(version) + OLDER);
    }

    void valueOf(int keyRecord, int version, Slice into) {
        Object base = arena.base(version);
        long at = arena.address(version);
        long value = at + VERSION_BYTES;
        if (version == keyRecord + VERSION_IN_KEY_RECORD) {
            value += keyLength(keyRecord);
        }
        into.wrap(base, value, Memory.getInt(base, at + VALUE_LENGTH));
    }

    // Walking in arrival order, for the log.

    int recordType(int record) {
        return Memory.getInt(arena.base(record), arena.address(record)) & TYPE_MASK;
    }

    int recordBytes(int record) {
        return (Memory.getInt(arena.base(record), arena.address(record)) >>> 2) * Arena.UNIT_BYTES;
    }

    int family(int record) {
        return Memory.getInt(arena.base(record), arena.address(record) + FAMILY);
    }

    int keyRecordOf(int record) {
        return recordType(record) == KEY_RECORD ? record : Memory.getInt(arena.base(record), arena.address(record) + KEY_OF_VERSION);
    }

    int versionOf(int record) {
        return record + (recordType(record) == KEY_RECORD ? VERSION_IN_KEY_RECORD : VERSION_IN_VERSION_RECORD);
    }

    long hiddenBy(int version) {
        return Memory.getLongAcquire(arena.base(version), arena.address(version) + HIDDEN_BY);
    }

    long rangeTrailer(int record) {
        return Memory.getLong(arena.base(record), arena.address(record) + RANGE_TRAILER);
    }

    void rangeLower(int record, Slice into) {
        Object base = arena.base(record);
        long at = arena.address(record);
        into.wrap(base, at + RANGE_BYTES, Memory.getInt(base, at + RANGE_LOWER_LENGTH));
    }

    void rangeValue(int record, Slice into) {
        Object base = arena.base(record);
        long at = arena.address(record);
        into.wrap(base, at + RANGE_BYTES + Memory.getInt(base, at + RANGE_LOWER_LENGTH), Memory.getInt(base, at + RANGE_VALUE_LENGTH));
    }
}
