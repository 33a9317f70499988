package io.qaexchange.storage;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The store at one sequence number, held until it is closed: making one costs pointers only and stops no writer; the bytes are written
 * when {@link #writeTo} is called, from any thread, while writing goes on.
 *
 * <p>A checkpoint is sstables, linked where the file system can, and <em>pieces</em>: the log of what was not flushed. Nothing is
 * flushed for it. {@code LsmStore.restore} makes a store of one, or of several side by side, whole or clipped.
 *
 * <p>Thread-safe.
 */
public interface Checkpoint extends AutoCloseable {
    /** Everything up to this write is in the checkpoint, and nothing behind it. */
    long sequence();

    long epoch();

    /**
     * Writes the checkpoint into a folder, durably; it exists once its file {@code CHECKPOINT} does.
     *
     * @param directory empty, or not there yet
     */
    void writeTo(Path directory) throws IOException;

    @Override
    void close();
}
