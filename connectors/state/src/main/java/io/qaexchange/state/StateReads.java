package io.qaexchange.state;

import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTable;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.error.StoreClosedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keyed state of a running operator subtask, for other threads to read: each opens a {@link StateReadSession}, which sees one moment.
 * The task goes on meanwhile; its current key is never touched.
 *
 * <p>A state can be read once the operator has registered it. What is read need not be in a checkpoint yet: after a failure the task may
 * go on from an earlier moment.
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
     * Pins the state as it is now. Merges keep what the session may read, so close it soon.
     *
     * @throws StoreClosedException if the task has ended
     */
    public synchronized StateReadSession<K> open() throws IOException {
        if (closed) {
            throw endedTask("");
        }
        // Serializers are duplicated under the lock: those here are nobody else's.
        StateReadSession<K> session = new StateReadSession<>(this, operator.keySerializer().duplicate(), store.engine());
        sessions.add(session);
        return session;
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
    }

    private synchronized List<StateReadSession<K>> awaitSessions() {
        closed = true;
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
