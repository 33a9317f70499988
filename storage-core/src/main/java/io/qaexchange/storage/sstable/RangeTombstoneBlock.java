package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Decodes the block of range tombstones; {@link SstableWriter} has the format. Stateless. */
final class RangeTombstoneBlock {
    private RangeTombstoneBlock() {}

    /** @param offset of the block in the file, for messages */
    static RangeTombstoneList decode(byte[] payload, Path file, long offset) throws CorruptionException {
        ByteReader in = new ByteReader(payload, file, offset + SstableFormat.FRAME_HEADER_SIZE);
        int count = in.varint32();
        List<RangeTombstone> tombstones = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tombstones.add(new RangeTombstone(KeyRange.of(in.bytes(), in.bytes()), in.varint()));
        }
        if (in.hasRemaining()) {
            throw in.corrupt("range tombstones are followed by " + in.remaining() + " bytes");
        }
        return RangeTombstoneList.of(tombstones);
    }
}
