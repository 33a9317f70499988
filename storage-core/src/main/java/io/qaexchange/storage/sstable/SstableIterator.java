package io.qaexchange.storage.sstable;

import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/**
 * Walks the entries of one file inside bounds. The bounds are looked at only in blocks that reach over them, so inside a clipped file
 * they cost nothing per entry.
 *
 * <p>One thread; allocates nothing after the first few moves.
 */
final class SstableIterator extends InternalIterator {
    private final BlockSource source;
    private final SequentialAccess own;
    private final BlockAccess access;
    private final IndexBlock root;
    private final SstableMetadata metadata;
    private final int eventTimeFromEnd;
    /** Null, as is {@link #block}, until the iterator is positioned: of many files some never are. */
    private IndexCursor index;
    private BlockPin pin;
    private DataBlock block;
    private TimeRange times = TimeRange.ALL;
    /** No entry that a seek put off would find lies before it. */
    private final Slice bound = new Slice();
    private byte[] boundBytes;
    private final Slice lower;
    /** Null = no upper bound. */
    private final Slice upper;
    private final Slice separator = new Slice();
    /** Whether every entry of the file is a value and the only one of its key. */
    private final boolean plain;
    private boolean mayReachUpper;
    private long blockOffset;
    private boolean closed;

    /** @param own closed with the iterator; null = read through {@code source} */
    SstableIterator(BlockSource source, SequentialAccess own, IndexBlock root, KeyRange bounds, boolean plain,
            SstableMetadata metadata, int eventTimeFromEnd) {
        this.plain = plain;
        this.root = root;
        this.metadata = metadata;
        this.eventTimeFromEnd = eventTimeFromEnd;
        this.source = source;
        this.own = own;
        access = own == null ? source : own;
        lower = Slice.of(bounds.lower());
        upper = bounds.upper() == null ? null : Slice.of(bounds.upper());
    }

    SstableIterator restrictTime(TimeRange wanted) {
        times = wanted;
        return this;
    }

    /** Before each positioning. */
    private void prepare() {
        promised = false;
        valid = false;
        if (block == null) {
            index = new IndexCursor();
            index.reset(access, root, source.footer().indexLevels());
            index.restrictTime(times);
            pin = new BlockPin();
            block = new DataBlock(key, value);
        }
    }

    /**
     * Where all keys have one length and a time, a file whose times lie before the target's has nothing at or behind it among the keys
     * that begin as it does, and one whose times lie behind it has nothing before its first time.
     */
    @Override
    public void seekLazily(Slice target, long targetTrailer) throws IOException {
        int prefix = target.length() - eventTimeFromEnd;
        if (targetTrailer != Trailer.NEWEST || target.length() != metadata.keyLength() || !metadata.hasEventTimes() || own != null
                || !EventTime.isPresent(target.length(), eventTimeFromEnd) || !promise(target, prefix)) {
            seek(target, targetTrailer);
            return;
        }
        valid = upper == null || bound.compareTo(upper) < 0;
        promised = valid;
        key.wrap(bound);
        value.clear();
        trailer = Trailer.NEWEST;
    }

    private boolean promise(Slice target, int prefix) {
        long time = EventTime.of(target.base(), target.address(), target.length(), eventTimeFromEnd);
        if (time >= metadata.minEventTime() && time <= metadata.maxEventTime()) {
            return false;
        }
        if (boundBytes == null) {
            boundBytes = new byte[target.length()];
        }
        target.copyTo(0, boundBytes, 0, prefix);
        if (time < metadata.minEventTime()) {
            Memory.putLong(boundBytes, Memory.ARRAY_BASE + prefix, Long.reverseBytes(metadata.minEventTime() ^ Long.MIN_VALUE));
            bound.wrap(boundBytes, 0, prefix + Long.BYTES);
            return true;
        }
        for (int last = prefix - 1; last >= 0; last--) {
            if (++boundBytes[last] != 0) {
                bound.wrap(boundBytes, 0, last + 1);
                return true;
            }
        }
        return false;
    }

    @Override
    public void resolve() throws IOException {
        seek(bound, Trailer.NEWEST);
    }

