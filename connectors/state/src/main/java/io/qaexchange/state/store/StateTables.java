package io.qaexchange.state.store;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.FamilyOptions;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.StateSnapshotTransformer.StateSnapshotTransformFactory;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.util.StateMigrationException;

/**
 * The keyed states of an operator by name, in the order in which they became known: restored ones first. A state that was restored and
 * is never registered stays here, so every snapshot carries it along with its old meta information.
 *
 * <p>One thread, the task thread.
 */
public final class StateTables {
    private final StateStore store;
    private final StateFamilies families;
    private final TtlTimeProvider ttlTimeProvider;
    private final Map<String, StateTable<?, ?>> byName = new LinkedHashMap<>();

    public StateTables(StateStore store, StateFamilies families, TtlTimeProvider ttlTimeProvider) {
        this.store = store;
        this.families = families;
        this.ttlTimeProvider = ttlTimeProvider;
    }

    public Collection<StateTable<?, ?>> all() {
        return byName.values();
    }

    /** Null if there is no such state. */
    @Nullable
    public StateTable<?, ?> find(String name) {
        return byName.get(name);
    }

    /** The table for a state of a snapshot; several snapshots may hold parts of one state. */
    public StateTable<?, ?> restore(StateMetaInfoSnapshot snapshot) throws IOException {
        StateTable<?, ?> existing = byName.get(snapshot.getName());
        if (existing != null) {
            return existing;
        }
        RegisteredKeyValueStateBackendMetaInfo<?, ?> metaInfo =
                (RegisteredKeyValueStateBackendMetaInfo<?, ?>) RegisteredKeyValueStateBackendMetaInfo.fromMetaInfoSnapshot(snapshot);
        return add(metaInfo);
    }

    private <N, V> StateTable<N, V> add(RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo) throws IOException {
        FamilyOptions options = families.optionsOf(metaInfo);
        ColumnFamily family = store.createFamily(options);
        StateTable<N, V> table = new StateTable<>(family, metaInfo);
        byName.put(metaInfo.getName(), table);
        return table;
    }

    /**
     * Registers a state, or checks a registered one against new serializers and rewrites its values if their format has changed.
     *
     * @param allowFutureMetadataUpdates whether serializers may be exchanged again later
     * @throws StateMigrationException if the new serializers cannot read what is stored
     */
    public <N, S extends State, V, E> StateTable<N, V> register(StateDescriptor<S, V> descriptor, TypeSerializer<N> namespaceSerializer,
            StateSnapshotTransformFactory<E> transformFactory, boolean allowFutureMetadataUpdates) throws Exception {
        @SuppressWarnings("unchecked")
        StateTable<N, V> table = (StateTable<N, V>) byName.get(descriptor.getName());
        if (table == null) {
            RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo = new RegisteredKeyValueStateBackendMetaInfo<>(descriptor.getType(),
                    descriptor.getName(), namespaceSerializer, descriptor.getSerializer(), StateSnapshotTransformFactory.noTransform());
            table = add(allowFutureMetadataUpdates ? metaInfo.withSerializerUpgradesAllowed() : metaInfo);
        } else {
            update(table, descriptor, namespaceSerializer);
            if (allowFutureMetadataUpdates) {
                table.replaceMetaInfo(table.metaInfo().withSerializerUpgradesAllowed());
            }
        }
        table.metaInfo().updateSnapshotTransformFactory(
                SnapshotTransforms.forStoredBytes(descriptor, transformFactory, table.valueSerializer()));
        // Only now: values are in the format of this descriptor.
        StateTtlConfig timeToLive = descriptor.getTtlConfig();
        store.createFamily(families.optionsOf(table.metaInfo(), timeToLive));
        if (descriptor.getType() == StateDescriptor.Type.LIST) {
            store.expireAppended(table.family(), StateFamilies.expiresInFiles(timeToLive)
                    ? ListExpiry.of(descriptor.getName(), timeToLive.getTimeToLive().toMillis(), ((ListSerializer<?>) table.valueSerializer()).getElementSerializer())
                    : null);
        }
        return table;
    }

    private <N, S extends State, V> void update(StateTable<N, V> table, StateDescriptor<S, V> descriptor, TypeSerializer<N> namespaceSerializer)
            throws Exception {
        RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo = table.metaInfo();
        // Asked for now: after an incompatible update the old serializers cannot be had any more.
        TypeSerializer<N> previousNamespace = metaInfo.getNamespaceSerializer();
        TypeSerializerSchemaCompatibility<N> namespaces = metaInfo.updateNamespaceSerializer(namespaceSerializer);
        if (namespaces.isCompatibleAfterMigration() || namespaces.isIncompatible()) {
            throw new StateMigrationException("state " + descriptor.getName() + ": the namespace serializer " + namespaceSerializer
                    + " must be compatible with the one in use, " + previousNamespace);
        }
        metaInfo.checkStateMetaInfo(descriptor);
        TypeSerializer<V> previousValue = metaInfo.getStateSerializer();
        TypeSerializerSchemaCompatibility<V> values = metaInfo.updateStateSerializer(descriptor.getSerializer());
        if (values.isIncompatible()) {
            throw new StateMigrationException("state " + descriptor.getName() + ": the serializer " + descriptor.getSerializer()
                    + " cannot read what " + previousValue + " has written");
        }
        if (values.isCompatibleAfterMigration()) {
            StateMigration.rewriteValues(store, table, descriptor, ttlTimeProvider);
        }
    }
}
