package io.qaexchange.state.store;

import io.qaexchange.storage.ColumnFamily;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;

/**
 * One keyed state: where it lies and what Flink knows of it. The meta information changes when a restored state is registered, or a
 * state is registered anew; the family stays.
 *
 * <p>One thread, the task thread.
 *
 * @param <N> namespace
 * @param <V> value: of lists and maps the whole list or map
 */
public final class StateTable<N, V> {
    private final ColumnFamily family;
    private RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo;

    StateTable(ColumnFamily family, RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo) {
        this.family = family;
        this.metaInfo = metaInfo;
    }

    public ColumnFamily family() {
        return family;
    }

    public String name() {
        return metaInfo.getName();
    }

    public RegisteredKeyValueStateBackendMetaInfo<N, V> metaInfo() {
        return metaInfo;
    }

    void replaceMetaInfo(RegisteredKeyValueStateBackendMetaInfo<N, V> newMetaInfo) {
        metaInfo = newMetaInfo;
    }

    public TypeSerializer<N> namespaceSerializer() {
        return metaInfo.getNamespaceSerializer();
    }

    public TypeSerializer<V> valueSerializer() {
        return metaInfo.getStateSerializer();
    }
}
