package io.qaexchange.storage.manifest;

import io.qaexchange.storage.CorruptionException;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.key.KeyRange;

/**
 * Keys of {@code range} whose event time is before {@code eventTime} are dropped, for readers from {@code sequence} on. Immutable.
 *
 * @param range has an upper end
 */
public record Floor(int family, KeyRange range, long eventTime, long sequence) {
    void encode(ByteWriter to) {
        to.varint(family).bytes(range.lower()).bytes(range.upper()).u64(eventTime).varint(sequence);
    }

    static Floor decode(ByteReader from) throws CorruptionException {
        return new Floor(from.varint32(), new KeyRange(from.bytes(), from.bytes()), from.u64(), from.varint());
    }
}