    @Override
    public void seekToFirst() throws IOException {
        if (!lower.isEmpty()) {
            seek(lower, Trailer.NEWEST);
            return;
        }
        prepare();
        try {
            showFirstFrom(index.first());
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    @Override
    public void seekToLast() throws IOException {
        if (upper != null) {
            seekBefore(upper, Trailer.NEWEST);
            return;
        }
        prepare();
        try {
            showLastFrom(index.last());
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    @Override
    public void seek(Slice target, long targetTrailer) throws IOException {
        if (target.compareTo(lower) < 0) {
            seek(lower, Trailer.NEWEST);
            return;
        }
        prepare();
        try {
            if (!index.seek(target, targetTrailer)) {
                return;
            }
            loadBlock();
            if (block.seek(target, targetTrailer)) {
                show();
                checkUpper();
            } else {
                showFirstFrom(index.next());
            }
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    @Override
    public void seekBefore(Slice target, long targetTrailer) throws IOException {
        if (upper != null) {
            int order = target.compareTo(upper);
            if (order > 0 || order == 0 && targetTrailer != Trailer.NEWEST) {
                seekBefore(upper, Trailer.NEWEST);
                return;
            }
        }
        prepare();
        try {
            if (!index.seek(target, targetTrailer)) {
                showLastFrom(index.last());
                return;
            }
            loadBlock();
            boolean found = block.seek(target, targetTrailer);
            boolean moved = found ? block.previous() : block.last();
            if (moved) {
                show();
                checkLower();
            } else {
                showLastFrom(index.previous());
            }
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    @Override
    public void next() throws IOException {
        assert valid : "next() of an iterator that stands nowhere";
        try {
            if (block.next()) {
                trailer = block.trailer();
                if (mayReachUpper) {
                    checkUpper();
                }
            } else {
                valid = false;
                showFirstFrom(index.next());
            }
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    @Override
    public void previous() throws IOException {
        assert valid : "previous() of an iterator that stands nowhere";
        try {
            if (block.previous()) {
                trailer = block.trailer();
                checkLower();
            } else {
                valid = false;
                showLastFrom(index.previous());
            }
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    @Override
    public int plainRun(Slice before, TimeRange wanted) throws IOException {
        if (!plain || !valid || promised) {
            return 0;
        }
        try {
            IndexBlock leaf = index.leaf();
            int at = index.position();
            if (!wanted.contains(leaf.minTime(at), leaf.maxTime(at))) {
                return 0;
            }
            int run = mayReachUpper ? block.remainingBefore(upper) : block.remaining();
            boolean mayReach = run > 0 && before != null && leaf.compareSeparatorKey(at, before) >= 0;
            return mayReach ? Math.min(run, block.remainingBefore(before)) : run;
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    private void showFirstFrom(boolean thereIsABlock) throws IOException {
        boolean there = thereIsABlock;
        while (there) {
            loadBlock();
            if (block.first()) {
                show();
                checkUpper();
                return;
            }
            there = index.next();
        }
    }

    private void showLastFrom(boolean thereIsABlock) throws IOException {
        boolean there = thereIsABlock;
        while (there) {
            loadBlock();
            if (block.last()) {
                show();
                checkLower();
                return;
            }
            there = index.previous();
        }
    }

    private void loadBlock() throws IOException {
        pin.release();
        blockOffset = index.leaf().offset(index.position());
        access.data(index.leaf(), index.position(), pin);
        block.load(pin.base(), pin.address(), pin.length());
        mayReachUpper = upper != null && index.leaf().separator(index.position(), separator).compareTo(upper) >= 0;
    }

    private void show() {
        trailer = block.trailer();
        valid = true;
    }

    private void checkUpper() {
        valid = !mayReachUpper || Memory.compare(key.base(), key.address(), key.length(), upper.base(), upper.address(),
                upper.length()) < 0;
    }

    private void checkLower() {
        valid = lower.isEmpty() || key.compareTo(lower) >= 0;
    }

    private IOException fault(Throwable e) {
        valid = false;
        return source.fault(e, blockOffset);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            valid = false;
            promised = false;
            if (block != null) {
                pin.release();
                index.release();
            }
            if (own != null) {
                own.close();
            }
        }
    }
}
