package io.qaexchange.job.model.ledger;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Values of the ledger's state to bytes and back; every value begins with its own format version. One thread: its buffers are reused. */
public final class StateBytes {

    private static final int INITIAL_BYTES = 256;

    private final DataOutputSerializer out = new DataOutputSerializer(INITIAL_BYTES);
    private final DataInputDeserializer in = new DataInputDeserializer();

    /** Writes a value. */
    public interface Writer {
        public void write(DataOutput out) throws IOException;
    }

    /** Reads a value. */
    public interface Reader<T> {
        public T read(DataInput in) throws IOException;
    }

    public byte[] write(Writer value) throws IOException {
        out.clear();
        value.write(out);
        return out.getCopyOfBuffer();
    }

    public <T> T read(byte[] bytes, Reader<T> reader) throws IOException {
        in.setBuffer(bytes);
        return reader.read(in);
    }
}
