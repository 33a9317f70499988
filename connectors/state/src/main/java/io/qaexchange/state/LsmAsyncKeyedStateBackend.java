package io.qaexchange.state;

import java.io.IOException;
import org.apache.flink.runtime.state.v2.adaptor.AsyncKeyedStateBackendAdaptor;

/**
 * The keyed state of one operator subtask for Flink's State V2. Requests are answered on the task thread, one after the other: the engine
 * reads local files and memory, so there is little to wait for.
 *
 * <p>Flink's adaptor, which it uses by itself for backends that offer none of their own, never disposes the backend behind it: each
 * restart would leave a store, its folder, its memory and its threads. This one does.
 *
 * <p>One thread, the task thread.
 */
final class LsmAsyncKeyedStateBackend<K> extends AsyncKeyedStateBackendAdaptor<K> {
    private final LsmKeyedStateBackend<K> backend;

    LsmAsyncKeyedStateBackend(LsmKeyedStateBackend<K> backend) {
        super(backend);
        this.backend = backend;
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
