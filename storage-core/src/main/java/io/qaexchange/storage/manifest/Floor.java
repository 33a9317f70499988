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
public record Floor(int family, KeyRange range, long eventTime, long sequence) {
    /**
     * The floor that a logged operation sets.
     *
     * @param value event time (i64) and the range's upper end
     */
    public static Floor ofOperation(int family, Slice lower, Slice value, long sequence) {
        byte[] upper = value.subslice(Long.BYTES, value.length() - Long.BYTES).toByteArray();
        return new Floor(family, new KeyRange(lower.toByteArray(), upper), value.getLong(0), sequence);
    }

    /** Whether this floor hides all that an older one hides. */
    public boolean supersedes(Floor older) {
        return family == older.family && sequence > older.sequence && eventTime >= older.eventTime && range.contains(older.range);
    }

    void encode(ByteWriter to) {
        to.varint(family).bytes(range.lower()).bytes(range.upper()).u64(eventTime).varint(sequence);
    }

    static Floor decode(ByteReader from) throws CorruptionException {
        return new Floor(from.varint32(), new KeyRange(from.bytes(), from.bytes()), from.u64(), from.varint());
    }
}
