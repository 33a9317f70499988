package io.qaexchange.job.model.ledger;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Reads and writes a value of the ledger's state. Stateless. */
public interface ValueCodec<V> {

    V read(DataInput in) throws IOException;

    void write(V value, DataOutput out) throws IOException;

    /** Writes a value. */
    interface Writer<V> {
        void write(V value, DataOutput out) throws IOException;
    }

    /** A codec of two functions. */
    static <V> ValueCodec<V> of(StateBytes.Reader<V> reader, Writer<V> writer) {
        return new ValueCodec<>() {
            @Override
            public V read(DataInput in) throws IOException {
                return reader.read(in);
            }

            @Override
            public void write(V value, DataOutput out) throws IOException {
                writer.write(value, out);
            }
        };
    }
}
