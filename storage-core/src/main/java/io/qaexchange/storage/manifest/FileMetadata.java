package io.qaexchange.storage.manifest;

import io.qaexchange.storage.CorruptionException;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.memory.Slice;

/**
 * What the manifest knows of an sstable without opening it. Immutable; the arrays must not be changed.
 *
 * @param number names the file; unique within the store for ever
 * @param sizeBytes on disk
 * @param entries versions and tombstones, without range tombstones
 * @param deletes entries that are tombstones
 * @param rangeTombstones number of range deletions
 * @param rawBytes keys and values before compression
 * @param smallest first user key, range deletions included
 * @param largest last user key, inclusive; of a range deletion, its upper end
 * @param minSequence smallest sequence number of an entry or range deletion
 * @param maxSequence largest
 * @param minEventTime smallest event time in ns, {@code Long.MAX_VALUE} if the keys have none
 * @param maxEventTime largest, {@code Long.MIN_VALUE} if the keys have none
 */
public record FileMetadata(
        long number,
        long sizeBytes,
        long entries,
        long deletes,
        long rangeTombstones,
        long rawBytes,
        byte[] smallest,
        byte[] largest,
        long minSequence,
        long maxSequence,
        long minEventTime,
        long maxEventTime) {

    void encode(ByteWriter to) {
        to.varint(number).varint(sizeBytes).varint(entries).varint(deletes).varint(rangeTombstones).varint(rawBytes);
        to.bytes(smallest).bytes(largest).varint(minSequence).varint(maxSequence).u64(minEventTime).u64(maxEventTime);
    }

    static FileMetadata decode(ByteReader from) throws CorruptionException {
        return new FileMetadata(from.varint(), from.varint(), from.varint(), from.varint(), from.varint(), from.varint(),
                from.bytes(), from.bytes(), from.varint(), from.varint(), from.u64(), from.u64());
    }

    public boolean hasEventTimes() {
        return minEventTime <= maxEventTime;
    }

    @Override
    public String toString() {
        return String.format("%06d.sst %d B, %d entries [%s..%s] #%d..%d", number, sizeBytes, entries, Slice.printable(smallest),
                Slice.printable(largest), minSequence, maxSequence);
    }
}
