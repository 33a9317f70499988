package io.qaexchange.storage.wal;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/** The operations inside a logged batch; {@link io.qaexchange.storage.WriteBatch} tells their layout. */
public final class Operations {
    /** Takes the operations of a batch, in order. */
    @FunctionalInterface
    public interface Sink {
        /** @param key and {@code value} are views, good during the call; the value of a DELETE is empty */
        void accept(int kind, int family, Slice key, Slice value) throws IOException;
    }

    private Operations() {}

    /** Writes one operation. */
    public static void encode(ByteWriter to, int kind, int family, Slice key, Slice value) {
        to.u8(kind).varint(family).bytes(key);
        if (kind != ValueKind.DELETE) {
            to.bytes(value);
        }
    }

    /** Reads {@code count} operations; damage and unknown kinds are errors. */
    public static void decode(ByteReader from, int count, Sink sink) throws IOException {
        Slice key = new Slice();
        Slice value = new Slice();
        for (int i = 0; i < count; i++) {
            int kind = from.u8();
            if (kind > ValueKind.DROP_BEFORE) {
                throw from.corrupt("unknown operation " + kind);
            }
            int family = from.varint32();
            from.slice(key);
            if (kind == ValueKind.DELETE) {
                value.clear();
            } else {
                from.slice(value);
            }
            if (kind == ValueKind.DROP_BEFORE && value.length() < Long.BYTES) {
                throw from.corrupt("drop-before without a time");
            }
            sink.accept(kind, family, key, value);
        }
    }
}
