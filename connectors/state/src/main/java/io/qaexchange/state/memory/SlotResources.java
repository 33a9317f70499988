package io.qaexchange.state.memory;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resources that the operators of a slot share: a budget of off-heap memory, and the threads for flushes and compactions.
 *
 * <p>The memory is Flink's managed memory: allocated outside the heap and outside the limit for direct buffers, within what the task
 * manager has reserved for the slot. Without managed memory each operator has resources of its own.
 *
 * <p>Thread-safe.
 */
public final class SlotResources implements AutoCloseable {
    /** The least that a store can work with. */
    public static final long LEAST_BYTES = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(SlotResources.class);

    private final long budgetBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicLong peakBytes = new AtomicLong();
    private final AtomicInteger operators = new AtomicInteger();
    /** Guarded by itself, also while one of them is frozen: an operator that has left is not touched any more. */
    private final List<Memtables> memtables = new ArrayList<>();
    private final AtomicBoolean relieving = new AtomicBoolean();
    private final ExecutorService background;

    /** The memtables of one operator. Called by any thread. */
    public interface Memtables {
        /** The bytes of the memtable that is written to. */
        long activeBytes();

        /** The bytes of the memtables that wait for their flush. */
        long frozenBytes();

        /** Sets the active one aside to be flushed; does not wait for that. */
        void freeze() throws IOException;
    }

    /** @throws IllegalArgumentException if that is too little memory for a store */
    public SlotResources(long budgetBytes, int backgroundThreads) {
        if (budgetBytes < LEAST_BYTES) {
            throw new IllegalArgumentException("state needs at least " + LEAST_BYTES + " bytes of memory per slot, there are " + budgetBytes
                    + ": raise taskmanager.memory.managed.size or taskmanager.memory.managed.fraction, or set"
                    + " state.backend.lsm.memory.managed to false and state.backend.lsm.memory.fixed-per-operator to the size you want");
        }
        this.budgetBytes = budgetBytes;
        AtomicInteger count = new AtomicInteger();
        background = Executors.newFixedThreadPool(backgroundThreads, work -> {
            Thread thread = new Thread(work, "lsm-state-" + count.incrementAndGet());
            thread.setDaemon(true);
            // The creating task's loader would be kept by a thread that outlives the task.
            thread.setContextClassLoader(SlotResources.class.getClassLoader());
            return thread;
        });
    }

    /**
     * Memory for one more operator; give it back with {@link OperatorMemory#close()}.
     *
     * @param blockCacheFraction part of it for blocks
     * @param mostReadCacheBytes of that, at most so much for values of hot keys
     */
    public OperatorMemory newOperator(double blockCacheFraction, long mostReadCacheBytes) {
        return new OperatorMemory(this, operators.incrementAndGet(), blockCacheFraction, mostReadCacheBytes);
    }

    void operatorClosed() {
        operators.decrementAndGet();
    }

    void joins(Memtables operator) {
        synchronized (memtables) {
            memtables.add(operator);
        }
    }

    void leaves(Memtables operator) {
        synchronized (memtables) {
            memtables.remove(operator);
        }
    }

    /**
     * Has the largest memtable of the slot frozen, whoever's it is and whether or not its operator is idle, if memory is beyond the budget
     * also without what is frozen already. In the background; does nothing if that is under way.
     *
     * @param leastBytes smaller memtables are left alone
     */
    void relieve(long leastBytes) {
        if (usedBytes() <= budgetBytes || !relieving.compareAndSet(false, true)) {
            return;
        }
        boolean begun = false;
        try {
            background.execute(() -> {
                try {
                    freezeLargest(leastBytes);
                } finally {
                    relieving.set(false);
                }
            });
            begun = true;
        } finally {
            if (!begun) {
                relieving.set(false);
            }
        }
    }

    private void freezeLargest(long leastBytes) {
        synchronized (memtables) {
            long frozen = 0;
            long most = leastBytes - 1;
            Memtables largest = null;
            for (Memtables operator : memtables) {
                frozen += operator.frozenBytes();
                long active = operator.activeBytes();
                if (active > most) {
                    most = active;
                    largest = operator;
                }
            }
            if (largest == null || usedBytes() - frozen <= budgetBytes) {
                return;
            }
            try {
                largest.freeze();
            } catch (IOException e) {
                // The store has failed, and its own task is notified.
                LOG.debug("a memtable of {} bytes could not be frozen", most, e);
            }
        }
    }

    /** Where flushes and compactions of all stores of the slot run. */
    public ExecutorService background() {
        return background;
    }

    public long budgetBytes() {
        return budgetBytes;
    }

    public long usedBytes() {
        return usedBytes.get();
    }

    public long peakBytes() {
        return peakBytes.get();
    }

    /** An operator's part of the budget if all had the same. */
    long shareBytes() {
        return budgetBytes / Math.max(1, operators.get());
    }

    boolean tryReserve(long bytes) {
        long used;
        do {
            used = usedBytes.get();
            if (used + bytes > budgetBytes) {
                return false;
            }
        } while (!usedBytes.compareAndSet(used, used + bytes));
        peakBytes.accumulateAndGet(used + bytes, Math::max);
        return true;
    }

    void reserve(long bytes) {
        peakBytes.accumulateAndGet(usedBytes.addAndGet(bytes), Math::max);
    }

    void unreserve(long bytes) {
        usedBytes.addAndGet(-bytes);
    }

    /** Ends the threads. The stores are closed by then. */
    @Override
    public void close() {
        background.shutdown();
    }
}
