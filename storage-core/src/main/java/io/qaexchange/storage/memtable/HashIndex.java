package io.qaexchange.storage.memtable;

import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Key records of one family by the hash of their key, beside the tree that knows their order: a key is found, or found to be missing, with
 * one line of memory instead of a node for each of its last bytes.
 *
 * <p>Extendible hashing (Fagin et al., TODS 1979): the upper bits of the hash choose an entry of the directory, the lower ones where
 * in its segment to begin; a segment that is three quarters full is copied into two. So no write pays for more than one segment, and readers
 * need no locks: a segment that was replaced still holds every key that was there before.
 *
 * <p>Segments lie in the index arena, made when first needed, 8-byte aligned:
 * <pre>
 *    0   4  number of keys
 *    4   4  depth: how many upper bits of the hash its keys share
 *    8   4  1 if there are keys that found no room: 97 of them with a hash of which 20 bits and more are alike
 *   12   4  unused
 *   16   …  128 slots
 *
 *   slot
 *    0   4  key record, 0 = free
 *    4   4  hash
 *    8   4  newest version: perhaps no longer, so only a hint
 *   12   4  unused
 * </pre>
 *
 * <p>The hint lets the version and the key record be fetched from memory at the same time instead of one after the other.
 *
 * <p>One writer, any number of readers. A reader that only wants what was published before its snapshot misses nothing.
 */
final class HashIndex {
    private static final int SLOTS = 128;
    private static final int MOST_KEYS = 96;
    private static final int SLOT_BYTES = 16;
    private static final int COUNT = 0;
    private static final int DEPTH = 4;
    private static final int FULL = 8;
    private static final int FIRST_SLOT = 16;
    private static final int NEWEST = 8;
    private static final int SEGMENT_BYTES = FIRST_SLOT + SLOTS * SLOT_BYTES;
    private static final int MOST_DEPTH = 20;

    /** Said of keys that only the tree knows about. */
    static final int UNKNOWN = -1;

    /** The most memory that a write of one key takes from the arena. */
    static final int MOST_BYTES_OF_ONE = 2 * SEGMENT_BYTES;
    /** Keys for which a segment made by a split has space at least, on the average of hashes. */
    private static final int ROOM_AFTER_SPLIT = MOST_KEYS / 4;

    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(int[].class);

    private final Arena arena;
    private final RecordArena records;
    /** Segments by the upper bits of the hash, 0 = none yet; as many as a power of two. Replaced when it grows. */
    private volatile int[] directory;
    /** Entries of the directory without a segment; the writer's. */
    private int empty;

    /** @param expectedKeys the directory is made for so many at once: mostly no segment is copied until there are more */
    HashIndex(Arena arena, RecordArena records, int expectedKeys) {
        this.arena = arena;
        this.records = records;
        int depth = 0;
        while (depth < MOST_DEPTH && (long) MOST_KEYS * 2 / 3 << depth < expectedKeys) {
            depth++;
        }
        directory = new int[1 << depth];
        empty = directory.length;
    }

    /** The most memory that writes of this many keys take from the arena; the writer's thread only. */
    long mostBytes(int writes) {
        return (2L + Math.min(writes, empty) + writes / ROOM_AFTER_SPLIT * 2L) * SEGMENT_BYTES;
    }

    /** The table by which keys are found. */
    static int hash(Slice key) {
        return (int) Memory.hash(key.base(), key.address(), key.length());
    }

    /** The key's record, 0 if there is none, or {@link #UNKNOWN}. */
    int find(int hash, Object keyBase, long keyAddress, int keyLength) {
        int[] segments = directory;
        int segment = (int) ENTRY.getAcquire(segments, place(hash, segments.length));
        if (segment == 0) {
            return 0;
        }
        Object base = arena.base(segment);
        long slots = arena.address(segment) + FIRST_SLOT;
        for (int at = hash;; at++) {
            long slot = slots + (long) (at & SLOTS - 1) * SLOT_BYTES;
            long entry = Memory.getLongAcquire(base, slot);
            if (entry == 0) {
                return Memory.getIntAcquire(base, slots - FIRST_SLOT + FULL) == 0 ? 0 : UNKNOWN;
            }
            if ((int) (entry >>> Integer.SIZE) == hash) {
                int record = (int) entry;
                // No trailer is 0: it is only looked at so that its line is on its way while the keys are compared.
                long trailer = records.trailer(Memory.getIntAcquire(base, slot + NEWEST));
                if (records.keyEquals(record, keyBase, keyAddress, keyLength) && trailer != 0) {
                    return record;
                }
            }
        }
    }

