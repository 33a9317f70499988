package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.compaction.FloorIndex;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.JoinedValue;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.iterator.MergingIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.EventTime;
import java.io.IOException;

/**
 * Shows of merged entries what a reader at a sequence number sees: per key the newest version that is not too new, without what is
 * deleted, dropped or out of bounds, appended values joined.
 *
 * <p>Forward, key and value are looked at where they lie, unless parts were joined. Backward, a key's versions come oldest first, so
 * the value is built in a buffer. One thread.
 */
final class VisibleIterator implements StoreIterator {
    private static final int PATIENCE = 4;

    /** Which keys are wanted. */
    record Bounds(KeyRange keys, TimeRange times) {}

    private final MergingIterator merged;
    private final KeyRange range;
    private final TimeRange times;
    private final boolean timed;
    /** Event times that are wanted and surely not dropped. */
    private final TimeRange plainTimes;
    private final int eventTimeFromEnd;
    private final long snapshot;
    private final int delimiter;
    private final FloorIndex floors;
    private final RangeTombstoneList.Cursor tombstones;
    private final Runnable onClose;

    private final Slice key = new Slice();
    private final Slice value = new Slice();
    private final Slice remembered = new Slice();
    private byte[] keyBytes = new byte[64];
    private final JoinedValue joined = new JoinedValue();
    private final ByteWriter built = new ByteWriter(0);

    private boolean valid;
    private boolean closed;
    private boolean forward = true;
    /** Whether {@link #merged} has left the entry that is shown; the key then lies in {@link #remembered}. */
    private boolean ahead;
    /** How many entries behind the one that is shown are known to be visible, each the only one of its key. */
    private int run;
    /** The source that the run lies in; {@link #merged} stays behind it until the run ends. */
    private InternalIterator running;
    /** After so many further entries it is worth looking for a run again. */
    private int patience;

    VisibleIterator(MergingIterator merged, ColumnFamily family, Bounds bounds, long snapshot, FloorIndex floors,
            RangeTombstoneList tombstones, Runnable onClose) {
        this.merged = merged;
        range = bounds.keys();
        times = bounds.times();
        timed = !times.isAll();
        plainTimes = times.notBefore(floors.highest());
        eventTimeFromEnd = family.options().eventTimeFromEnd();
        this.snapshot = snapshot;
        delimiter = family.options().appendDelimiter();
        this.floors = floors;
        this.tombstones = tombstones.isEmpty() ? null : tombstones.cursor();
        this.onClose = onClose;
    }

    @Override
    public boolean valid() {
        return valid;
    }

    @Override
    public void seekToFirst() throws IOException {
        valid = false;
        if (range.lower().length == 0) {
            merged.seekToFirst();
        } else {
            merged.seek(Slice.of(range.lower()), Trailer.NEWEST);
        }
        findForward(false);
    }

    @Override
    public void seekToLast() throws IOException {
        valid = false;
        if (range.upper() == null) {
            merged.seekToLast();
        } else {
            merged.seekBefore(Slice.of(range.upper()), Trailer.NEWEST);
        }
        findBackward();
    }

    @Override
    public void seek(Slice target) throws IOException {
        valid = false;
        if (target.compareTo(range.lower()) < 0) {
            seekToFirst();
            return;
        }
        merged.seek(target, Trailer.NEWEST);
        findForward(false);
    }

    @Override
    public void seekBefore(Slice target) throws IOException {
        valid = false;
        if (range.upper() != null && target.compareTo(range.upper()) > 0) {
            seekToLast();
            return;
        }
        merged.seekBefore(target, Trailer.NEWEST);
        findBackward();
    }

    @Override
    public void next() throws IOException {
        requireValid();
        valid = false;
        if (run > 0) {
            running.next();
            key.wrap(running.key());
            value.wrap(running.value());
            if (--run == 0) {
                merged.endRun();
            }
            valid = true;
            return;
        }
        if (!forward) {
            // The key shown lies in the buffer, and merged stands before it.
            merged.seek(remembered, Trailer.NEWEST);
            findForward(true);
            return;
        }
        if (!ahead) {
            remember(merged.key());
            merged.next();
        }
        findForward(true);
    }

    @Override
    public void previous() throws IOException {
        requireValid();
        valid = false;
        if (forward) {
            if (run > 0) {
                merged.endRun();
            }
            if (!ahead) {
                remember(merged.key());
            }
            merged.seekBefore(remembered, Trailer.NEWEST);
        }
        findBackward();
    }

