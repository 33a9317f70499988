package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.wal.Operations;
import io.qaexchange.storage.wal.WalFormat;
import io.qaexchange.storage.wal.WalWriter;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Write pipeline: (1) wait for memtable space, (2) assign a sequence number, (3) append to the log, (4) apply to the memtable,
 * (5) publish the sequence number, which makes the write visible.
 *
 * <p>Threads: one writes at a time. The write lock is a single word. A writer that finds it held by another <em>writer</em> is refused,
 * since two writers at once are a mistake of the caller. One that finds it held by the store (which freezes a memtable for a flush that
 * some thread asked for) waits, which takes microseconds.
 */
final class WritePath {
    static final int MAX_KEY_BYTES = 65_535;
    static final int MAX_VALUE_BYTES = 1 << 30;

    private static final VarHandle LAST_SEQUENCE = lastSequenceHandle();

    private static final int FREE = 0;
    private static final int WRITER = 1;
    private static final int STORE = 2;

    /** Space in the memtable; may freeze the active one and wait for flushes. */
    interface MemtableSpace {
        /** @return nanoseconds that this took; 0 if there was space at once */
        long await(Memtable active, int operations, long bytes) throws IOException;
    }

    /** One in this many writes that find space at once is measured; a power of two. */
    private static final int MEASURED_EACH = 32;

    private final StoreOptions options;
    private final MemtableSpace space;
    /** Takes the drop watermarks of writes, with the write lock held, so that memtable and watermarks belong together. */
    private final Consumer<DropWatermark> dropWatermarks;
    private final Counters counters;
    private final WalWriter wal;
    private final Runnable walSignal;
    /** Records in the buffer at which the log's thread is woken: with group commit a full batch, else the first of a buffer. */
    private final int signalAt;
    private final AtomicInteger lock = new AtomicInteger(FREE);
    private final ByteWriter record = new ByteWriter(1024);
    private final Slice empty = new Slice();
    private final Slice batchView = new Slice();

    /** Written with the write lock held, or before the store is open. */
    private Memtable active;
    /** How many there were; the writer's alone. */
    private int writes;
    /** Volatile for readers, who take it as what they may see; see {@link #publish}. */
    private volatile long lastSequence;

    /**
     * @param wal null without a log
     * @param walSignal called when records wait for the log's background thread
     */
    WritePath(StoreOptions options, MemtableSpace space, Consumer<DropWatermark> dropWatermarks, Counters counters, WalWriter wal, Runnable walSignal, Memtable active, long lastSequence) {
        this.options = options;
        this.space = space;
        this.dropWatermarks = dropWatermarks;
        this.counters = counters;
        this.wal = wal;
        this.walSignal = walSignal;
        signalAt = options.durability() == Durability.GROUP_COMMIT ? options.groupCommitRecords() : 1;
        this.active = active;
        this.lastSequence = lastSequence;
    }

