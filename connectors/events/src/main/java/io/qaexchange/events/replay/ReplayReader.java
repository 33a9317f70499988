package io.qaexchange.events.replay;

import java.util.Iterator;

/**
 * The lines of a recorded file, in order. {@code hasNext} and {@code next} throw {@link ReplayException} when the file cannot be read
 * on. One thread.
 */
public interface ReplayReader extends Iterator<ReplayItem>, AutoCloseable {

    /** JSON keys that no column has, so far. */
    default long unknownKeys() {
        return 0;
    }

    @Override
    void close();
}
