package io.qaexchange.storage;

/**
 * A moment of the store: reads through it see every write up to its sequence number and no later one. It pins a number, not memory:
 * compactions keep the versions that it needs. Close it. Thread-safe.
 */
public interface Snapshot extends AutoCloseable {
    long sequence();

    @Override
    void close();
}
