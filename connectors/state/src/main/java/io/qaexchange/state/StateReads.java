package io.qaexchange.state;

import io.qaexchange.state.store.CompositeKey;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTable;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreLevel;
import io.qaexchange.storage.StoreStatistics;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.key.KeyRange;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.util.ResourceGuard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keyed state of a running operator subtask, for other threads to read: each opens a {@link StateReadSession}, which sees one moment.
 * The task goes on meanwhile; its current key is never touched. The moment is now, or the barrier of one of the last completed Flink
 * checkpoints, if the operator has these kept ({@link #keepCheckpoints}).
 *
 * <p>A state can be read once the operator has registered it. A session of now may see writes that are in no checkpoint yet: after a
 * failure the task may go on from an earlier moment.
 *
 * <p>When the task ends, new sessions are refused, and open ones have a while to be closed. Those that are not fail from then on: a read
 * never outlives the memory and files behind it, and a reader that hangs does not hold up the task.
 *
 * <p>Thread-safe.
 *
 * @param <K> key
 */
public final class StateReads<K> {
    private static final Logger LOG = LoggerFactory.getLogger(StateReads.class);

    private final StateStore store;
    private final Operator<K> operator;
    private final Map<String, Readable> states = new ConcurrentHashMap<>();
    /** Guarded by this. */
    private final Set<StateReadSession<K>> sessions = new HashSet<>();
    /** Guarded by this. */
    private final CheckpointPins checkpoints = new CheckpointPins();
    /** Guarded by this. */
    private final Set<Thread> compacting = new HashSet<>();
    /** Guarded by this. */
    private boolean closed;

    /**
     * Whose state is read.
     *
     * @param keySerializer of this object alone
     * @param clock for what has expired
     * @param patience how long the end of the task waits for sessions
     */
    record Operator<K>(String name, TypeSerializer<K> keySerializer, int numberOfKeyGroups, KeyGroupRange keyGroups, TtlTimeProvider clock,
            Duration patience) {
    }

    /**
     * A state that is registered.
     *
     * @param namespaceSerializer of this object alone
     * @param serializer of this object alone; of lists and maps that of the whole
     * @param timeToLiveMs {@link Long#MAX_VALUE} if values do not expire
     */
    record Readable(String name, StateDescriptor.Type type, boolean isOrdered, ColumnFamily family, TypeSerializer<?> namespaceSerializer,
            TypeSerializer<?> serializer, long timeToLiveMs) {
    }

    StateReads(StateStore store, Operator<K> operator) {
        this.store = store;
        this.operator = operator;
    }

    /** Called by the task thread, when values are in the format of their serializer. */
    void publish(StateTable<?, ?> table, StateDescriptor.Type type, boolean isOrdered, StateTtlConfig timeToLive) {
        states.put(table.name(), new Readable(table.name(), type, isOrdered, table.family(), table.namespaceSerializer().duplicate(),
                table.valueSerializer().duplicate(),
                timeToLive.isEnabled() ? timeToLive.getTimeToLive().toMillis() : Long.MAX_VALUE));
    }

    /**
     * Pins the state as it is now. Compactions keep what the session may read, so close it soon.
     *
     * @throws StoreClosedException if the task has ended
     */
    public synchronized StateReadSession<K> open() throws IOException {
        requireOpen();
        return open(new SharedSnapshot(store.snapshot()), OptionalLong.empty());
    }

    /**
     * Shows the state as it was at the barrier of a Flink checkpoint: what a restore of that checkpoint would bring back.
     *
     * @throws CheckpointNotHeldException if that checkpoint is not among {@link #heldCheckpoints()}
     * @throws StoreClosedException if the task has ended
     */
    public synchronized StateReadSession<K> openCheckpoint(long checkpointId) throws IOException {
        requireOpen();
        SharedSnapshot held = checkpoints.find(checkpointId);
        if (held == null) {
            throw new CheckpointNotHeldException(operator.name(), checkpointId, checkpoints.held());
        }
        return open(held.share(), OptionalLong.of(checkpointId));
    }

    /**
     * The store behind the state: levels, the next compaction, counters.
     *
     * @param levels levels and windows with their files
     * @param nextCompaction what would be compacted next, and why
     * @param statistics counters since the task began, and gauges, by the names of {@code StoreMetric}
     */
    public record StoreView(List<StoreLevel> levels, String nextCompaction, Map<String, Long> statistics) {
    }

    /**
     * Looks at the store. No key is read.
     *
     * @throws StoreClosedException if the task has ended
     */
    public StoreView view() throws IOException {
        synchronized (this) {
            requireOpen();
        }
        try (ResourceGuard.Lease lease = store.lease()) {
            Map<String, Long> values = new TreeMap<>();
            StoreStatistics statistics = store.engine().statistics();
            statistics.values().forEach((metric, value) -> values.put(metric.id(), value));
            return new StoreView(store.levels(), store.explainPick(), values);
        }
    }

    /**
     * Compacts everything, on this thread; the store's own compactions wait meanwhile. An interruption ends it, and so does the end of the task: nothing is
     * lost then.
     *
     * @throws java.io.InterruptedIOException if it was ended
     * @throws StoreClosedException if the task has ended
     */
    public void compact() throws IOException {
        compact(KeyRange.ALL);
    }

    /**
     * As {@link #compact()}, what lies under one key. Files are compacted whole, so neighbours of the key are too.
     */
    public void compact(K key) throws IOException {
        CompositeKey<K> keys;
        synchronized (this) {
            keys = new CompositeKey<>(operator.keySerializer().duplicate(), operator.numberOfKeyGroups());
        }
        keys.setKey(key, KeyGroupRangeAssignment.assignToKeyGroup(key, operator.numberOfKeyGroups()));
        compact(KeyRange.prefix(keys.key().toByteArray()));
    }

    private void compact(KeyRange range) throws IOException {
        synchronized (this) {
            requireOpen();
            compacting.add(Thread.currentThread());
        }
        try (ResourceGuard.Lease lease = store.lease()) {
            store.compact(range);
        } finally {
            synchronized (this) {
                compacting.remove(Thread.currentThread());
            }
        }
    }

    /** A further session of the same moment. */
    synchronized StateReadSession<K> openLike(StateReadSession<K> other) throws IOException {
        requireOpen();
        return open(other.moment().share(), other.checkpoint());
    }

    /** Takes over a use of the moment. Serializers are duplicated under the lock: those here are nobody else's. */
    private StateReadSession<K> open(SharedSnapshot moment, OptionalLong checkpoint) throws IOException {
        boolean opened = false;
        try {
            StateReadSession<K> session = new StateReadSession<>(this, operator.keySerializer().duplicate(), store.engine(), moment, checkpoint);
            sessions.add(session);
            opened = true;
            return session;
        } finally {
            if (!opened) {
                moment.release();
            }
        }
    }

    private void requireOpen() throws StoreClosedException {
        if (closed) {
            throw endedTask("");
        }
    }

    /**
     * From now on pins the state at the barrier of each Flink checkpoint, and holds it for the last completed ones. Nearly free where rows
     * are added; values that are overwritten are kept that much longer. Savepoints are not pinned.
     *
     * @param most completed checkpoints that are held; 0 for none, as at the start
     */
    public synchronized void keepCheckpoints(int most) {
        if (most < 0) {
            throw new IllegalArgumentException("a negative number of checkpoints cannot be kept: " + most);
        }
        checkpoints.keep(most);
    }

    /**
     * Called by the task thread of an operator that was restored, before it writes: the state is that of the restored checkpoint, which
     * is held like one that was just completed.
     */
    public synchronized void restoredFrom(long checkpointId) throws IOException {
        beginCheckpoint(checkpointId);
        checkpoints.complete(checkpointId);
    }

    /** The checkpoints that {@link #openCheckpoint} can show, in ascending order. */
    public synchronized List<Long> heldCheckpoints() {
        return checkpoints.held();
    }

    /** Called by the task thread at the barrier. */
    synchronized void beginCheckpoint(long checkpointId) throws IOException {
        if (checkpoints.areKept() && !closed) {
            checkpoints.begin(checkpointId, new SharedSnapshot(store.snapshot()));
        }
    }

    synchronized void completeCheckpoint(long checkpointId) {
        checkpoints.complete(checkpointId);
    }

    synchronized void abortCheckpoint(long checkpointId) {
        checkpoints.abort(checkpointId);
    }

    synchronized void forget(StateReadSession<K> session) {
        sessions.remove(session);
        notifyAll();
    }

    Operator<K> operator() {
        return operator;
    }

    Readable find(String state) {
        Readable found = states.get(state);
        if (found == null) {
            throw new IllegalArgumentException("operator " + operator.name() + " has registered no state " + state + ", it has "
                    + states.keySet());
        }
        return found;
    }

    StoreClosedException endedTask(String more) {
        return new StoreClosedException("the state of operator " + operator.name() + " can no longer be read here: its task has ended" + more
                + "; open a session on the task that runs now");
    }

    /** Refuses new sessions, waits for open ones, ends those that stay. An interruption ends the waiting. */
    void close() {
        for (StateReadSession<K> left : awaitSessions()) {
            LOG.warn("state of operator {}: a session of reads at sequence number {} was open {} ms after the task ended, and has been ended",
                    operator.name(), left.sequence(), operator.patience().toMillis());
            left.revoke();
        }
        keepCheckpoints(0);
    }

    private synchronized List<StateReadSession<K>> awaitSessions() {
        closed = true;
        compacting.forEach(Thread::interrupt);
        long deadlineNs = System.nanoTime() + operator.patience().toNanos();
        try {
            for (long left = operator.patience().toNanos(); !sessions.isEmpty() && left > 0; left = deadlineNs - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new ArrayList<>(sessions);
    }
}
