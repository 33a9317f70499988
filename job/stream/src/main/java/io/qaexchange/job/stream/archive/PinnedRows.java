package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredBytesSerializer;
import io.qaexchange.job.model.store.StoredKey;
import io.qaexchange.state.StateReadSession;
import io.qaexchange.state.StoredBlock;
import io.qaexchange.state.StoredRange;
import io.qaexchange.state.StoredScan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.flink.util.CloseableIterator;

/**
 * The rows of an instrument as a read session shows them, whatever the task thread does meanwhile.
 *
 * <p>One thread, that of the session.
 */
final class PinnedRows implements RowSource {

    private final StateReadSession<String> session;
    private final StoredBlock block;
    private final String routeKey;

    /** @param block is filled again and again: only one iterator of {@link #values} can be read at a time */
    PinnedRows(StateReadSession<String> session, StoredBlock block, String routeKey) {
        this.session = session;
        this.block = block;
        this.routeKey = routeKey;
    }

    @Override
    public CloseableIterator<byte[]> values(StoredKey from, StoredKey to) throws IOException {
        StoredRange range = StoredRange.of(session.storedRowsOf(EventStoreState.EVENTS, routeKey, from, to));
        return CloseableIterator.adapterForIterator(new Values(session.scan(EventStoreState.EVENTS, range)));
    }

    @Override
    public CloseableIterator<Map.Entry<StoredKey, byte[]>> events(StoredKey from, StoredKey to) throws IOException {
        return CloseableIterator.adapterForIterator(session.<StoredKey, byte[]>range(EventStoreState.EVENTS, routeKey, from, to, false));
    }

    @Override
    public CloseableIterator<Map.Entry<LateKey, byte[]>> late(LateKey from, LateKey to) throws IOException {
        return CloseableIterator.adapterForIterator(session.<LateKey, byte[]>range(EventStoreState.LATE, routeKey, from, to, false));
    }

    /** Values of a scan, block by block. */
    private final class Values implements Iterator<byte[]> {
        private final StoredScan scan;
        private int next;
        private boolean ended;

        Values(StoredScan scan) {
            this.scan = scan;
            block.clear();
        }

        @Override
        public boolean hasNext() {
            if (next == block.count() && !ended) {
                next = 0;
                try {
                    ended = !scan.fill(block);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return !ended;
        }

        @Override
        public byte[] next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            byte[] value = Arrays.copyOfRange(block.bytes(), block.valueBegin(next) + StoredBytesSerializer.MAP_VALUE_HEAD, block.valueEnd(next));
            next++;
            return value;
        }
    }
}
