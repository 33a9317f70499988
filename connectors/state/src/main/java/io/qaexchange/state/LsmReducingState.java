package io.qaexchange.state;

import io.qaexchange.state.store.StateTable;
import java.io.IOException;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.runtime.state.internal.InternalReducingState;

/** Reducing state: the value so far, see {@link AbstractLsmAppendingState}. */
final class LsmReducingState<K, N, V> extends AbstractLsmAppendingState<K, N, V, V, V> implements InternalReducingState<K, N, V> {
    private ReduceFunction<V> function;

    LsmReducingState(LsmKeyedStateBackend<K> backend, StateTable<N, V> table) {
        super(backend, table);
    }

    @Override
    void update(StateDescriptor<?, V> descriptor) {
        super.update(descriptor);
        function = ((ReducingStateDescriptor<V>) descriptor).getReduceFunction();
    }

    @Override
    public V get() throws IOException {
        return getInternal();
    }

    @Override
    public void add(V value) throws Exception {
        V before = getInternal();
        updateInternal(before == null ? value : function.reduce(before, value));
    }

    @Override
    protected V merge(V first, V second) throws Exception {
        return function.reduce(first, second);
    }
}