    private static VarHandle lastSequenceHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(WritePath.class, "lastSequence", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    long write(int kind, ColumnFamily family, Slice key, Slice value) throws IOException {
        checkSizes(key, value);
        long started = isMeasured() ? System.nanoTime() : 0;
        long waited = space.await(active, 1, Memtable.sizeOf(key.length(), value.length()));
        lock(WRITER);
        try {
            long sequence = lastSequence + 1;
            if (wal != null) {
                beginRecord(sequence, 1);
                Operations.encode(record, kind, family.id(), key, value);
                log(sequence);
            }
            apply(kind, family.id(), key, value, sequence);
            publish(sequence);
            counters.wrote(1, key.length() + (long) value.length());
            measure(started, waited);
            return sequence;
        } finally {
            lock.setRelease(FREE);
        }
    }

    long write(WriteBatch batch) throws IOException {
        if (batch.isEmpty()) {
            return lastSequence;
        }
        ByteWriter operations = batch.encoded();
        long started = isMeasured() ? System.nanoTime() : 0;
        long waited = space.await(active, batch.count(), operations.size() + (long) batch.count() * Memtable.sizeOf(0, 0));
        lock(WRITER);
        try {
            long first = lastSequence + 1;
            long last = lastSequence + batch.count();
            batchView.wrap(operations.array(), 0, operations.size());
            Operations.decode(reader(), batch.count(), (kind, family, key, value) -> checkSizes(key, value));
            if (wal != null) {
                beginRecord(first, batch.count());
                record.raw(batchView);
                log(last);
            }
            long[] sequence = {lastSequence};
            Operations.decode(reader(), batch.count(), (kind, family, key, value) -> apply(kind, family, key, value, ++sequence[0]));
            publish(last);
            counters.wrote(batch.count(), operations.size());
            measure(started, waited);
            return last;
        } finally {
            lock.setRelease(FREE);
        }
    }

    /**
     * A clock costs as much as a tenth of a write, so it is not asked each time. The memtable is full seldom enough; such writes are all
     * measured, and the ones that are long are among them.
     */
    private boolean isMeasured() {
        return (++writes & MEASURED_EACH - 1) == 0;
    }

    /** With the write lock held. */
    private void measure(long started, long waited) {
        if (waited > 0) {
            counters.putTook(waited, 1);
        } else if (started != 0) {
            counters.putTook(System.nanoTime() - started, MEASURED_EACH);
        }
    }

    /** Release is enough, here and for the write lock: a full fence would have the writer wait for every store of the write, 20 ns and more. */
    private void publish(long sequence) {
        LAST_SEQUENCE.setRelease(this, sequence);
    }

    private ByteReader reader() {
        return new ByteReader(batchView, "batch", 0);
    }

    private static void checkSizes(Slice key, Slice value) {
        if (key.length() > MAX_KEY_BYTES) {
            throw new IllegalArgumentException("key too long: " + key.length() + " bytes, at most " + MAX_KEY_BYTES);
        }
        if (value.length() > MAX_VALUE_BYTES - MAX_KEY_BYTES) {
            throw new IllegalArgumentException("value too long: " + value.length() + " bytes, at most " + (MAX_VALUE_BYTES - MAX_KEY_BYTES));
        }
    }

    private void beginRecord(long firstSequence, int count) {
        record.clear();
        record.u8(WalFormat.TYPE_BATCH).u64(firstSequence).varint(count);
    }

    private void log(long lastOfRecord) throws IOException {
        int waiting = wal.append(options.clock().getAsLong(), record.array(), record.size(), lastOfRecord);
        if (options.durability() == Durability.SYNC_EACH) {
            wal.drain(true);
        } else if (waiting == WalWriter.BEHIND) {
            // The background thread does not keep up: the writer lends a hand, which is also what bounds the memory.
            wal.drain(false);
        } else if (waiting == 1 || waiting == signalAt) {
            walSignal.run();
        }
    }

    private void apply(int kind, int family, Slice key, Slice value, long sequence) throws IOException {
        active.apply(family, key, Trailer.of(sequence, kind), kind == ValueKind.DELETE ? empty : value);
        if (kind == ValueKind.DROP_BEFORE) {
            dropWatermarks.accept(DropWatermark.ofOperation(family, key, value, sequence));
        }
    }

    private void lock(int as) {
        for (int spins = 0; !lock.compareAndSet(FREE, as); spins++) {
            if (as == WRITER && lock.get() == WRITER) {
                throw new IllegalStateException("another thread is writing: a store has one writer at a time; put a lock or a queue in front of it");
            }
            if (spins > 100) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** Work with the write lock held. */
    interface Exclusive {
        void run() throws IOException;
    }

    /** Runs something while no write is under way. It must be short: a writer may be spinning. */
    void exclusively(Exclusive work) throws IOException {
        lock(STORE);
        try {
            work.run();
        } finally {
            lock.setRelease(FREE);
        }
    }

    /** Only within {@link #exclusively}, or before the store is open. */
    void replaceActive(Memtable memtable) {
        active = memtable;
    }

    Memtable active() {
        return active;
    }

    long lastSequence() {
        return lastSequence;
    }
}
