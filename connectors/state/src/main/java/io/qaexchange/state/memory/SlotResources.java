package io.qaexchange.state.memory;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the operators of a slot share: a budget of off-heap memory, and the threads that flush and merge.
 *
 * <p>The memory is Flink's managed memory: allocated outside the heap and outside the limit for direct buffers, within what the task
 * manager has reserved for the slot. Without managed memory each operator has resources of its own.
 *
 * <p>Thread-safe.
 */
public final class SlotResources implements AutoCloseable {
    /** The least that a store can work with. */
    public static final long LEAST_BYTES = 1 << 20;

    private final long budgetBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicLong peakBytes = new AtomicLong();
    private final AtomicInteger operators = new AtomicInteger();
    private final ExecutorService background;

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

    /** Memory for one more operator; give it back with {@link OperatorMemory#close()}. */
    public OperatorMemory newOperator(double blockCacheFraction) {
        return new OperatorMemory(this, operators.incrementAndGet(), blockCacheFraction);
    }

    void operatorClosed() {
        operators.decrementAndGet();
    }

    /** Where flushes and merges of all stores of the slot run. */
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
