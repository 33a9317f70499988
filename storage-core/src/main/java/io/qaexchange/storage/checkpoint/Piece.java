package io.qaexchange.storage.checkpoint;

import io.qaexchange.storage.CorruptionException;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;

/**
 * A range of the log, as a file. Of each key it holds the newest version in its range only, so that its operations are fewer than its
 * sequence numbers; whoever restores at its end misses nothing.
 *
 * @param name of the file, in the checkpoint's folder
 * @param firstSequence first sequence number of the range
 * @param lastSequence last one
 * @param operations how many the file holds
 * @param sizeBytes of the file
 */
public record Piece(String name, long firstSequence, long lastSequence, long operations, long sizeBytes) {
    void encode(ByteWriter to) {
        to.utf8(name).u64(firstSequence).u64(lastSequence).u64(operations).u64(sizeBytes);
    }

    static Piece decode(ByteReader from) throws CorruptionException {
        return new Piece(from.utf8(), from.u64(), from.u64(), from.u64(), from.u64());
    }
}