    /** Notes a further version of a key that is in the index. */
    void setNewest(int hash, int record, int version) {
        int[] segments = directory;
        int segment = segments[place(hash, segments.length)];
        Object base = arena.base(segment);
        long slots = arena.address(segment) + FIRST_SLOT;
        for (int at = hash;; at++) {
            long slot = slots + (long) (at & SLOTS - 1) * SLOT_BYTES;
            if ((int) Memory.getLong(base, slot) == record) {
                Memory.putIntRelease(base, slot + NEWEST, version);
                return;
            }
        }
    }

    /** @param record of a key that is not in the index */
    void add(int hash, int record) {
        int segment = segmentWithRoom(hash);
        if (segment != 0) {
            put(segment, hash, record, records.newest(record));
        }
    }

    /** 0 if there is no room, which the segment is then marked with. */
    private int segmentWithRoom(int hash) {
        while (true) {
            int[] segments = directory;
            int place = place(hash, segments.length);
            int segment = segments[place];
            if (segment == 0) {
                segment = newSegment(Integer.numberOfTrailingZeros(segments.length));
                ENTRY.setRelease(segments, place, segment);
                empty--;
                return segment;
            }
            Object base = arena.base(segment);
            long address = arena.address(segment);
            if (Memory.getInt(base, address + COUNT) < MOST_KEYS) {
                return segment;
            }
            if (Memory.getInt(base, address + DEPTH) == MOST_DEPTH) {
                Memory.putIntRelease(base, address + FULL, 1);
                return 0;
            }
            split(segment, hash);
        }
    }

    private int newSegment(int depth) {
        int segment = arena.allocate(SEGMENT_BYTES);
        Object base = arena.base(segment);
        long at = arena.address(segment);
        Memory.fill(base, at, SEGMENT_BYTES, (byte) 0);
        Memory.putInt(base, at + DEPTH, depth);
        return segment;
    }

    private void put(int segment, int hash, int record, int newest) {
        Object base = arena.base(segment);
        long address = arena.address(segment);
        long slots = address + FIRST_SLOT;
        int at = hash & SLOTS - 1;
        while (Memory.getLong(base, slots + (long) at * SLOT_BYTES) != 0) {
            at = at + 1 & SLOTS - 1;
        }
        long slot = slots + (long) at * SLOT_BYTES;
        Memory.putInt(base, slot + NEWEST, newest);
        Memory.putLongRelease(base, slot, (long) hash << Integer.SIZE | record);
        Memory.putInt(base, address + COUNT, Memory.getInt(base, address + COUNT) + 1);
    }

    /** Copies a full segment into two, by the next bit of the hash. Readers of the old one find what they found before. */
    private void split(int segment, int hash) {
        Object base = arena.base(segment);
        long address = arena.address(segment);
        int depth = Memory.getInt(base, address + DEPTH);
        int low = newSegment(depth + 1);
        int high = newSegment(depth + 1);
        for (int i = 0; i < SLOTS; i++) {
            long slot = address + FIRST_SLOT + (long) i * SLOT_BYTES;
            long entry = Memory.getLong(base, slot);
            if (entry != 0) {
                int of = (int) (entry >>> Integer.SIZE);
                boolean isHigh = (of >>> Integer.SIZE - 1 - depth & 1) != 0;
                put(isHigh ? high : low, of, (int) entry, Memory.getInt(base, slot + NEWEST));
            }
        }
        if (1 << depth == directory.length) {
            empty *= 2;
            directory = doubled(directory);
        }
        int[] segments = directory;
        int width = segments.length >>> depth;
        int first = place(hash, segments.length) & -width;
        for (int i = 0; i < width; i++) {
            ENTRY.setRelease(segments, first + i, i < width / 2 ? low : high);
        }
    }

    private static int[] doubled(int[] segments) {
        int[] twice = new int[2 * segments.length];
        for (int i = 0; i < twice.length; i++) {
            twice[i] = segments[i / 2];
        }
        return twice;
    }

    /** Where the directory leads a hash: its upper bits. */
    private static int place(int hash, int directorySize) {
        return (int) ((hash & 0xffffffffL) * directorySize >>> Integer.SIZE);
    }
}
