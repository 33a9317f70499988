package io.qaexchange.state;

import io.qaexchange.state.store.StateTable;
import java.io.IOException;
import org.apache.flink.runtime.state.internal.InternalValueState;

/** Value state: one stored value per key and namespace, its serializer's bytes. */
final class LsmValueState<K, N, V> extends AbstractLsmState<K, N, V> implements InternalValueState<K, N, V> {

    LsmValueState(LsmKeyedStateBackend<K> backend, StateTable<N, V> table) {
        super(backend, table);
    }

    @Override
    public V value() throws IOException {
        V stored = currentValue();
        return stored == null ? copyOfDefaultValue() : stored;
    }

    @Override
    public void update(V value) throws IOException {
        if (value == null) {
            clear();
            return;
        }
        putCurrent(value);
    }
}