    /** @param skipRemembered whether entries of the remembered key are to be passed over */
    private void findForward(boolean skipRemembered) throws IOException {
        forward = true;
        ahead = false;
        run = 0;
        patience = skipRemembered ? patience : 0;
        boolean skipping = skipRemembered;
        while (merged.valid()) {
            Slice at = merged.key();
            if (skipping && at.contentEquals(remembered)) {
                merged.next();
                continue;
            }
            skipping = false;
            if (range.upper() != null && at.compareTo(range.upper()) >= 0) {
                break;
            }
            long sequence = Trailer.sequence(merged.trailer());
            if (sequence > snapshot || timed && !isInTime(at)) {
                merged.next();
                continue;
            }
            if (isCovered(at, sequence)) {
                skipping = skipCovered(at);
                continue;
            }
            int kind = Trailer.kind(merged.trailer());
            if (kind == ValueKind.DELETE || !floors.isEmpty() && floors.hides(at, snapshot)) {
                remember(at);
                merged.next();
                skipping = true;
                continue;
            }
            if (kind == ValueKind.PUT) {
                key.wrap(at);
                value.wrap(merged.value());
                lookForRun();
            } else {
                joinForward();
            }
            valid = true;
            return;
        }
        valid = false;
    }

    /** Behind an entry that is shown where it lies. */
    private void lookForRun() throws IOException {
        if (patience > 0) {
            patience--;
        } else if (tombstones == null && merged.maxSequenceOfTop() <= snapshot) {
            run = merged.plainRun(null, plainTimes);
            running = merged.top();
            patience = run == 0 ? PATIENCE : 0;
        }
    }

    private boolean isInTime(Slice at) {
        return EventTime.isPresent(at.length(), eventTimeFromEnd)
                && times.contains(EventTime.of(at.base(), at.address(), at.length(), eventTimeFromEnd));
    }

    private boolean isCovered(Slice at, long sequence) {
        return tombstones != null && tombstones.newestCovering(at, snapshot) > sequence;
    }

    /**
     * Passes over a deleted key. If everything in the source that it comes from is older than the deletion, that source goes on behind
     * the deleted range at once.
     *
     * @return whether the rest of the key's entries are still to be passed over
     */
    private boolean skipCovered(Slice at) throws IOException {
        remember(at);
        if (merged.maxSequenceOfTop() < tombstones.newest(snapshot)) {
            merged.seekTop(Slice.of(tombstones.upper()));
        } else {
            merged.next();
        }
        return true;
    }

    /** Joins the appended parts of the key that merged stands on; merged then stands behind them. */
    private void joinForward() throws IOException {
        remember(merged.key());
        joined.begin(merged.value());
        merged.next();
        boolean grounded = false;
        while (!grounded && merged.valid() && merged.key().contentEquals(remembered)) {
            int kind = Trailer.kind(merged.trailer());
            if (kind == ValueKind.DELETE || isCovered(remembered, Trailer.sequence(merged.trailer()))) {
                break;
            }
            joined.prepend(merged.value(), delimiter);
            grounded = kind == ValueKind.PUT;
            merged.next();
        }
        ahead = true;
        key.wrap(remembered);
        joined.show(value);
    }

    private void findBackward() throws IOException {
        forward = false;
        ahead = true;
        run = 0;
        while (merged.valid() && merged.key().compareTo(range.lower()) >= 0) {
            if (timed && !isInTime(merged.key())) {
                merged.previous();
                continue;
            }
            remember(merged.key());
            boolean exists = buildBackward();
            if (exists && (floors.isEmpty() || !floors.hides(remembered, snapshot))) {
                key.wrap(remembered);
                value.wrap(built.array(), 0, built.size());
                valid = true;
                return;
            }
        }
        valid = false;
    }

    /** Goes through the remembered key's versions, oldest first, and leaves merged before them. */
    private boolean buildBackward() throws IOException {
        long covering = tombstones == null ? 0 : tombstones.newestCovering(remembered, snapshot);
        boolean exists = false;
        built.clear();
        while (merged.valid() && merged.key().contentEquals(remembered)) {
            long sequence = Trailer.sequence(merged.trailer());
            if (sequence <= snapshot && sequence >= covering) {
                int kind = Trailer.kind(merged.trailer());
                if (kind != ValueKind.APPEND) {
                    built.clear();
                } else if (exists) {
                    built.u8(delimiter);
                }
                exists = kind != ValueKind.DELETE;
                if (exists) {
                    built.raw(merged.value());
                }
            }
            merged.previous();
        }
        return exists;
    }

    /** Copies a key, since merged will move off it. */
    private void remember(Slice from) {
        if (from == remembered) {
            return;
        }
        int length = from.length();
        if (keyBytes.length < length) {
            keyBytes = new byte[Math.max(length, keyBytes.length * 2)];
        }
        Memory.copy(from.base(), from.address(), keyBytes, Memory.ARRAY_BASE, length);
        remembered.wrap(keyBytes, 0, length);
    }

    private void requireValid() {
        if (!valid) {
            throw new IllegalStateException(closed ? "the iterator is closed" : "the iterator stands nowhere: position it first");
        }
    }

    @Override
    public Slice key() {
        requireValid();
        return key;
    }

    @Override
    public Slice value() {
        requireValid();
        return value;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            valid = false;
            merged.close();
            onClose.run();
        }
    }
}
