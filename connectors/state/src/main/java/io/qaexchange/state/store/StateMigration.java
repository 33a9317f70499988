package io.qaexchange.state.store;

import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.ListDelimitedSerializer;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer.TtlAwareListSerializer;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer.TtlAwareMapSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.util.StateMigrationException;

/**
 * Rewrites the values of a state whose serializer writes another format than before, time-to-live switched on or off included. Values
 * are overwritten in place while a snapshot is walked, so snapshots that are being taken see the old ones with the old meta information.
 */
final class StateMigration {
    private static final int BATCH_BYTES = 256 << 10;

    private StateMigration() {
    }

    /** Rewrites the stored bytes of one value. */
    private interface Rewrite {
        void run(DataInputDeserializer stored, DataOutputSerializer rewritten) throws IOException;
    }

    static <N, V> void rewriteValues(StateStore store, StateTable<N, V> table, StateDescriptor<?, V> descriptor, TtlTimeProvider time)
            throws Exception {
        Rewrite rewrite = rewriteOf(table.metaInfo(), descriptor, time);
        DataInputDeserializer stored = new DataInputDeserializer();
        DataOutputSerializer rewritten = new DataOutputSerializer(512);
        Slice value = new Slice();
        WriteBatch batch = new WriteBatch();
        try (Snapshot snapshot = store.snapshot(); StoreIterator entries = store.iterator(table.family(), KeyRange.ALL, snapshot)) {
            for (entries.seekToFirst(); entries.valid(); entries.next()) {
                stored.setBuffer(entries.value().toByteArray());
                rewritten.clear();
                rewrite.run(stored, rewritten);
                batch.put(table.family(), entries.key(), value.wrap(rewritten.getSharedBuffer(), 0, rewritten.length()));
                if (batch.sizeBytes() >= BATCH_BYTES) {
                    store.write(batch);
                    batch.clear();
                }
            }
            store.write(batch);
        } catch (IOException e) {
            throw new StateMigrationException("state " + table.name() + " could not be migrated to " + table.valueSerializer(), e);
        }
    }

    private static <V> Rewrite rewriteOf(RegisteredKeyValueStateBackendMetaInfo<?, V> metaInfo, StateDescriptor<?, V> descriptor,
            TtlTimeProvider time) throws StateMigrationException {
        TypeSerializer<V> previous = metaInfo.getPreviousStateSerializer();
        TypeSerializer<V> current = metaInfo.getStateSerializer();
        return switch (descriptor.getType()) {
            case LIST -> listRewrite(TtlAwareSerializer.wrapTtlAwareSerializer(previous), TtlAwareSerializer.wrapTtlAwareSerializer(current), time);
            case MAP -> {
                requireSameKeyFormat(descriptor.getName(), metaInfo.getPreviousStateSerializerSnapshot(), current);
                yield mapRewrite(TtlAwareSerializer.wrapTtlAwareSerializer(previous), TtlAwareSerializer.wrapTtlAwareSerializer(current), time);
            }
            default -> valueRewrite(ttlAware(previous), ttlAware(current), time);
        };
    }

    @SuppressWarnings("unchecked")
    private static <T> TtlAwareSerializer<T, ?> ttlAware(TypeSerializer<T> serializer) {
        return (TtlAwareSerializer<T, ?>) TtlAwareSerializer.wrapTtlAwareSerializer(serializer);
    }

    private static <T> Rewrite valueRewrite(TtlAwareSerializer<T, ?> previous, TtlAwareSerializer<T, ?> current, TtlTimeProvider time) {
        return (stored, rewritten) -> current.migrateValueFromPriorSerializer(previous, () -> previous.deserialize(stored), rewritten, time);
    }

    @SuppressWarnings("unchecked")
    private static Rewrite listRewrite(TtlAwareSerializer<?, ?> previousList, TtlAwareSerializer<?, ?> currentList, TtlTimeProvider time) {
        TtlAwareSerializer<Object, ?> previous = ((TtlAwareListSerializer<Object>) (TtlAwareSerializer<?, ?>) previousList).getElementSerializer();
        TtlAwareSerializer<Object, ?> current = ((TtlAwareListSerializer<Object>) (TtlAwareSerializer<?, ?>) currentList).getElementSerializer();
        return (stored, rewritten) -> {
            while (stored.available() > 0) {
                current.migrateValueFromPriorSerializer(previous, () -> ListDelimitedSerializer.deserializeNextElement(stored, previous),
                        rewritten, time);
                if (stored.available() > 0) {
                    rewritten.write(StateFamilies.LIST_DELIMITER);
                }
            }
        };
    }

    @SuppressWarnings("unchecked")
    private static Rewrite mapRewrite(TtlAwareSerializer<?, ?> previousMap, TtlAwareSerializer<?, ?> currentMap, TtlTimeProvider time) {
        Rewrite value = valueRewrite(((TtlAwareMapSerializer<Object, Object>) (TtlAwareSerializer<?, ?>) previousMap).getValueSerializer(),
                ((TtlAwareMapSerializer<Object, Object>) (TtlAwareSerializer<?, ?>) currentMap).getValueSerializer(), time);
        return (stored, rewritten) -> {
            boolean isNull = stored.readBoolean();
            rewritten.writeBoolean(isNull);
            if (!isNull) {
                value.run(stored, rewritten);
            }
        };
    }

    /** Keys of map entries stand in stored keys, whose order would change with their format. */
    @SuppressWarnings("unchecked")
    private static void requireSameKeyFormat(String name, TypeSerializerSnapshot<?> previous, TypeSerializer<?> current)
            throws StateMigrationException {
        if (!(previous instanceof MapSerializerSnapshot<?, ?> previousMap) || !(current instanceof MapSerializer<?, ?> currentMap)) {
            throw new StateMigrationException("map state " + name + " needs a map serializer: it has " + current + ", and " + previous + " before");
        }
        TypeSerializerSnapshot<Object> previousKey = (TypeSerializerSnapshot<Object>) previousMap.getKeySerializerSnapshot();
        TypeSerializer<Object> currentKey = (TypeSerializer<Object>) currentMap.getKeySerializer();
        if (!currentKey.snapshotConfiguration().resolveSchemaCompatibility(previousKey).isCompatibleAsIs()) {
            throw new StateMigrationException("map state " + name + ": the format of its keys has changed; only values of maps can be migrated");
        }
    }
}
