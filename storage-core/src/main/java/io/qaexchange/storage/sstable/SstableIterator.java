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
    private final IndexCursor index = new IndexCursor();
    private final BlockPin pin = new BlockPin();
    private final DataBlock block = new DataBlock(key, value);
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
    SstableIterator(BlockSource source, SequentialAccess own, IndexBlock root, KeyRange bounds, boolean plain) {
        this.plain = plain;
        this.source = source;
        this.own = own;
        access = own == null ? source : own;
        lower = Slice.of(bounds.lower());
        upper = bounds.upper() == null ? null : Slice.of(bounds.upper());
        index.reset(access, root, source.footer().indexLevels());
    }

    SstableIterator restrictTime(TimeRange times) {
        index.restrictTime(times);
        return this;
    }

    @Override
    public void seekToFirst() throws IOException {
        if (!lower.isEmpty()) {
            seek(lower, Trailer.NEWEST);
            return;
        }
        valid = false;
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
        valid = false;
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
        valid = false;
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
        valid = false;
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
    public int plainRun(Slice before, TimeRange times) throws IOException {
        if (!plain || !valid) {
            return 0;
        }
        try {
            IndexBlock leaf = index.leaf();
            int at = index.position();
            if (!times.contains(leaf.minTime(at), leaf.maxTime(at))) {
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
            pin.release();
            index.release();
            if (own != null) {
                own.close();
            }
        }
    }
}
