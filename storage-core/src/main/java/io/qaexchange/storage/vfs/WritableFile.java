package io.qaexchange.storage.vfs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file that is written once, front to back. One thread, except that {@link #sync()} may run beside {@link #append}. */
public interface WritableFile extends Closeable {
    /** Appends all remaining bytes of the buffer. */
    void append(ByteBuffer bytes) throws IOException;

    /** Makes everything appended so far survive a power cut. A failed sync leaves unknown what did: the file must be given up. */
    void sync() throws IOException;

    /** Bytes appended so far. */
    long size();

    /** Closes without syncing. */
    @Override
    void close() throws IOException;
}
