package io.qaexchange.state.store;

import io.qaexchange.storage.AppendedExpiry;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.util.TemporaryClassLoaderContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says how many elements at the front of a stored list have expired, as Flink's filter in RocksDB's compaction does. Flink's wrapper puts the
 * time of the last write in front of each. Elements of one length are counted; where others end their serializer knows, so expired ones are
 * read.
 *
 * <p>Flushes and compactions ask, on their own threads, and only while the store is open, so the job's classes are there. A value of another format
 * can only be one that a newer value hides, since a changed format rewrites all values; what comes of it nobody sees.
 */
final class ListExpiry implements AppendedExpiry {

    private static final Logger LOG = LoggerFactory.getLogger(ListExpiry.class);

    /** The parts that each state has once. */
    private record OfState(String state, long timeToLiveMillis, TypeSerializer<?> elements, ClassLoader userCode, AtomicBoolean warned) {

        /** Serializers that copy themselves may keep something while they do. */
        synchronized TypeSerializer<?> duplicate() {
            return elements.duplicate();
        }
    }

    private final OfState ofState;
    /** From one element to the next; 0 if they have no common length. */
    private final int stride;
    /** Made when first needed. */
    private TypeSerializer<?> serializer;
    private final DataInputDeserializer input = new DataInputDeserializer();

    private ListExpiry(OfState ofState) {
        this.ofState = ofState;
        int length = ofState.elements().getLength();
        stride = length > 0 ? length + 1 : 0;
    }

    /**
     * One for each flush or subcompaction.
     *
     * @param elements of the elements with their times; this thread's class loader has the job's classes
     */
    static Supplier<AppendedExpiry> of(String state, long timeToLiveMillis, TypeSerializer<?> elements) {
        OfState ofState = new OfState(state, timeToLiveMillis, elements.duplicate(), Thread.currentThread().getContextClassLoader(), new AtomicBoolean());
        return () -> new ListExpiry(ofState);
    }

    @Override
    public int expired(Slice value, long nowMillis) {
        if (!isExpired(value, 0, nowMillis)) {
            return 0;
        }
        return stride > 0 ? count(value, nowMillis) : read(value, nowMillis);
    }

    private boolean isExpired(Slice value, int at, long nowMillis) {
        if (value.length() - at < Long.BYTES) {
            return false;
        }
        long lastWriteMillis = value.getLongBigEndian(at);
        return lastWriteMillis >= 0 && lastWriteMillis <= nowMillis - ofState.timeToLiveMillis();
    }

    private int count(Slice value, long nowMillis) {
        int at = stride;
        while (isExpired(value, at, nowMillis)) {
            at += stride;
        }
        return Math.min(at, value.length());
    }

    private int read(Slice value, long nowMillis) {
        int expired = 0;
        try (TemporaryClassLoaderContext ignored = TemporaryClassLoaderContext.of(ofState.userCode())) {
            if (serializer == null) {
                serializer = ofState.duplicate();
            }
            input.setBuffer(value.toByteArray());
            while (isExpired(value, expired, nowMillis)) {
                serializer.deserialize(input);
                if (input.available() > 0) {
                    input.skipBytesToRead(1);
                }
                expired = input.getPosition();
            }
        } catch (IOException | RuntimeException e) {
            if (!ofState.warned().getAndSet(true)) {
                LOG.warn("State {}: elements of a list could not be read to see which have expired; they stay in the files until the list is rewritten.",
                        ofState.state(), e);
            }
        }
        return expired;
    }
}
