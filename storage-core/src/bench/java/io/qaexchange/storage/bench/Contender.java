package io.qaexchange.storage.bench;

import java.io.Closeable;
import java.nio.file.Path;

/** A store under measurement. One thread writes, one may read meanwhile. */
interface Contender extends Closeable {
    String name();

    /** How writes are made durable. */
    enum Log { NONE, BUFFERED, GROUPED, SYNCED }

    /**
     * The settings that both contenders are opened with.
     *
     * @param counted whether the log's bytes are asked for: counting costs RocksDB a twelfth of a get, ours always counts
     * @param layout of ours
     * @param cacheBytes of the block cache
     */
    record Setup(Path directory, Log log, boolean compressed, boolean counted, Layout layout, long cacheBytes) {}

    /** Compaction style of our events: windows of event time, as the event log has; or levels without event time, as other state has. */
    enum Layout { WINDOWS, LEVELS }

    void put(byte[] key, byte[] value) throws Exception;

    /** Collects a put for the next {@link #writeBatch}. */
    default void addToBatch(byte[] key, byte[] value) throws Exception {
        throw notMeasured();
    }

    default void writeBatch() throws Exception {
        throw notMeasured();
    }

    /** @return the value's length, -1 if there is none */
    int get(byte[] key) throws Exception;

    /** The value as an array of its own; null if there is none. */
    default byte[] getBytes(byte[] key) throws Exception {
        throw notMeasured();
    }

    /** Looks at key and value of up to {@code rows} rows from a key on. @return a sum that keeps the work alive */
    long scan(byte[] from, int rows) throws Exception;

    default void append(byte[] key, byte[] value) throws Exception {
        throw notMeasured();
    }

    default void deleteRange(byte[] lower, byte[] upper) throws Exception {
        throw notMeasured();
    }

    /** Makes a checkpoint as the writer sees it: when this returns, writing may go on. */
    default void checkpoint(Path directory) throws Exception {
        throw notMeasured();
    }

    /** Makes a checkpoint that is complete and durable in this folder when it returns. */
    default void checkpointToEnd(Path directory) throws Exception {
        throw notMeasured();
    }

    /** Why writes waited, for people; empty if it cannot tell. */
    default String waits() {
        return "";
    }

    void flush() throws Exception;

    /** Waits until merges are done. */
    default void awaitIdle() throws Exception {}

    /** Bytes that flushes, merges and the log have written. */
    default long bytesWritten() throws Exception {
        throw notMeasured();
    }

    private UnsupportedOperationException notMeasured() {
        return new UnsupportedOperationException("not measured of " + name());
    }
}
