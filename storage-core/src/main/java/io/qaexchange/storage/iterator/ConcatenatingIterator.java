package io.qaexchange.storage.iterator;

import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/**
 * Walks sorted, disjoint parts one after the other (the files of a level), with at most one of them in use. All versions of a key are in
 * one part. One thread.
 */
public final class ConcatenatingIterator extends InternalIterator {
    /** The parts, in key order. */
    public interface Parts {
        int count();

        /** An iterator over a part; it is only put to rest, not closed, when it is left. */
        InternalIterator open(int part) throws IOException;

        /** Index of the first part whose last key is at or after {@code key}; {@link #count()} if there is none. */
        int firstEndingAtOrBehind(Slice key);
    }

    private final Parts parts;
    private int part = -1;
    private InternalIterator current;

    public ConcatenatingIterator(Parts parts) {
        this.parts = parts;
    }

    @Override
    public void seekToFirst() throws IOException {
        go(0);
        if (current != null) {
            current.seekToFirst();
        }
        skipForward();
    }

    @Override
    public void seekToLast() throws IOException {
        go(parts.count() - 1);
        if (current != null) {
            current.seekToLast();
        }
        skipBackward();
    }

    @Override
    public void seek(Slice target, long targetTrailer) throws IOException {
        go(parts.firstEndingAtOrBehind(target));
        if (current != null) {
            current.seek(target, targetTrailer);
        }
        skipForward();
    }

    @Override
    public void seekBefore(Slice target, long targetTrailer) throws IOException {
        go(Math.min(parts.firstEndingAtOrBehind(target), parts.count() - 1));
        if (current != null) {
            current.seekBefore(target, targetTrailer);
        }
        skipBackward();
    }

    @Override
    public void next() throws IOException {
        current.next();
        skipForward();
    }

    @Override
    public void nextKey() throws IOException {
        current.nextKey();
        skipForward();
    }

    @Override
    public void nextVisible(long visible) throws IOException {
        current.nextVisible(visible);
        skipForward();
    }

    @Override
    public void previous() throws IOException {
        current.previous();
        skipBackward();
    }

    @Override
    public int plainRun(Slice before, TimeRange times) throws IOException {
        return current == null ? 0 : current.plainRun(before, times);
    }

    @Override
    public int runStride() {
        return current.runStride();
    }

    @Override
    public void skip(int entries) throws IOException {
        current.skip(entries);
        show();
    }

    private void skipForward() throws IOException {
        while (current != null && !current.valid()) {
            go(part + 1);
            if (current != null) {
                current.seekToFirst();
            }
        }
        show();
    }

    private void skipBackward() throws IOException {
        while (current != null && !current.valid()) {
            go(part - 1);
            if (current != null) {
                current.seekToLast();
            }
        }
        show();
    }

    private void go(int to) throws IOException {
        if (to == part && current != null) {
            return;
        }
        leaveCurrent();
        part = to;
        if (to >= 0 && to < parts.count()) {
            current = parts.open(to);
        }
    }

    private void show() {
        valid = current != null;
        if (valid) {
            key.wrap(current.key());
            value.wrap(current.value());
            trailer = current.trailer();
        }
    }

    private void leaveCurrent() {
        if (current != null) {
            current.rest();
            current = null;
        }
    }

    @Override
    public void rest() {
        leaveCurrent();
        super.rest();
    }
}
