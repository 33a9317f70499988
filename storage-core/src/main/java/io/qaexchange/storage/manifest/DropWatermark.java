package io.qaexchange.storage.manifest;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;

/**
 * Keys of {@code range} whose event time is before {@code eventTime} are dropped, for readers from {@code sequence} on. Immutable.
 *
 * @param range has an upper end
 */
public record DropWatermark(int family, KeyRange range, long eventTime, long sequence) {
    /**
     * The drop watermark that a logged operation sets.
     *
     * @param value event time (i64) and the range's upper end
     */
    public static DropWatermark ofOperation(int family, Slice lower, Slice value, long sequence) {
        byte[] upper = value.subslice(Long.BYTES, value.length() - Long.BYTES).toByteArray();
        return new DropWatermark(family, new KeyRange(lower.toByteArray(), upper), value.getLong(0), sequence);
    }

    /** Whether this drop watermark hides all that an older one hides. */
    public boolean supersedes(DropWatermark older) {
        return family == older.family && sequence > older.sequence && eventTime >= older.eventTime && range.contains(older.range);
    }

    void encode(ByteWriter to) {
        to.varint(family).bytes(range.lower()).bytes(range.upper()).u64(eventTime).varint(sequence);
    }

    static DropWatermark decode(ByteReader from) throws CorruptionException {
        return new DropWatermark(from.varint32(), new KeyRange(from.bytes(), from.bytes()), from.u64(), from.varint());
    }
}
