package io.qaexchange.storage.sstable;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;

/** Counts what goes into an sstable. One thread. */
final class SstableStatistics {
    private final int eventTimeFromEnd;
    private final int writeTimeOffset;
    private final long[] byKind = new long[ValueKind.APPEND + 1];
    private long distinctKeys;
    private long rangeTombstones;
    private byte[] smallestKey;
    private byte[] largestKey = new byte[64];
    private int largestKeyLength;
    private boolean sameKeyLength = true;
    private KeyRange tombstoneHull;
    private long smallestSequence = Long.MAX_VALUE;
    private long largestSequence;
    private long minTime = Long.MAX_VALUE;
    private long maxTime = Long.MIN_VALUE;
    private long blockMinTime = Long.MAX_VALUE;
    private long blockMaxTime = Long.MIN_VALUE;
    private long minWriteMillis = Long.MAX_VALUE;
    private long maxWriteMillis = Long.MIN_VALUE;
    private long rawKeyBytes;
    private long rawValueBytes;
    private long dataBytes;
    private long fixedBlocks;
    private long prefixBlocks;
    private long tombstoneRun;
    private long longestTombstoneRun;

    SstableStatistics(SstableOptions options) {
        eventTimeFromEnd = options.eventTimeFromEnd();
        writeTimeOffset = options.writeTimeOffset();
    }

    void add(Slice key, long trailer, Slice value, boolean newKey) {
        if (smallestKey == null) {
            smallestKey = key.toByteArray();
        }
        if (newKey) {
            distinctKeys++;
        }
        int kind = Trailer.kind(trailer);
        byKind[kind]++;
        if (kind != ValueKind.DELETE) {
            tombstoneRun = 0;
        } else if (newKey) {
            longestTombstoneRun = Math.max(longestTombstoneRun, ++tombstoneRun);
        }
        rawKeyBytes += key.length();
        rawValueBytes += value.length();
        sequence(Trailer.sequence(trailer));
        sameKeyLength &= largestKeyLength == 0 || largestKeyLength == key.length();
        largestKeyLength = key.length();
        if (largestKey.length < largestKeyLength) {
            largestKey = new byte[Math.max(largestKeyLength, largestKey.length * 2)];
        }
        key.copyTo(largestKey, 0);
        eventTime(key);
        if (writeTimeOffset >= 0 && kind != ValueKind.DELETE) {
            writeTime(value);
        }
    }

    private void writeTime(Slice value) {
        if (value.length() >= writeTimeOffset + Long.BYTES) {
            long millis = value.getLongBigEndian(writeTimeOffset);
            minWriteMillis = Math.min(minWriteMillis, millis);
            maxWriteMillis = Math.max(maxWriteMillis, millis);
        } else {
            maxWriteMillis = Long.MAX_VALUE;
        }
    }

    private void eventTime(Slice key) {
        if (EventTime.isPresent(key.length(), eventTimeFromEnd)) {
            long time = EventTime.of(key.base(), key.address(), key.length(), eventTimeFromEnd);
            blockMinTime = Math.min(blockMinTime, time);
            blockMaxTime = Math.max(blockMaxTime, time);
        } else {
            blockMinTime = EventTime.UNKNOWN_MIN;
            blockMaxTime = EventTime.UNKNOWN_MAX;
        }
    }

    void add(RangeTombstone tombstone) {
        rangeTombstones++;
        sequence(tombstone.sequence());
        tombstoneHull = hull(tombstoneHull, tombstone.range());
    }

    private static KeyRange hull(KeyRange a, KeyRange b) {
        if (a == null) {
            return b;
        }
        return KeyRange.of(Slice.compare(a.lower(), b.lower()) <= 0 ? a.lower() : b.lower(),
                KeyRange.compareUpper(a.upper(), b.upper()) >= 0 ? a.upper() : b.upper());
    }

    private void sequence(long sequence) {
        smallestSequence = Math.min(smallestSequence, sequence);
        largestSequence = Math.max(largestSequence, sequence);
    }

    void blockWritten(int size) {
        dataBytes += size;
    }

    void blockFinished(int layout) {
        if (layout == SstableFormat.LAYOUT_FIXED) {
            fixedBlocks++;
        } else {
            prefixBlocks++;
        }
        minTime = Math.min(minTime, blockMinTime);
        maxTime = Math.max(maxTime, blockMaxTime);
    }

    /** Smallest event time since the last time this was asked. */
    long takeBlockMinTime() {
        long taken = blockMinTime;
        blockMinTime = Long.MAX_VALUE;
        return taken;
    }

    long takeBlockMaxTime() {
        long taken = blockMaxTime;
        blockMaxTime = Long.MIN_VALUE;
        return taken;
    }

    long entries() {
        return byKind[ValueKind.PUT] + byKind[ValueKind.DELETE] + byKind[ValueKind.APPEND];
    }

    long fixedBlocks() {
        return fixedBlocks;
    }

    long prefixBlocks() {
        return prefixBlocks;
    }

    SstableMetadata metadata(long fileSize) {
        boolean keyed = entries() > 0;
        byte[] largest = keyed ? Arrays.copyOf(largestKey, largestKeyLength) : null;
        KeyRange range = tombstoneHull;
        if (keyed) {
            // The next key after the largest one is itself with a zero byte.
            range = hull(range, KeyRange.of(smallestKey, Arrays.copyOf(largest, largest.length + 1)));
        } else if (range == null) {
            range = KeyRange.of(new byte[0], new byte[0]);
        }
        boolean any = keyed || rangeTombstones > 0;
        return new SstableMetadata(fileSize, entries(), distinctKeys, byKind[ValueKind.PUT], byKind[ValueKind.DELETE],
                byKind[ValueKind.APPEND], rangeTombstones, smallestKey, largest, range, any ? smallestSequence : 0, largestSequence,
                keyed ? minTime : EventTime.UNKNOWN_MIN, keyed ? maxTime : EventTime.UNKNOWN_MAX, rawKeyBytes, rawValueBytes,
                dataBytes, minWriteMillis, maxWriteMillis, keyed && sameKeyLength ? largestKeyLength : 0, longestTombstoneRun);
    }
}
