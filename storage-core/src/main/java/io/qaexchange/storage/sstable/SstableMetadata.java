package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;

/**
 * The part of an sstable's properties that the store manifest keeps, so that planning reads no file. Immutable; arrays must not be changed.
 *
 * @param fileSize in bytes
 * @param entries versions of keys, tombstones included, range tombstones not
 * @param distinctKeys user keys
 * @param puts entries by kind
 * @param rangeTombstones as they were added
 * @param smallestKey user key of the first entry; null if there are no entries
 * @param largestKey user key of the last entry (inclusive); null if there are no entries
 * @param range holds all entries and all range tombstones; empty if there are neither
 * @param smallestSequence of entries and range tombstones; 0 if there are neither
 * @param minEventTime of entries; {@link EventTime#UNKNOWN_MIN} if any of them has none
 * @param maxEventTime of entries; {@link EventTime#UNKNOWN_MAX} if any of them has none
 * @param rawKeyBytes user keys as they were added
 * @param rawValueBytes values as they were added
 * @param dataBytes data blocks as they stand in the file
 * @param minWriteMillis of values that tell their time of writing; above {@code maxWriteMillis} if there are none
 * @param maxWriteMillis the same; {@link Long#MAX_VALUE} if a value does not tell
 * @param keyLength of all user keys in bytes; 0 if they differ, or it is not known
 * @param longestTombstoneRun the most tombstones of different keys one after the other; 0 if it is not known
 */
public record SstableMetadata(long fileSize, long entries, long distinctKeys, long puts, long deletes, long appends,
        long rangeTombstones, byte[] smallestKey, byte[] largestKey, KeyRange range, long smallestSequence, long largestSequence,
        long minEventTime, long maxEventTime, long rawKeyBytes, long rawValueBytes, long dataBytes, long minWriteMillis,
        long maxWriteMillis, int keyLength, long longestTombstoneRun) {
    private static final int KEYED = 1;
    private static final int WITH_WRITE_TIMES = 2;
    private static final int WITH_KEY_LENGTH = 4;
    private static final int WITH_TOMBSTONE_RUN = 8;
    private static final int ALL_FLAGS = KEYED | WITH_WRITE_TIMES | WITH_KEY_LENGTH | WITH_TOMBSTONE_RUN;

    public boolean isEmpty() {
        return entries == 0 && rangeTombstones == 0;
    }

    /** Whether every entry has an event time, so that {@link #minEventTime} and {@link #maxEventTime} say something. */
    public boolean hasEventTimes() {
        return entries > 0 && minEventTime != EventTime.UNKNOWN_MIN && maxEventTime != EventTime.UNKNOWN_MAX;
    }

    /** Whether there are values that tell their time of writing. */
    public boolean hasWriteTimes() {
        return minWriteMillis <= maxWriteMillis;
    }

    /** For a manifest: everything, in this class's own encoding. */
    public void encode(ByteWriter out) {
        out.varint(fileSize).varint(entries).varint(distinctKeys).varint(puts).varint(deletes).varint(appends)
                .varint(rangeTombstones);
        out.u8((entries > 0 ? KEYED : 0) | (hasWriteTimes() ? WITH_WRITE_TIMES : 0) | (keyLength > 0 ? WITH_KEY_LENGTH : 0)
                | (longestTombstoneRun > 0 ? WITH_TOMBSTONE_RUN : 0));
        if (entries > 0) {
            out.bytes(smallestKey).bytes(largestKey);
        }
        out.bytes(range.lower()).bytes(range.upper()).varint(smallestSequence).varint(largestSequence);
        out.u64(minEventTime).u64(maxEventTime).varint(rawKeyBytes).varint(rawValueBytes).varint(dataBytes);
        if (hasWriteTimes()) {
            out.u64(minWriteMillis).u64(maxWriteMillis);
        }
        if (keyLength > 0) {
            out.varint(keyLength);
        }
        if (longestTombstoneRun > 0) {
            out.varint(longestTombstoneRun);
        }
    }

    public static SstableMetadata decode(ByteReader in) throws CorruptionException {
        long fileSize = in.varint();
        long entries = in.varint();
        long distinctKeys = in.varint();
        long puts = in.varint();
        long deletes = in.varint();
        long appends = in.varint();
        long rangeTombstones = in.varint();
        int flags = in.u8();
        boolean keyed = (flags & KEYED) != 0;
        boolean timed = (flags & WITH_WRITE_TIMES) != 0;
        if (keyed != entries > 0 || flags > ALL_FLAGS) {
            throw in.corrupt("sstable metadata makes no sense: entries=" + entries + " flags=" + flags);
        }
        byte[] smallestKey = keyed ? in.bytes() : null;
        byte[] largestKey = keyed ? in.bytes() : null;
        KeyRange range = KeyRange.of(in.bytes(), in.bytes());
        return new SstableMetadata(fileSize, entries, distinctKeys, puts, deletes, appends, rangeTombstones, smallestKey, largestKey,
                range, in.varint(), in.varint(), in.u64(), in.u64(), in.varint(), in.varint(), in.varint(),
                timed ? in.u64() : Long.MAX_VALUE, timed ? in.u64() : Long.MIN_VALUE, (flags & WITH_KEY_LENGTH) != 0 ? in.varint32() : 0,
                (flags & WITH_TOMBSTONE_RUN) != 0 ? in.varint() : 0);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SstableMetadata metadata && Arrays.equals(encoded(), metadata.encoded());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(encoded());
    }

    private byte[] encoded() {
        ByteWriter out = new ByteWriter();
        encode(out);
        return out.toByteArray();
    }

    @Override
    public String toString() {
        return "fileSize=" + fileSize + " entries=" + entries + " distinctKeys=" + distinctKeys + " puts=" + puts + " deletes="
                + deletes + (longestTombstoneRun > 0 ? " longestTombstoneRun=" + longestTombstoneRun : "")
                + " appends=" + appends + " rangeTombstones=" + rangeTombstones
                + (entries == 0 ? "" : " keys=" + Slice.printable(smallestKey) + ".." + Slice.printable(largestKey)) + " range="
                + range + " sequences=" + smallestSequence + ".." + largestSequence
                + (hasEventTimes() ? " eventTimes=" + minEventTime + ".." + maxEventTime : "")
                + (hasWriteTimes() ? " writeMillis=" + minWriteMillis + ".." + maxWriteMillis : "");
    }
}
