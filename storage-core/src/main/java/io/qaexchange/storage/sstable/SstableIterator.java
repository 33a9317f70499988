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
 * <p>One thread; allocates nothing after the first few moves, nor when it is confined to other bounds.
 */
final class SstableIterator extends InternalIterator {
    private final BlockSource source;
    private final SequentialAccess own;
    private final BlockAccess access;
    private final IndexBlock root;
    /** Null, as is {@link #block}, until the iterator is positioned: of many files some never are. */
    private IndexCursor index;
    private BlockPin pin;
    private DataBlock block;
    /** The block that is decompressed from a mapping; null if this iterator has its own access. */
    private PartialBlock partial;
    /** Blocks that were walked into since the last seek; a scan that has come far is likely to want all of each. */
    private int blocksInRow;
    /** The bounds that the file is clipped to; bounds given later lie inside. */
    private final KeyRange clip;
    private TimeRange times = TimeRange.ALL;
    /** Whether it was confined to nothing last. */
    private boolean unbounded;
    /** Whether blocks may be held: only once it was positioned. */
    private boolean holding;
    private final Slice lower = new Slice();
    private final Slice upperBound = new Slice();
    /** {@link #upperBound}; null = no upper bound. */
    private Slice upper;
    private final Slice separator = new Slice();
    private final int keyLength;
    /** Whether every entry of the file is the only one of its key. */
    private final boolean distinct;
    /** Whether every entry is a value, too. */
    private final boolean plain;
    /** The key that {@link #leaveKey} leaves. */
    private byte[] leftBytes;
    private Slice left;
    /** Written so that the compiler does not leave out the reading in {@link #plainRun}. */
    private int touched;
    private boolean mayReachUpper;
    private long blockOffset;

    /** So many entries of one key are passed over before the next key is sought. */
    private static final int STEPS = 8;
    private static final int PAGE_BYTES = 4096;
    /** So many blocks behind the first a short scan may end in: of them only as much is decompressed as it comes to. */
    private static final int SHORT_SCAN_BLOCKS = 3;
    /** So many blocks in a row are read each for itself; who walks further wants what the system reads ahead. */
    private static final int READ_ALONE_BLOCKS = 8;

    /** @param own closed with the iterator; null = read through {@code source} */
    SstableIterator(BlockSource source, SequentialAccess own, IndexBlock root, KeyRange clip, SstableMetadata metadata) {
        this.clip = clip;
        keyLength = metadata.keyLength();
        distinct = metadata.distinctKeys() == metadata.entries();
        plain = distinct && metadata.puts() == metadata.entries();
        this.root = root;
        this.source = source;
        this.own = own;
        access = own == null ? source : own;
        confine(clip, TimeRange.ALL);
    }

    @Override
    public void confine(KeyRange bounds, TimeRange wanted) {
        rest();
        boolean all = bounds == KeyRange.ALL;
        if (all && unbounded && wanted == times) {
            return;
        }
        unbounded = all;
        byte[] from = Slice.compare(bounds.lower(), clip.lower()) >= 0 ? bounds.lower() : clip.lower();
        byte[] to = KeyRange.compareUpper(bounds.upper(), clip.upper()) <= 0 ? bounds.upper() : clip.upper();
        lower.wrap(from);
        upper = to == null ? null : upperBound.wrap(to);
        times = wanted;
        if (index != null) {
            index.restrictTime(wanted);
        }
    }

    @Override
    public int keyLength() {
        return keyLength;
    }

    /** Before each positioning. */
    private void prepare() {
        valid = false;
        holding = true;
        if (block == null) {
            index = new IndexCursor();
            index.reset(access, root, source.footer().indexLevels());
            index.restrictTime(times);
            pin = new BlockPin();
            block = new DataBlock(key, value);
            partial = own == null ? new PartialBlock() : null;
        }
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
            loadBlock(true);
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
            loadBlock(true);
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
    public void nextKey() throws IOException {
        if (distinct) {
            next();
        } else {
            leaveKey(0);
        }
    }

    @Override
    public void nextVisible(long visible) throws IOException {
        if (distinct) {
            next();
        } else {
            leaveKey(visible);
        }
    }

    /** After this entry, to the first that has another key or a trailer at or after the given one. */
    private void leaveKey(long from) throws IOException {
        if (leftBytes == null || leftBytes.length < key.length()) {
            leftBytes = new byte[Math.max(64, key.length())];
            left = new Slice();
        }
        int length = key.length();
        key.copyTo(leftBytes, 0);
        left.wrap(leftBytes, 0, length);
        for (int i = 0; i < STEPS; i++) {
            next();
            if (!valid || from != 0 && Trailer.compare(trailer, from) >= 0 || !key.contentEquals(left)) {
                return;
            }
        }
        seek(left, from);
        while (valid && from == 0 && key.contentEquals(left)) {
            next();
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
        if (!plain || !valid) {
            return 0;
        }
        try {
            IndexBlock leaf = index.leaf();
            int at = index.position();
            if (!wanted.isAll() && !wanted.contains(leaf.minTime(at), leaf.maxTime(at))) {
                return 0;
            }
            int run = mayReachUpper ? block.remainingBefore(upper) : block.remaining();
            boolean mayReach = run > 0 && before != null && leaf.compareSeparatorKey(at, before) >= 0;
            run = mayReach ? Math.min(run, block.remainingBefore(before)) : run;
            if (run > 0) {
                touch(run);
            }
            return run;
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    /** Who walks the run does so without us: a page that cannot be read is to fail here, where file and offset are known. */
    private void touch(int run) {
        long end = value.address() + value.length() + (long) run * block.stride() - 1;
        int sum = 0;
        for (long at = key.address() + PAGE_BYTES; at < end; at += PAGE_BYTES) {
            sum += Memory.getByte(key.base(), at);
        }
        touched = sum + Memory.getByte(key.base(), end);
    }

    @Override
    public int runStride() {
        return block.stride();
    }

    @Override
    public void skip(int entries) throws IOException {
        try {
            block.skip(entries);
            trailer = block.trailer();
        } catch (InternalError | UnreadableBlockException e) {
            throw fault(e);
        }
    }

    private void showFirstFrom(boolean thereIsABlock) throws IOException {
        boolean there = thereIsABlock;
        while (there) {
            loadBlock(false);
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
            loadBlock(false);
            if (block.last()) {
                show();
                checkLower();
                return;
            }
            there = index.previous();
        }
    }

    private void loadBlock(boolean toSeek) throws IOException {
        pin.release();
        blockOffset = index.leaf().offset(index.position());
        blocksInRow = toSeek ? 0 : blocksInRow + 1;
        if (partial != null && source.dataInPart(index.leaf(), index.position(), blocksInRow < READ_ALONE_BLOCKS, pin, partial)) {
            block.loadPartly(partial, pin.base(), pin.address());
            if (blocksInRow > SHORT_SCAN_BLOCKS) {
                block.complete();
            }
        } else {
            if (partial == null) {
                own.data(index.leaf(), index.position(), pin);
            }
            int columnBytes = toSeek ? index.leaf().columnBytes(index.position(), pin.length()) : 0;
            block.loadToSeek(pin.base(), pin.address(), pin.length(), columnBytes, false);
        }
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
    public void rest() {
        super.rest();
        if (holding) {
            pin.release();
            index.release();
            holding = false;
        }
    }

    @Override
    public void close() {
        rest();
        if (own != null) {
            own.close();
        }
    }
}
