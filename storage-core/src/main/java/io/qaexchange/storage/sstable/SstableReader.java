package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.iterator.EntrySink;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads an sstable; {@link SstableWriter} has the format.
 *
 * <p>Opening reads the footer, the root of the index, the filter's page checksums, range tombstones and properties: some kilobytes, in
 * a file of 100 MB some tens, which stay on the heap. Every other block is checked against its checksum when it is first read after opening (by every
 * {@link ReadMode#SEQUENTIAL} iterator, and whenever it comes into the cache); {@link #verifyAll} reads and checks all.
 *
 * <p>Damage is a {@link CorruptionException} with file and offset, wherever it is found.
 *
 * <p>Thread-safe, except {@link #close()}: callers hold a lease on the reader for as long as they read, iterate or hold a
 * {@link BlockPin} with values of it, and the last lease closes it. Reading a closed mapping would crash the process; assertions catch
 * it in tests.
 */
public final class SstableReader implements AutoCloseable {
    /** Gets in a row that found their keys, after which the filter is not asked any more. */
    static final int ENOUGH_FOUND = 64;
    /** A power of two. */
    private static final int PLACES = 64;

    private final BlockSource source;
    private final ReadOptions options;
    private final Footer footer;
    private final IndexBlock root = new IndexBlock();
    private final BloomFilter bloom;
    private final RangeTombstoneList rangeTombstones;
    private final SstableProperties properties;
    private final SstableMetadata metadata;
    /** Whether every entry is the only one of its key. */
    private final boolean distinct;
    /** Where a {@link PointRead} counts the gets of this file; of its name, so that a run can be repeated. */
    private final int place;

    private SstableReader(BlockSource source, ReadOptions options) throws IOException {
        this.source = source;
        this.options = options;
        footer = source.footer();
        byte[] rootBytes = source.readBlock(footer.rootIndex(), SstableFormat.KIND_INDEX);
        IndexBlock.validate(Slice.of(rootBytes), footer.indexLevels() - 1, footer, source.file(), footer.rootIndex().offset());
        root.load(rootBytes, Memory.ARRAY_BASE, rootBytes.length);
        properties = SstableProperties.decode(Slice.of(source.readBlock(footer.properties(), SstableFormat.KIND_PROPERTIES)),
                source.file(), footer.properties().offset());
        metadata = properties.metadata(footer.fileSize(), source.file(), footer.properties().offset());
        bloom = footer.filter().isPresent() ? BloomFilter.open(source, footer.filter()) : null;
        rangeTombstones = readRangeTombstones();
        distinct = metadata.distinctKeys() == metadata.entries();
        place = source.file().getFileName().hashCode() & PLACES - 1;
    }

    /**
     * Opens a file.
     *
     * @param cache for blocks that are not read in place; shared by many files
     * @throws io.qaexchange.storage.error.UnsupportedFormatException if it is no sstable, or one of a later version
     * @throws CorruptionException if it is damaged
     */
    public static SstableReader open(Vfs vfs, Path path, ReadOptions options, BlockCache cache) throws IOException {
        return open(vfs, path, options, cache, fault -> {});
    }

    /** @param onFault receives every fault in a mapping of the file, before the reader that met it */
    public static SstableReader open(Vfs vfs, Path path, ReadOptions options, BlockCache cache, Consumer<CorruptionException> onFault)
            throws IOException {
        ReadableFile readable = vfs.open(path);
        BlockSource source = null;
        boolean opened = false;
        try {
            Footer footer = readFooter(readable, path);
            source = BlockSource.open(path, readable, cache, options, footer, onFault);
            SstableReader reader = new SstableReader(source, options);
            opened = true;
            return reader;
        } finally {
            if (!opened) {
                try (readable; BlockSource toClose = source) {
                    assert toClose == source;
                }
            }
        }
    }

    static Footer readFooter(ReadableFile readable, Path path) throws IOException {
        long size = readable.size();
        byte[] head = new byte[(int) Math.min(size, SstableFormat.HEADER_SIZE)];
        byte[] tail = new byte[(int) Math.min(size, Footer.SIZE)];
        readable.read(0, ByteBuffer.wrap(head));
        readable.read(size - tail.length, ByteBuffer.wrap(tail));
        return Footer.decode(head, tail, size, path);
    }

    private RangeTombstoneList readRangeTombstones() throws IOException {
        if (!footer.rangeTombstones().isPresent()) {
            return RangeTombstoneList.EMPTY;
        }
        return RangeTombstoneBlock.decode(
                source.readBlock(footer.rangeTombstones(), SstableFormat.KIND_RANGE_TOMBSTONES), source.file(),
                footer.rangeTombstones().offset());
    }

    /** {@link #get(Slice, long, long, EntrySink, BlockPin)} with the hash taken here. */
    public boolean get(Slice key, long snapshotSequence, EntrySink sink, BlockPin pin) throws IOException {
        return get(key, hash(key), snapshotSequence, sink, pin);
    }

    /** The hash of a user key that all files' filters are asked with. */
    public static long hash(Slice key) {
        return Memory.hash(key.base(), key.address(), key.length());
    }

    /**
     * Hands the versions of a key with a sequence number of at most {@code snapshotSequence} to the sink, newest first, until it wants
     * no more. Range tombstones are not looked at: ask {@link #rangeTombstones()}.
     *
     * <p>The filter is not asked where the last gets through this pin have all found their keys: it would cost each of them a line of
     * memory, a tenth of a get, to say what is known. The first one that finds nothing brings it back, so at most one block in
     * {@value #ENOUGH_FOUND} is read in vain.
     *
     * @param hash {@link #hash} of the key
     * @param pin keeps what the values lie in: they stay readable until it is released or the lease on this reader ends
     * @return whether the sink stopped: older files need not be asked
     */
    public boolean get(Slice key, long hash, long snapshotSequence, EntrySink sink, BlockPin pin) throws IOException {
        PointRead read = pin.scratch() instanceof PointRead kept ? kept : new PointRead(pin);
        long offset = 0;
        try {
            if (bloom != null && read.foundInARow[place] < ENOUGH_FOUND) {
                offset = footer.filter().offset();
                boolean possible = bloom.mayContain(hash, read.filterPin);
                read.filterPin.release();
                if (!possible) {
                    read.foundInARow[place] = 0;
                    return false;
                }
            }
            IndexCursor index = read.index;
            index.reset(source, root, footer.indexLevels());
            long trailer = Trailer.visibleAt(snapshotSequence);
            boolean stopped = false;
            boolean found = false;
            boolean there = index.seek(key, trailer);
            while (there && !stopped) {
                offset = index.leaf().offset(index.position());
                DataBlock block = read.block;
                if (source.dataInPart(index.leaf(), index.position(), true, pin, read.partial)) {
                    block.loadPartly(read.partial, pin.base(), pin.address());
                } else {
                    int columnBytes = index.leaf().columnBytes(index.position(), pin.length());
                    block.loadToSeek(pin.base(), pin.address(), pin.length(), columnBytes, pin.heldBlocks() > 0);
                }
                boolean inBlock = block.seek(key, trailer);
                while (inBlock && !stopped && read.key.contentEquals(key)) {
                    found = true;
                    stopped = !sink.accept(block.trailer(), read.value);
                    if (!stopped) {
                        block.complete();
                    }
                    inBlock = !stopped && block.next();
                }
                // Further versions are in the next block only if this one's separator is the key itself.
                there = !inBlock && !stopped && index.leaf().compareSeparatorKey(index.position(), key) == 0 && index.next();
            }
            index.release();
            read.count(place, found);
            return stopped;
        } catch (InternalError | UnreadableBlockException e) {
            throw source.fault(e, offset);
        }
    }

    /** Turns a cursor to this file. */
    void begin(PrefixCursor cursor) {
        cursor.begin(source, root, footer.indexLevels(), distinct);
    }

    /** Buffers of a point read, kept beside the pin so that reading allocates nothing. */
    private static final class PointRead {
        final Slice key = new Slice();
        final Slice value = new Slice();
        final DataBlock block = new DataBlock(key, value);
        final PartialBlock partial = new PartialBlock();
        final IndexCursor index = new IndexCursor();
        final BlockPin filterPin = new BlockPin();
        /** By {@link SstableReader#place}, up to {@link SstableReader#ENOUGH_FOUND}. Files that share a place only ask more often. */
        final byte[] foundInARow = new byte[PLACES];

        PointRead(BlockPin pin) {
            pin.scratch(this);
        }

        void count(int place, boolean found) {
            if (!found) {
                foundInARow[place] = 0;
            } else if (foundInARow[place] < ENOUGH_FOUND) {
                foundInARow[place]++;
            }
        }
    }

    /** Whether the filter excludes the key; false if there is no filter. */
    public boolean isCertainlyAbsent(Slice key, BlockPin pin) throws IOException {
        if (bloom == null) {
            return false;
        }
        try {
            return !bloom.mayContain(hash(key), pin);
        } catch (InternalError | UnreadableBlockException e) {
            throw source.fault(e, footer.filter().offset());
        }
    }

    /**
     * Walks the entries inside {@code bounds}; nothing outside is ever shown, also if it is confined further. Close it before the lease
     * ends.
     */
    public InternalIterator iterator(KeyRange bounds, ReadMode mode) {
        SequentialAccess own = mode == ReadMode.SEQUENTIAL ? new SequentialAccess(source, options.readAheadBytes()) : null;
        return new SstableIterator(source, own, root, bounds, metadata);
    }

    /**
     * As {@link #iterator(KeyRange, ReadMode)}, but leaves out blocks all of whose event times lie outside {@code times}.
     * Entries outside may still be shown; those inside, and entries without an event time, all are. Since the time is part of the key,
     * all versions of a key are left out together.
     */
    public InternalIterator iterator(KeyRange bounds, ReadMode mode, TimeRange times) {
        InternalIterator iterator = iterator(bounds, mode);
        iterator.confine(bounds, times);
        return iterator;
    }

    public RangeTombstoneList rangeTombstones() {
        return rangeTombstones;
    }

    public SstableProperties properties() {
        return properties;
    }

    public SstableMetadata metadata() {
        return metadata;
    }

    public Path path() {
        return source.file();
    }

    /** Bytes and entries inside a range, from the index alone; at most the two blocks at the edges are guessed at. */
    public SizeEstimate estimate(KeyRange range) throws IOException {
        if (range.isEmpty() || !range.overlaps(metadata.range()) || metadata.entries() == 0) {
            return SizeEstimate.NOTHING;
        }
        boolean fromStart = Slice.compare(range.lower(), metadata.smallestKey()) <= 0;
        boolean toEnd = range.upper() == null || Slice.compare(range.upper(), metadata.largestKey()) > 0;
        try (BlockPin pin = new BlockPin()) {
            return estimate(root, range, fromStart, toEnd, pin);
        } catch (InternalError | UnreadableBlockException e) {
            throw source.fault(e, footer.rootIndex().offset());
        }
    }

    private SizeEstimate estimate(IndexBlock index, KeyRange range, boolean fromStart, boolean toEnd, BlockPin pin)
            throws IOException {
        int last = index.count() - 1;
        int first = fromStart ? 0 : Math.min(last, index.lowerBound(Slice.of(range.lower()), Trailer.NEWEST));
        int end = toEnd ? last : Math.min(last, index.lowerBound(Slice.of(range.upper()), Trailer.NEWEST));
        SizeEstimate sum = SizeEstimate.NOTHING;
        for (int i = first; i <= end; i++) {
            boolean wholeFrom = fromStart || i > first;
            boolean wholeTo = toEnd || i < end;
            if (wholeFrom && wholeTo) {
                sum = sum.plus(new SizeEstimate(index.bytes(i), index.entries(i)));
            } else if (index.level() == 0) {
                sum = sum.plus(new SizeEstimate((index.bytes(i) + 1) / 2, (index.entries(i) + 1) / 2));
            } else {
                IndexBlock child = new IndexBlock();
                source.index(index, i, index.level() - 1, pin);
                child.load(pin.base(), pin.address(), pin.length());
                sum = sum.plus(estimate(child, range, wholeFrom, wholeTo, pin));
            }
        }
        return sum;
    }

    /**
     * A place between two parts of a file.
     *
     * @param key no key of the part before lies after it, none of the part after lies before it
     * @param bytes of the part before, since the anchor before
     */
    public record Anchor(byte[] key, long bytes) {}

    /** Places in the file, in key order, from what is in memory; the last ends the file. */
    public List<Anchor> anchors() {
        List<Anchor> anchors = new ArrayList<>();
        for (int i = 0; i < root.count(); i++) {
            anchors.add(new Anchor(root.separator(i, new Slice()).toByteArray(), root.bytes(i)));
        }
        return anchors;
    }

    /** All blocks in the order of the file, for tools. */
    public List<BlockInfo> blocks() throws IOException {
        List<BlockInfo> blocks = new ArrayList<>();
        try (BlockPin pin = new BlockPin()) {
            listBlocks(root, footer.rootIndex(), blocks, pin);
        } catch (InternalError | UnreadableBlockException e) {
            throw source.fault(e, footer.rootIndex().offset());
        }
        addOther(blocks, SstableFormat.KIND_FILTER, footer.filter());
        addOther(blocks, SstableFormat.KIND_RANGE_TOMBSTONES, footer.rangeTombstones());
        addOther(blocks, SstableFormat.KIND_PROPERTIES, footer.properties());
        blocks.sort(Comparator.comparingLong(block -> block.handle().offset()));
        return blocks;
    }

    private void listBlocks(IndexBlock index, BlockHandle handle, List<BlockInfo> into, BlockPin pin) throws IOException {
        long entries = 0;
        long minTime = Long.MAX_VALUE;
        long maxTime = Long.MIN_VALUE;
        for (int i = 0; i < index.count(); i++) {
            entries += index.entries(i);
            minTime = Math.min(minTime, index.minTime(i));
            maxTime = Math.max(maxTime, index.maxTime(i));
            if (index.level() > 0) {
                IndexBlock child = new IndexBlock();
                source.index(index, i, index.level() - 1, pin);
                child.load(pin.base(), pin.address(), pin.length());
                listBlocks(child, index.handle(i), into, pin);
            } else {
                BlockCompression compression = BlockCompression.ofCode(index.compression(i));
                into.add(new BlockInfo(SstableFormat.kindName(SstableFormat.KIND_DATA), 0, index.handle(i),
                        String.valueOf(compression), SstableFormat.layoutName(index.layout(i)), index.entries(i),
                        index.separator(i, new Slice()).toByteArray(), index.minTime(i), index.maxTime(i)));
            }
        }
        into.add(new BlockInfo(SstableFormat.kindName(SstableFormat.KIND_INDEX), index.level(), handle, BlockCompression.NONE.name(), "",
                entries, index.separator(index.count() - 1, new Slice()).toByteArray(), minTime, maxTime));
    }

    private static void addOther(List<BlockInfo> blocks, int kind, BlockHandle handle) {
        if (handle.isPresent()) {
            blocks.add(new BlockInfo(SstableFormat.kindName(kind), 0, handle, BlockCompression.NONE.name(), "", 0, new byte[0],
                    EventTime.UNKNOWN_MIN, EventTime.UNKNOWN_MAX));
        }
    }

    /**
     * Reads and checks the whole file: every checksum, the order of all entries, that the counts are those of the metadata, and that
     * the filter lets every key through.
     *
     * @throws CorruptionException at the first thing that is wrong
     */
    public void verifyAll() throws IOException {
        new SstableVerifier(this, source, footer, bloom).verify();
    }

    /** Unmaps and closes the file and forgets its cached blocks. The caller vouches that nobody reads any more. */
    @Override
    public void close() throws IOException {
        source.close();
    }

    @Override
    public String toString() {
        return "SstableReader(" + source.file() + ", " + metadata + ")";
    }
}
