package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.compaction.DropWatermarkIndex;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.JoinedValue;
import io.qaexchange.storage.engine.ReadView.FamilyFiles;
import io.qaexchange.storage.error.Arguments;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.iterator.MergingIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.manifest.DropWatermark;
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
    /** Rows after a seek before a run is looked for: of a scan that is over by then it would be a good part. */
    private static final int FIRST_PATIENCE = 2;

    /** Versions of a key that are walked backward before the visible one is sought. */
    private static final int STEPS = 8;

    /** Which keys are wanted. */
    record Bounds(KeyRange keys, TimeRange times) {}

    /** The parts of an iterator beside its sources; handed on with them from one iterator to the next. */
    static final class Scratch {
        private final Slice remembered = new Slice();
        private byte[] keyBytes = new byte[64];
        private final JoinedValue joined = new JoinedValue();
        private final ByteWriter built = new ByteWriter(0);
    }

    private final ReadView view;
    private final FamilyFiles files;
    /** Null once closed: the next iterator may have it then. */
    private ScanSources sources;
    private final MergingIterator merged;
    private final Scratch scratch;
    private final KeyRange range;
    private final TimeRange times;
    private final boolean timed;
    /** Event times that are wanted and surely not dropped. */
    private final TimeRange plainTimes;
    private final int eventTimeFromEnd;
    private final long snapshot;
    private final int delimiter;
    private final DropWatermarkIndex dropWatermarks;
    private final RangeTombstoneList.Cursor tombstones;

    private final Slice key = new Slice();
    private final Slice value = new Slice();
    /** A key that {@link #merged} has left, in the scratch. */
    private final Slice remembered;

    private boolean valid;
    private boolean forward = true;
    /** Whether {@link #merged} has left the entry that is shown; the key then lies in {@link #remembered}. */
    private boolean ahead;
    /** How many entries after the one that is shown are known to be visible, each the only one of its key. */
    private int run;
    /** How many of the run were walked. The source that it lies in stays behind until the run ends. */
    private int walked;
    private int stride;
    /** Entries to walk before it is worth looking for a run again. */
    private int patience;

    private VisibleIterator(ReadView view, ScanSources sources, MergingIterator merged, ColumnFamily family, Bounds bounds, long snapshot) {
        this.view = view;
        this.sources = sources;
        this.merged = merged;
        files = sources.files();
        scratch = sources.scratch();
        remembered = scratch.remembered;
        range = bounds.keys();
        times = bounds.times();
        timed = !times.isAll();
        dropWatermarks = files.dropWatermarks;
        plainTimes = times.notBefore(dropWatermarks.highest());
        eventTimeFromEnd = family.options().eventTimeFromEnd();
        this.snapshot = snapshot;
        delimiter = family.options().appendDelimiter();
        RangeTombstoneList deleted = sources.tombstones();
        tombstones = deleted.isEmpty() ? null : deleted.cursor();
    }

    /** @param view used by the iterator; released when it is closed, or here if this fails */
    static VisibleIterator open(ReadView view, ColumnFamily family, Bounds bounds, long sequence) throws IOException {
        ScanSources sources = null;
        boolean opened = false;
        try {
            FamilyFiles files = view.files(family.id());
            if (files == null) {
                throw new IllegalArgumentException("column family " + family + " is not in this store");
            }
            sources = files.borrowSources(view);
            VisibleIterator iterator = new VisibleIterator(view, sources, sources.begin(bounds), family, bounds, sequence);
            opened = true;
            return iterator;
        } finally {
            if (!opened) {
                if (sources != null) {
                    sources.finish();
                }
                view.release();
            }
        }
    }

    /** {@link FamilyFiles#spendsInLevel0}, of a scan that begins. */
    boolean spendsInLevel0(int each) {
        return files.level0.length > 1 && files.spendsInLevel0(each);
    }

    @Override
    public boolean valid() {
        return valid;
    }

    @Override
    public void seekToFirst() throws IOException {
        beginSeek();
        if (range.lower().length == 0) {
            merged.seekToFirst();
        } else {
            merged.seek(Slice.of(range.lower()), Trailer.NEWEST);
        }
        findForward();
    }

    @Override
    public void seekToLast() throws IOException {
        beginSeek();
        if (range.upper() == null) {
            merged.seekToLast();
        } else {
            merged.seekBefore(Slice.of(range.upper()), Trailer.NEWEST);
        }
        findBackward();
    }

    @Override
    public void seek(Slice target) throws IOException {
        Arguments.notNull(target, "target");
        beginSeek();
        if (target.compareTo(range.lower()) < 0) {
            seekToFirst();
            return;
        }
        merged.seek(target, Trailer.NEWEST);
        findForward();
    }

    @Override
    public void seekBefore(Slice target) throws IOException {
        Arguments.notNull(target, "target");
        beginSeek();
        if (range.upper() != null && target.compareTo(range.upper()) > 0) {
            seekToLast();
            return;
        }
        merged.seekBefore(target, Trailer.NEWEST);
        findBackward();
    }

    private void beginSeek() {
        if (sources == null) {
            throw new IllegalStateException("the iterator is closed");
        }
        valid = false;
        run = 0;
        walked = 0;
        patience = FIRST_PATIENCE;
    }

    @Override
    public void next() throws IOException {
        requireValid();
        if (run > 0) {
            walked++;
            key.advance(stride);
            value.advance(stride);
            if (--run == 0) {
                leaveRun();
            }
            return;
        }
        valid = false;
        if (!forward) {
            // The key shown lies in the buffer, and merged stands before it.
            merged.seek(remembered, Trailer.NEWEST);
            if (merged.valid() && merged.key().contentEquals(remembered)) {
                merged.nextKey();
            }
        } else if (!ahead) {
            merged.nextKey();
        }
        findForward();
    }

    @Override
    public void previous() throws IOException {
        requireValid();
        valid = false;
        if (forward) {
            if (walked > 0) {
                leaveRun();
            }
            run = 0;
            if (!ahead) {
                remember(merged.key());
            }
            merged.seekBefore(remembered, Trailer.NEWEST);
        }
        findBackward();
    }

    /** Makes merged stand on the entry of the run that is shown. */
    private void leaveRun() throws IOException {
        merged.top().skip(walked);
        merged.endRun();
        walked = 0;
    }

    private void findForward() throws IOException {
        forward = true;
        ahead = false;
        int dropped = 0;
        while (merged.valid()) {
            Slice at = merged.key();
            long sequence = Trailer.sequence(merged.trailer());
            if (sequence > snapshot) {
                merged.nextVisible(Trailer.visibleAt(snapshot));
                continue;
            }
            if (timed && !isInTime(at)) {
                merged.nextKey();
                continue;
            }
            if (isCovered(at, sequence)) {
                skipCovered();
                continue;
            }
            int kind = Trailer.kind(merged.trailer());
            if (kind == ValueKind.DELETE) {
                merged.nextKey();
                continue;
            }
            DropWatermark hiding = dropWatermarks.isEmpty() ? null : dropWatermarks.hiding(at, snapshot);
            if (hiding != null) {
                skipDropped(at, hiding, dropped++);
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
    }

    /** After an entry that is shown where it lies. */
    private void lookForRun() throws IOException {
        if (patience > 0) {
            patience--;
        } else if (tombstones == null && merged.maxSequenceOfTop() <= snapshot) {
            run = merged.plainRun(null, plainTimes);
            if (run == 0) {
                patience = PATIENCE;
            } else {
                walked = 0;
                stride = merged.top().runStride();
            }
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
     * Passes over a deleted key. If everything in the source that it comes from is older than the deletion, that source goes on after
     * the deleted range at once.
     */
    private void skipCovered() throws IOException {
        if (merged.maxSequenceOfTop() < tombstones.newest(snapshot)) {
            merged.seekTop(Slice.of(tombstones.upper()));
        } else {
            merged.nextKey();
        }
    }

    /**
     * Passes over a dropped key. After some of them the source that it comes from goes on at the first time that is not dropped: all keys before that begin
     * as this one does and, if they have its length, an earlier time.
     */
    private void skipDropped(Slice at, DropWatermark hiding, int before) throws IOException {
        if (before < STEPS || merged.keyLengthOfTop() != at.length()) {
            merged.nextKey();
            return;
        }
        int prefix = at.length() - eventTimeFromEnd;
        byte[] target = new byte[prefix + Long.BYTES];
        at.copyTo(0, target, 0, prefix);
        Memory.putLong(target, Memory.ARRAY_BASE + prefix, Long.reverseBytes(hiding.eventTime() ^ Long.MIN_VALUE));
        byte[] upper = hiding.range().upper();
        merged.seekTop(Slice.of(Slice.compare(target, upper) < 0 ? target : upper));
    }

    /** Whether nothing is visible within the bounds; positions the iterator anyhow. */
    boolean isEmpty() throws IOException {
        beginSeek();
        InternalIterator newest = timed || files.isWindowed() ? null : merged.firstToHoldAny();
        if (newest != null && isSurelyVisible(newest)) {
            return false;
        }
        seekToFirst();
        return !valid;
    }

    /** Whether the newest entry of a key is visible for certain, given that no newer source has an entry within the bounds. */
    private boolean isSurelyVisible(InternalIterator newest) {
        long sequence = Trailer.sequence(newest.trailer());
        return sequence <= snapshot && Trailer.kind(newest.trailer()) != ValueKind.DELETE && !isCovered(newest.key(), sequence)
                && !dropWatermarks.hides(newest.key(), snapshot);
    }

    /** Joins the appended parts of the key that merged stands on; merged then stands after them. */
    private void joinForward() throws IOException {
        remember(merged.key());
        scratch.joined.begin(merged.value());
        merged.next();
        boolean grounded = false;
        while (!grounded && merged.valid() && merged.key().contentEquals(remembered)) {
            int kind = Trailer.kind(merged.trailer());
            if (kind == ValueKind.DELETE || isCovered(remembered, Trailer.sequence(merged.trailer()))) {
                break;
            }
            scratch.joined.prepend(merged.value(), delimiter);
            grounded = kind == ValueKind.PUT;
            merged.next();
        }
        if (merged.valid() && merged.key().contentEquals(remembered)) {
            merged.nextKey();
        }
        ahead = true;
        key.wrap(remembered);
        scratch.joined.show(value);
    }

    private void findBackward() throws IOException {
        forward = false;
        ahead = true;
        while (merged.valid() && merged.key().compareTo(range.lower()) >= 0) {
            if (timed && !isInTime(merged.key())) {
                merged.previous();
                continue;
            }
            remember(merged.key());
            boolean exists = buildBackward();
            if (exists && (dropWatermarks.isEmpty() || !dropWatermarks.hides(remembered, snapshot))) {
                key.wrap(remembered);
                value.wrap(scratch.built.array(), 0, scratch.built.size());
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
        int steps = 0;
        scratch.built.clear();
        while (merged.valid() && merged.key().contentEquals(remembered)) {
            if (++steps > STEPS) {
                return buildBySeek(covering);
            }
            long sequence = Trailer.sequence(merged.trailer());
            if (sequence <= snapshot && sequence >= covering) {
                int kind = Trailer.kind(merged.trailer());
                if (kind != ValueKind.APPEND) {
                    scratch.built.clear();
                } else if (exists) {
                    scratch.built.u8(delimiter);
                }
                exists = kind != ValueKind.DELETE;
                if (exists) {
                    scratch.built.raw(merged.value());
                }
            }
            merged.previous();
        }
        return exists;
    }

    /** The same for a key of many versions, newest first. */
    private boolean buildBySeek(long covering) throws IOException {
        scratch.built.clear();
        merged.seek(remembered, Trailer.visibleAt(snapshot));
        boolean exists = merged.valid() && merged.key().contentEquals(remembered) && Trailer.sequence(merged.trailer()) >= covering
                && Trailer.kind(merged.trailer()) != ValueKind.DELETE;
        if (exists && Trailer.kind(merged.trailer()) == ValueKind.PUT) {
            scratch.built.raw(merged.value());
        } else if (exists) {
            joinForward();
            scratch.built.raw(value);
        }
        merged.seekBefore(remembered, Trailer.NEWEST);
        return exists;
    }

    /** Copies a key, since merged will move off it. */
    private void remember(Slice from) {
        if (from == remembered) {
            return;
        }
        int length = from.length();
        if (scratch.keyBytes.length < length) {
            scratch.keyBytes = new byte[Math.max(length, scratch.keyBytes.length * 2)];
        }
        Memory.copy(from.base(), from.address(), scratch.keyBytes, Memory.ARRAY_BASE, length);
        remembered.wrap(scratch.keyBytes, 0, length);
    }

    private void requireValid() {
        if (!valid) {
            throw new IllegalStateException(sources == null ? "the iterator is closed" : "the iterator stands nowhere: position it first");
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
        ScanSources last = sources;
        if (last != null) {
            sources = null;
            valid = false;
            last.finish();
            files.giveBackSources(last);
            view.release();
        }
    }
}
