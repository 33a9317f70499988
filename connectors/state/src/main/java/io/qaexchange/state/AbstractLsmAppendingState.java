package io.qaexchange.state;

import io.qaexchange.state.store.StateTable;
import java.io.IOException;
import java.util.Collection;
import org.apache.flink.runtime.state.internal.InternalMergingState;

/**
 * State that folds added elements into one stored value: read, combined on the task thread by the user's function, written. Combining
 * later, in compactions or in savepoints, would run the user's function on other threads and with late errors.
 */
abstract class AbstractLsmAppendingState<K, N, IN, ACC, OUT> extends AbstractLsmState<K, N, ACC>
        implements InternalMergingState<K, N, IN, ACC, OUT> {

    AbstractLsmAppendingState(LsmKeyedStateBackend<K> backend, StateTable<N, ACC> table) {
        super(backend, table);
    }

    /** Folds two stored values into one. */
    protected abstract ACC merge(ACC first, ACC second) throws Exception;

    @Override
    public ACC getInternal() throws IOException {
        return currentValue();
    }

    @Override
    public void updateInternal(ACC value) throws IOException {
        putCurrent(value);
    }

    @Override
    public void mergeNamespaces(N target, Collection<N> sources) throws Exception {
        if (sources == null) {
            return;
        }
        ACC merged = null;
        for (N source : sources) {
            if (source == null) {
                continue;
            }
            setCurrentNamespace(source);
            ACC value = getInternal();
            if (value != null) {
                deleteCurrent();
                merged = merged == null ? value : merge(merged, value);
            }
        }
        setCurrentNamespace(target);
        if (merged != null) {
            ACC value = getInternal();
            updateInternal(value == null ? merged : merge(value, merged));
        }
    }
}
