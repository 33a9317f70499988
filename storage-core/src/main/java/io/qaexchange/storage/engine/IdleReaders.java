package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Readers for callers that keep none: a new one for each read would make its buffers anew. An idle one holds no view and no block.
 *
 * <p>Thread-safe.
 */
final class IdleReaders {
    /** A power of two. */
    private static final int PLACES = 8;
    /** References between two places, so that threads share no line of the processor's cache. */
    private static final int SPACING = 32;

    private final ViewSource views;
    /** By thread; null while the reader is in use. A thread that finds none makes one. */
    private final AtomicReferenceArray<Idle> idle = new AtomicReferenceArray<>(PLACES * SPACING);

    /** A reader and the slice that shows it the key. */
    private record Idle(LsmReader reader, Slice key) {}

    IdleReaders(ViewSource views) {
        this.views = views;
    }

    /** The value of a key, in an array of its own; null if there is none. */
    byte[] get(ColumnFamily family, byte[] key) throws IOException {
        int place = ((int) Thread.currentThread().getId() & PLACES - 1) * SPACING;
        Idle mine = idle.getAndSet(place, null);
        if (mine == null) {
            mine = new Idle(new LsmReader(views, null), new Slice());
        }
        try {
            return mine.reader.get(family, mine.key.wrap(key)) ? mine.reader.value().toByteArray() : null;
        } finally {
            mine.reader.release();
            mine.key.clear();
            idle.set(place, mine);
        }
    }
}
