package io.qaexchange.state;

import io.qaexchange.state.store.StateTable;
import java.io.IOException;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.runtime.state.internal.InternalAggregatingState;

/** Aggregating state: the accumulator, see {@link AbstractLsmAppendingState}. */
final class LsmAggregatingState<K, N, IN, ACC, OUT> extends AbstractLsmAppendingState<K, N, IN, ACC, OUT>
        implements InternalAggregatingState<K, N, IN, ACC, OUT> {
    private AggregateFunction<IN, ACC, OUT> function;

    LsmAggregatingState(LsmKeyedStateBackend<K> backend, StateTable<N, ACC> table) {
        super(backend, table);
    }

    @Override
    @SuppressWarnings("unchecked")
    void update(StateDescriptor<?, ACC> descriptor) {
        super.update(descriptor);
        function = ((AggregatingStateDescriptor<IN, ACC, OUT>) descriptor).getAggregateFunction();
    }

    @Override
    public OUT get() throws IOException {
        ACC accumulator = getInternal();
        return accumulator == null ? null : function.getResult(accumulator);
    }

    @Override
    public void add(IN value) throws IOException {
        ACC accumulator = getInternal();
        updateInternal(function.add(value, accumulator == null ? function.createAccumulator() : accumulator));
    }

    @Override
    protected ACC merge(ACC first, ACC second) {
        return function.merge(first, second);
    }
}
