package io.qaexchange.job.table;

import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.util.InstantiationUtil;

/**
 * Java's serialization, for what lives as long as one query: it is never read by another version. Stateless.
 *
 * @param <T> what is written
 */
final class JavaForm<T extends Serializable> implements SimpleVersionedSerializer<T> {

    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(T value) throws IOException {
        return InstantiationUtil.serializeObject(value);
    }

    @Override
    public T deserialize(int version, byte[] bytes) throws IOException {
        if (version != VERSION) {
            throw new IOException("state of a query over hot and cold rows has version " + version + ", this build reads " + VERSION);
        }
        try {
            return InstantiationUtil.deserializeObject(bytes, JavaForm.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IOException("state of a query over hot and cold rows is of another build: " + e.getMessage(), e);
        }
    }
}
