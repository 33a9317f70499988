package io.qaexchange.state;

import java.io.IOException;
import org.apache.flink.api.common.state.v2.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.v2.StateDescriptorUtils;
import org.apache.flink.runtime.state.v2.adaptor.AsyncKeyedStateBackendAdaptor;
import org.apache.flink.runtime.state.v2.internal.InternalKeyedState;

/**
 * The keyed state of one operator subtask for Flink's State V2. Requests are answered on the task thread, one after the other: the engine
 * reads local files and memory, so there is little to wait for.
 *
 * <p>Flink's adaptor, which it uses by itself for backends that offer none of their own, has two faults that this one mends. It never
 * disposes the backend behind it: each restart would leave a store, its folder, its memory and its threads. And it forgets the time to live
 * of a state: values would never expire.
 *
 * <p>One thread, the task thread.
 */
final class LsmAsyncKeyedStateBackend<K> extends AsyncKeyedStateBackendAdaptor<K> {
    private final LsmKeyedStateBackend<K> backend;

    LsmAsyncKeyedStateBackend(LsmKeyedStateBackend<K> backend) {
        super(backend);
        this.backend = backend;
    }

    @Override
    @SuppressWarnings("rawtypes")
    public <N, S extends InternalKeyedState, V> S createStateInternal(N defaultNamespace, TypeSerializer<N> namespaceSerializer,
            StateDescriptor<V> descriptor) throws Exception {
        if (descriptor.getTtlConfig().isEnabled()) {
            // Registered first: the adaptor then finds this one by its name.
            registerWithTimeToLive(defaultNamespace, namespaceSerializer, descriptor);
        }
        return super.createStateInternal(defaultNamespace, namespaceSerializer, descriptor);
    }

    @SuppressWarnings({"rawtypes", "unchecked"})
    private <N> void registerWithTimeToLive(N namespace, TypeSerializer<N> namespaceSerializer, StateDescriptor<?> descriptor) throws Exception {
        org.apache.flink.api.common.state.StateDescriptor timed = StateDescriptorUtils.transformFromV2ToV1(descriptor);
        timed.enableTimeToLive(descriptor.getTtlConfig());
        backend.getPartitionedState(namespace, namespaceSerializer, timed);
    }

    /** Ends snapshots that are under way, as the closing of a backend for synchronous state does. */
    @Override
    public void close() throws IOException {
        backend.close();
    }

    @Override
    public void dispose() {
        backend.dispose();
    }
}
