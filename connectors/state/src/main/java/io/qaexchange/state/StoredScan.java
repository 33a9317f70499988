package io.qaexchange.state;

import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.Arrays;

/**
 * Shows the stored entries of a state, as of the moment of its {@link StateReadSession}, where they lie: nothing is deserialized or
 * copied. They are shown in runs; between runs the scan holds nothing but its place.
 *
 * <p>What has expired by its time to live is shown too, as it is stored: time, then value.
 *
 * <p>Threads: one at a time, as the session. When the task ends or the session is closed, {@link #run} fails with a
 * {@link io.qaexchange.storage.error.StoreClosedException}.
 */
public class StoredScan {
    /** A run ends with the entry that reaches one of these: the end of a task waits for a run. */
    private static final int RUN_ENTRIES = 1 << 14;
    private static final int RUN_BYTES = 1 << 20;

    /** Takes entries. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Must be brief, and must not use the session: the end of the task waits for it.
         *
         * @param key a view, good during the call
         * @param value a view, good during the call
         * @return false to end the run after this entry
         */
        boolean visit(Slice key, Slice value) throws IOException;
    }

    /** The parts of the session that a scan uses. */
    interface Source {
        /** Opens an iterator of the scanned state, as of the session's moment. */
        StoreIterator iterator(KeyRange keys) throws IOException;

        /** @throws IOException if the session has ended */
        void requireOpen() throws IOException;

        /** Held while entries are shown. */
        Object lock();
    }

    private final Source source;
    private final boolean descending;
    private KeyRange left;
    private long entriesLeft;
    private int runEntries;
    private long runBytes;

    StoredScan(Source source, StoredRange range) {
        this.source = source;
        descending = range.descending();
        left = range.keys();
        entriesLeft = range.limit();
    }

    /**
     * Shows entries until the visitor wants no more, the limit is reached, or the run is long enough. After an exception of the visitor
     * the scan is of no more use.
     *
     * @return false if nothing follows
     */
    public final boolean run(Visitor visitor) throws IOException {
        synchronized (source.lock()) {
            source.requireOpen();
            runEntries = 0;
            runBytes = 0;
            if (entriesLeft > 0 && !left.isEmpty()) {
                try (StoreIterator entries = source.iterator(left)) {
                    if (descending) {
                        entries.seekToLast();
                    } else {
                        entries.seekToFirst();
                    }
                    while (entries.valid() && (!isWanted(entries) || show(entries, visitor))) {
                        // Moved by the condition.
                    }
                    if (!entries.valid()) {
                        entriesLeft = 0;
                    }
                }
            }
            return entriesLeft > 0 && !left.isEmpty();
        }
    }

    /** The same into a block, which is emptied first. @return whether there are entries in it */
    public final boolean fill(StoredBlock block) throws IOException {
        return fill(block, Long.MAX_VALUE);
    }

    /**
     * As {@link #fill(StoredBlock)}, for whoever knows how many entries are enough.
     *
     * @param most entries, at least one; the scan goes on after them
     */
    public final boolean fill(StoredBlock block, long most) throws IOException {
        block.clear();
        Visitor visitor = most == Long.MAX_VALUE ? block : (key, value) -> block.visit(key, value) && block.count() < most;
        boolean more = true;
        while (more && block.usedBytes() == 0) {
            more = run(visitor);
        }
        return block.count() > 0;
    }

    /** Whether the entry is to be shown; if not, the iterator has been moved on. */
    boolean isWanted(StoreIterator at) throws IOException {
        return true;
    }

    final boolean isDescending() {
        return descending;
    }

    /** @return whether the run goes on; else the scan goes on after this entry */
    private boolean show(StoreIterator at, Visitor visitor) throws IOException {
        Slice key = at.key();
        Slice value = at.value();
        runEntries++;
        runBytes += key.length() + value.length();
        entriesLeft--;
        boolean isLong = runEntries == RUN_ENTRIES || runBytes >= RUN_BYTES;
        if (!visitor.visit(key, value) || isLong || entriesLeft == 0) {
            byte[] shown = at.key().toByteArray();
            left = descending ? KeyRange.of(left.lower(), shown) : KeyRange.of(Arrays.copyOf(shown, shown.length + 1), left.upper());
            return false;
        }
        if (descending) {
            at.previous();
        } else {
            at.next();
        }
        return true;
    }
}
