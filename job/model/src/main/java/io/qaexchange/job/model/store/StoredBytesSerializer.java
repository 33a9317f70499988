package io.qaexchange.job.model.store;

import io.qaexchange.events.flink.ImmutableSerializer;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Byte arrays that nobody changes once they are stored, so that heap state need not copy them. Length, then bytes. */
public final class StoredBytesSerializer extends ImmutableSerializer<byte[]> {
    /** Bytes before the array where one is the value of a map and is read as it is stored: a byte for null, and the length. */
    public static final int MAP_VALUE_HEAD = 1 + Integer.BYTES;

    private static final long serialVersionUID = 1L;

    public StoredBytesSerializer() {
        super(byte[].class);
    }

    @Override
    public void serialize(byte[] bytes, DataOutputView target) throws IOException {
        target.writeInt(bytes.length);
        target.write(bytes);
    }

    @Override
    public byte[] deserialize(DataInputView source) throws IOException {
        byte[] bytes = new byte[source.readInt()];
        source.readFully(bytes);
        return bytes;
    }

    @Override
    public TypeSerializerSnapshot<byte[]> snapshotConfiguration() {
        return new Snapshot();
    }

    /** Serializer snapshot; read by Flink. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<byte[]> {
        public Snapshot() {
            super(StoredBytesSerializer::new);
        }
    }
}
