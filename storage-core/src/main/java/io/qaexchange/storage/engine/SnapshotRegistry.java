package io.qaexchange.storage.engine;

import io.qaexchange.storage.Snapshot;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** The sequence numbers that readers have pinned. Thread-safe. */
final class SnapshotRegistry {
    private final Map<Long, Integer> pinned = new TreeMap<>();

    /** Pins the number that {@code lastSequence} gives: both in one step, so that no compaction sees one without the other. */
    synchronized Snapshot pin(LongSupplier lastSequence) {
        long sequence = lastSequence.getAsLong();
        pinned.merge(sequence, 1, Integer::sum);
        return new Pin(sequence);
    }

    private synchronized void unpin(long sequence) {
        pinned.computeIfPresent(sequence, (s, count) -> count == 1 ? null : count - 1);
    }

    /** Ascending. */
    synchronized long[] sequences() {
        return pinned.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    /** The least of the ascending sequence numbers; {@link Long#MAX_VALUE} if none is pinned. */
    static long oldest(long[] sequences) {
        return sequences.length > 0 ? sequences[0] : Long.MAX_VALUE;
    }

    synchronized int count() {
        return pinned.values().stream().mapToInt(Integer::intValue).sum();
    }

    private final class Pin implements Snapshot {
        private final long sequence;
        private boolean closed;

        Pin(long sequence) {
            this.sequence = sequence;
        }

        @Override
        public long sequence() {
            return sequence;
        }

        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                unpin(sequence);
            }
        }
    }
}
