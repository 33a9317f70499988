package io.qaexchange.storage.iterator;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/**
 * Walks entries in internal order: user key ascending (unsigned bytes), within a key the newest first. All versions and tombstones are
 * seen; range tombstones are not entries of an iterator, they are asked for separately.
 *
 * <p>A new iterator stands nowhere: position it first. While {@link #valid()}, {@link #key()}, {@link #trailer()} and {@link #value()}
 * describe the entry; key and value are views that are good until the next move or {@link #close()}. Moving past either end makes it
 * invalid; it can be positioned again. Damage found on the way is an {@link IOException}; the iterator is then invalid.
 *
 * <p>A class rather than an interface, so that looking at the entry costs no virtual call on the scan path; only moves are virtual.
 * Subclasses keep {@code valid}, {@code key}, {@code trailer} and {@code value} up to date. One thread.
 */
public abstract class InternalIterator implements AutoCloseable {
    protected final Slice key = new Slice();
    protected final Slice value = new Slice();
    protected long trailer;
    protected boolean valid;

    public final boolean valid() {
        return valid;
    }

    /** The user key. */
    public final Slice key() {
        return key;
    }

    /** Sequence number and kind, see {@link Trailer}. */
    public final long trailer() {
        return trailer;
    }

    public final Slice value() {
        return value;
    }

    public abstract void seekToFirst() throws IOException;

    public abstract void seekToLast() throws IOException;

    /** To the first entry at or after (key, trailer) in internal order. {@link Trailer#NEWEST} finds the first version of the key. */
    public abstract void seek(Slice target, long targetTrailer) throws IOException;

    /** To the last entry before (key, trailer) in internal order. */
    public abstract void seekBefore(Slice target, long targetTrailer) throws IOException;

    public abstract void next() throws IOException;

    /** Forward, to the first entry of another key: the older versions of this one are not walked through. */
    public abstract void nextKey() throws IOException;

    /**
     * Forward, to the first entry after this one that has another key or is not newer than a trailer.
     *
     * @param visible see {@link Trailer#visibleAt}
     */
    public void nextVisible(long visible) throws IOException {
        next();
    }

    public abstract void previous() throws IOException;

    /**
     * How many entries after this one can be shown without looking at them: each the only entry of its key, a value and no tombstone,
     * before the key {@code before}, and of an event time in {@code times}. The next that many moves forward succeed. 0 if none, or
     * not known without effort.
     *
     * @param before null = no bound
     */
    public int plainRun(Slice before, TimeRange times) throws IOException {
        return 0;
    }

    /**
     * The distance between the entries of a {@link #plainRun}: key and value of the next one have the length of this one's and
     * lie so many bytes further on. Who walks them there goes on with {@link #skip}.
     */
    public int runStride() {
        throw new IllegalStateException("there is no run");
    }

    /** Goes a number of entries forward within a run. */
    public void skip(int entries) throws IOException {
        throw new IllegalStateException("there is no run");
    }

    /** Bytes of every user key that it can show; 0 if they differ, or it is not known. */
    public int keyLength() {
        return 0;
    }

    /**
     * From now on shows only entries with keys in a range, and none of blocks whose event times all lie outside {@code times}; before the
     * next positioning. Walking backward, an iterator over memory may show keys before the range.
     */
    public void confine(KeyRange bounds, TimeRange times) {
        throw new UnsupportedOperationException("bounds are fixed");
    }

    /** Lets go of what its place needs; invalid until it is positioned again. {@link #close} is for good. */
    public void rest() {
        valid = false;
    }

    @Override
    public void close() {
        rest();
    }
}
