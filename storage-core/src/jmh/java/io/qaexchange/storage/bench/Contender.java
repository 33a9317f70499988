package io.qaexchange.storage.bench;

import java.io.Closeable;
import java.nio.file.Path;

/** A store under measurement. One thread. */
interface Contender extends Closeable {
    String name();

    /** How writes are made durable. */
    enum Log { NONE, BUFFERED, SYNCED }

    /** What both contenders are opened with. */
    record Setup(Path directory, Log log, boolean compressed) {}

    void put(byte[] key, byte[] value) throws Exception;

    /** Collects a put for the next {@link #writeBatch}. */
    void addToBatch(byte[] key, byte[] value) throws Exception;

    void writeBatch() throws Exception;

    /** @return the value's length, -1 if there is none */
    int get(byte[] key) throws Exception;

    /** Looks at key and value of up to {@code rows} rows from a key on. @return a sum that keeps the work alive */
    long scan(byte[] from, int rows) throws Exception;

    void append(byte[] key, byte[] value) throws Exception;

    void deleteRange(byte[] lower, byte[] upper) throws Exception;

    void flush() throws Exception;

    /** Waits until merges are done. */
    void awaitIdle() throws Exception;

    /** Bytes that flushes, merges and the log have written. */
    long bytesWritten() throws Exception;
}
