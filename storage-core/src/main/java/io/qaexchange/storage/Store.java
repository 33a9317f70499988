package io.qaexchange.storage;

import io.qaexchange.storage.error.Arguments;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.Slice;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;

/**
 * An embedded, ordered key-value store in a folder.
 *
 * <p>Keys are up to 65,535 bytes, ordered as unsigned bytes; values up to 1 GiB minus the key. Every write has a sequence number;
 * numbers rise without gaps from one opening to the next crash, and every opening begins a new <em>store epoch</em> above all
 * before ({@link #storeEpoch()}).
 *
 * <p>Threads: one writes (a second one at the same moment is refused with an {@link IllegalStateException}), any number reads.
 *
 * <p>Interruption: an interrupted thread stays interrupted, and neither stops the store nor loses a write. Reads, {@link #sync},
 * {@link #flush}, {@link #checkpoint} and {@link #close} run to their end. A write that waits for memory, {@link #compact},
 * {@link #awaitIdle} and {@link #dropFamily} give up with an {@link java.io.InterruptedIOException}; the write is not done then.
 *
 * <p>Errors: {@link IllegalArgumentException}, {@link IllegalStateException}, and {@link NullPointerException} with the name of the argument,
 * are the caller's mistakes, thrown before anything changes. {@link CorruptionException}: the bytes of a file are wrong. {@link StoreClosedException}: closed, or stopped by a failed
 * write, sync or background job, which is its cause.
 */
public interface Store extends Closeable {
    // Families.

    /** Null if there is none of that name. */
    ColumnFamily family(String name);

    List<ColumnFamily> families();

    /**
     * Adds a family, or gives one of that name these options: what is written from then on has them.
     *
     * @throws IllegalArgumentException if what is stored already could not be read with them
     */
    ColumnFamily createFamily(FamilyOptions options) throws IOException;

    /**
     * Lets the front of appended values expire: from now on what has expired leaves the files as these are flushed and compacted, but for what a
     * snapshot shows; reads may show it until then. Not kept in the store, holds until it is closed or another is given.
     *
     * @param expiry asked for one by each flush and each part of a compaction, on any thread; what it gives is used by one thread. Null: nothing
     *     expires any more
     * @throws IllegalArgumentException if values of the family cannot be appended to
     */
    void expireAppended(ColumnFamily family, Supplier<AppendedExpiry> expiry) throws IOException;

    /** Removes a family and all its data. */
    void dropFamily(ColumnFamily family) throws IOException;

    // Writing. Each returns the sequence number of the (last) operation.

    long put(ColumnFamily family, Slice key, Slice value) throws IOException;

    default long put(ColumnFamily family, byte[] key, byte[] value) throws IOException {
        return put(family, Slice.of(Arguments.notNull(key, "key")), Slice.of(Arguments.notNull(value, "value")));
    }

    long delete(ColumnFamily family, Slice key) throws IOException;

    default long delete(ColumnFamily family, byte[] key) throws IOException {
        return delete(family, Slice.of(Arguments.notNull(key, "key")));
    }

    /**
     * Joins a value after the key's value without reading it, the family's delimiter between them; on a key without value it is a put.
     */
    long append(ColumnFamily family, Slice key, Slice value) throws IOException;

    /** Removes all keys of a range that has an upper end, at the cost of one write. */
    long deleteRange(ColumnFamily family, KeyRange range) throws IOException;

    /**
     * Removes all keys of a range whose event time is before {@code eventTime} (ns): reads hide them at once, whole files go at once,
     * the rest when files are compacted. The drop watermark holds for later writes too, and never falls.
     */
    long dropBefore(ColumnFamily family, KeyRange range, long eventTime) throws IOException;

    long write(WriteBatch batch) throws IOException;

    /** Waits until everything written so far survives a power cut. Does nothing more under {@link Durability#NO_LOG} than {@link #flush()}. */
    void sync() throws IOException;

    /** The last sequence number that survives a power cut. */
    long durableSequence();

    long lastSequence();

    /** The store epoch: every opening begins a new one, above all before. */
    long storeEpoch();

    // Reading.

    /** A copy of the key's value; null if it has none. */
    byte[] get(ColumnFamily family, byte[] key) throws IOException;

    StoreReader reader() throws IOException;

    StoreReader reader(Snapshot snapshot) throws IOException;

    Snapshot snapshot() throws IOException;

    /** @param snapshot null for the state of now */
    default StoreIterator iterator(ColumnFamily family, KeyRange range, Snapshot snapshot) throws IOException {
        return iterator(family, range, TimeRange.ALL, snapshot);
    }

    /**
     * The keys of a range whose event time lies in {@code times}; files and blocks without such times are not read. Unless
     * all times are asked for, keys too short to hold one are not shown.
     *
     * @param snapshot null for the state of now
     * @throws IllegalArgumentException if the family's keys have no event times
     */
    StoreIterator iterator(ColumnFamily family, KeyRange range, TimeRange times, Snapshot snapshot) throws IOException;

    /**
     * Whether no key of a range has a value now. Cheaper than an iterator that is asked for its first row: the newest memtable or file with
     * a value in the range mostly answers alone.
     */
    boolean isEmpty(ColumnFamily family, KeyRange range) throws IOException;

    default StoreIterator iterator(ColumnFamily family) throws IOException {
        return iterator(family, KeyRange.ALL, null);
    }

    /** Holds the store at the last write; see {@link Checkpoint}. Any thread may ask, also while another one writes. */
    Checkpoint checkpoint() throws IOException;

    // Keeping house.

    /** Writes what is in memory into sstables and waits for it. */
    void flush() throws IOException;

    /** Compacts everything in a range down as far as it goes and waits for it. */
    void compact(ColumnFamily family, KeyRange range) throws IOException;

    /** Waits until no flush or compaction is due. */
    void awaitIdle() throws IOException;

    /** Size of a range on disk and in memory, estimated from metadata alone. */
    RangeSize approximateSize(ColumnFamily family, KeyRange range) throws IOException;

    /** Counters, gauges and histograms; {@link StoreMetric} has the list. */
    StoreStatistics statistics();

    /** Levels, memtables, log, stalls: a table for a person. */
    String describe();

    /**
     * @param bytes on disk, compressed, plus memory
     * @param entries versions and tombstones included
     */
    record RangeSize(long bytes, long entries) {}
}
