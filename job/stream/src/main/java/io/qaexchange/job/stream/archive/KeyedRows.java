package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredKey;
import java.util.Map;
import org.apache.flink.util.CloseableIterator;

/**
 * The rows of the backend's current key.
 *
 * <p>One thread, the task thread.
 */
record KeyedRows(EventStoreState state) implements RowSource {

    @Override
    public CloseableIterator<byte[]> values(StoredKey from, StoredKey to) throws Exception {
        return state.events().values(from, to);
    }

    @Override
    public CloseableIterator<? extends Map.Entry<StoredKey, byte[]>> events(StoredKey from, StoredKey to) throws Exception {
        return state.events().range(from, to);
    }

    @Override
    public CloseableIterator<? extends Map.Entry<LateKey, byte[]>> late(LateKey from, LateKey to) throws Exception {
        return state.late().range(from, to);
    }
}
