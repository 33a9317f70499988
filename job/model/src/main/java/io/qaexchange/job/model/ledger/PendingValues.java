package io.qaexchange.job.model.ledger;

import java.io.DataOutput;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * The values of an instrument that were not written one by one before a checkpoint, as one value.
 *
 * <pre>
 *   format version u8 = 1 · count i32 · for each: id UTF · present u8 · the value, if present
 * </pre>
 *
 * <p>One that is not present was removed. Stateless.
 */
public final class PendingValues {

    private static final int FORMAT_VERSION = 1;

    private PendingValues() {
    }

    /** The header before the values. */
    public static void writeCount(int count, DataOutput out) throws IOException {
        out.writeByte(FORMAT_VERSION);
        out.writeInt(count);
    }

    public static <V> void write(String id, @Nullable V value, ValueCodec<V> codec, DataOutput out) throws IOException {
        out.writeUTF(id);
        out.writeBoolean(value != null);
        if (value != null) {
            codec.write(value, out);
        }
    }

    /**
     * All of them by id, null for what was removed.
     *
     * @throws IOException if a newer build wrote them
     */
    public static <V> Map<String, V> read(byte[] stored, ValueCodec<V> codec, StateBytes bytes) throws IOException {
        return bytes.read(stored, in -> {
            int version = in.readByte();
            if (version != FORMAT_VERSION) {
                throw new IOException("pending values of an instrument have format version " + version + ", this build knows " + FORMAT_VERSION);
            }
            int count = in.readInt();
            Map<String, V> values = new HashMap<>();
            for (int i = 0; i < count; i++) {
                String id = in.readUTF();
                values.put(id, in.readBoolean() ? codec.read(in) : null);
            }
            return values;
        });
    }
}
