package io.qaexchange.job.stream.ledger;

import io.qaexchange.job.model.ledger.PendingValues;
import io.qaexchange.job.model.ledger.StateBytes;
import io.qaexchange.job.model.ledger.ValueCodec;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.ValueState;

/**
 * Values of a {@link CachedMap} in Flink's state: a map from id to value, and one <em>pending</em> value for each instrument, which holds
 * over the map. One thread.
 *
 * @param <V> type of the values
 */
final class CachedMapState<V> {

    /** Takes values in no order. */
    interface Visitor<V> {
        /** @return whether to go on */
        boolean visit(String id, V value);
    }

    private final Consumer<String> key;
    private final MapState<String, byte[]> map;
    private final ValueState<byte[]> pending;
    private final ValueCodec<V> codec;
    private final StateBytes bytes = new StateBytes();

    /**
     * The state of the backend's current key.
     *
     * @param key sets that key
     * @param pending the values that are not in the map, as {@link PendingValues} encodes them
     */
    CachedMapState(Consumer<String> key, MapState<String, byte[]> map, ValueState<byte[]> pending, ValueCodec<V> codec) {
        this.key = key;
        this.map = map;
        this.pending = pending;
        this.codec = codec;
    }

    /** The value in the map, or null. */
    @Nullable
    V read(String instrument, String id) throws Exception {
        key.accept(instrument);
        byte[] stored = map.get(id);
        return stored == null ? null : bytes.read(stored, codec::read);
    }

    /** All values in the map. */
    void readAll(String instrument, Visitor<V> visitor) throws Exception {
        key.accept(instrument);
        for (Map.Entry<String, byte[]> stored : map.entries()) {
            if (!visitor.visit(stored.getKey(), bytes.read(stored.getValue(), codec::read))) {
                return;
            }
        }
    }

    void write(String instrument, String id, V value) throws Exception {
        key.accept(instrument);
        map.put(id, bytes.write(out -> codec.write(value, out)));
    }

    void remove(String instrument, String id) throws Exception {
        key.accept(instrument);
        map.remove(id);
    }

    /** The pending values, null for one that is removed; null if there are none. */
    @Nullable
    Map<String, V> readPending(String instrument) throws Exception {
        key.accept(instrument);
        byte[] stored = pending.value();
        return stored == null ? null : PendingValues.read(stored, codec, bytes);
    }

    void writePending(String instrument, List<CachedValues.Entry<V>> entries) throws Exception {
        key.accept(instrument);
        pending.update(bytes.write(out -> {
            PendingValues.writeCount(entries.size(), out);
            for (CachedValues.Entry<V> entry : entries) {
                PendingValues.write(entry.id, entry.value, codec, out);
            }
        }));
    }

    void removePending(String instrument) throws Exception {
        key.accept(instrument);
        pending.clear();
    }
}
