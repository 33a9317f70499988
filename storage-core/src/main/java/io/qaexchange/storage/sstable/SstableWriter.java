package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.MemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * Writes an sstable, front to back, from entries in internal order. This Javadoc is the specification of the format, version 3; earlier versions
 * have data blocks without what is marked (2) or (3).
 *
 * <p>Everything is little-endian; checksums are CRC32C. The file is: the magic (8 bytes, so that a truncated file is known for what it
 * is), frames one after the other without gaps, the footer.
 *
 * <pre>
 * Frame: what every block stands in. A handle (offset u64, size u32) names a frame from its first to its last byte.
 *   offset  size  field
 *        0     4  payload size n
 *        4     1  kind: 1 data, 2 index, 3 filter, 4 range tombstones, 5 properties
 *        5     1  compression: 0 none, 1 LZ4, 2 Zstd (data blocks only)
 *        6     2  zero
 *        8     n  payload; compressed: uncompressed size u32, then the codec's bytes
 *      8+n     4  CRC32C of bytes [0, 8+n)
 *
 * Data block, layout FIXED: all keys have one length, all values have one length.
 *   offset  size  field
 *        0     1  layout: 1
 *        1     1  trailer width w: 0, 2, 3, 4 or 8; plus 16 if there is a column; plus 32 if its entries have two bytes (2), 64 if one (3)
 *        2     2  key length k
 *        4     4  value length v
 *        8     4  count
 *       12     2  window offset: where in the keys the eight bytes begin that tell most of them apart
 *       14     2  interpolation error e; 0xffff: search by halving
 *       16     8  base trailer
 *       24     8  window of the first record as a number (big-endian)      } zero if
 *       32     8  window of the last record                                } there is no column
 *       40  count*c  column, if there is one, with entries of c = 4, 2 or 1 bytes: per record its window minus the first one, shifted right by
 *                 so many bits that the last one fits
 *                 count records of k + w + v bytes: key, trailer minus base trailer, value. Where w is 2 or 3 (2) all trailers have one
 *                 kind, and the difference is shifted right by 8
 *   If e is not 0xffff, a straight line over the windows (unsigned), from record 0 to the last, misses no record's place by more than e.
 *
 * Data block, layout PREFIX: any lengths.
 *   offset  size  field
 *        0     1  layout: 2
 *        1     1  trailer width w: 0, 2, 3, 4 or 8, as above
 *        2     2  zero
 *        4     4  number of restarts r
 *        8     4  count
 *       12     4  zero
 *       16     8  base trailer
 *       24        count entries: bytes shared with the previous key (varint), further bytes of the key (varint), value length
 *                 (varint), trailer minus base trailer (w bytes), further bytes of the key, value
 *     end-4r  4r  where in the block each restart (an entry that shares nothing) begins; restarts are equally many entries apart
 *
 * Index block, on any level: one entry per block below, which is a data block on level 0, else an index block.
 *   offset  size  field
 *        0     1  level
 *        1     1  flags: 1 = entries carry event times
 *        2     2  p: how many leading bytes all separators share
 *        4     4  count n
 *        8    8n  windows: the eight bytes of each separator after p, big-endian value, zero-padded
 *         4(n+1)  where in this index block the separators begin, and where the last one ends
 *             sn  entries, s = 40, with event times 56:
 *                   0  8  offset of the block        8  4  size of its frame   12  4  its ordinal
 *                  16  8  trailer of the separator
 *                  24  6  entries in or below it    30  1  compression         31  1  layout
 *                  32  8  bytes of its data blocks
 *                  40  8  smallest event time       48  8  largest event time (signed)
 *                 separators: user keys; with its trailer, one lies at or after the last entry of its block and before the first
 *                 entry of the next one
 *              8  zero
 *
 * Filter block: padding of 0 to 63 bytes, so that the lines begin at a multiple of 64 in the file; lines of 64 bytes; a CRC32C per
 *   16 KiB of lines; keys u64, lines u32, probes u8, padding u8, bits per key u8, zero u8; CRC32C from the first page checksum on.
 *   A key with hash h (Memory.hash) has line (h >>> 32) * lines >>> 32 and bits from m = (h ^ h >>> 29) * 0xBF58476D1CE4E5B9,
 *   m ^ m >>> 32: nine bits of it per probe, lowest first, of which the upper three name the word and the lower six the bit.
 *
 * Range tombstones: count (varint), then lower, upper (each varint length and bytes), sequence (varint).
 * Properties: see SstableProperties.
 *
 * Footer: the last 80 bytes.
 *   offset  size  field
 *        0    12  handle of the index block at the root
 *       12    12  handle of the filter (size 0: none)
 *       24    12  handle of the range tombstones (size 0: none)
 *       36    12  handle of the properties
 *       48     4  number of data and index blocks
 *       52     2  index levels
 *       54     2  zero
 *       56     8  size of the file
 *       64     2  format version; every version keeps the 16 bytes from here on, and the checksum's range
 *       66     2  zero
 *       68     4  CRC32C of bytes [0, 68)
 *       72     8  magic 0x5353544F4C5450
 * </pre>
 *
 * <p>Memory: one data block, one index block per level, a buffer of 256 KiB, and what {@link BloomFilterBuilder} says; with helpers also the blocks of a
 * {@link BlockQueue}, some 40 before and after compression. A value of more
 * than 4 MiB goes straight through the buffer into a block of its own, uncompressed.
 *
 * <p>One thread. After an exception the file is unusable: call {@link #abandon()}.
 */
public final class SstableWriter implements AutoCloseable {
    private static final int LARGEST_STAGED_VALUE = 4 << 20;

    private final Vfs vfs;
    private final Path path;
    private final SstableOptions options;
    private final WritableFile file;
    private final FrameWriter out;
    private final IndexWriter index;
    private final BlockQueue queue;
    private final DataBlockBuilder block;
    private final BloomFilterBuilder bloom;
    private final SstableStatistics statistics;
    private final ByteWriter encoded = new ByteWriter(32 << 10);
    private final List<RangeTombstone> rangeTombstones = new ArrayList<>();
    private final Slice lastKey = new Slice();
    private byte[] lastKeyBytes = new byte[64];
    private long lastTrailer;
    private boolean empty = true;
    private boolean closed;
    /** A finished block whose separator is known when the next key comes. */
    private FinishedBlock pending;

    private SstableWriter(Vfs vfs, Path path, SstableOptions options, WritableFile file, MemoryPool pool, Executor helpers) {
        this.vfs = vfs;
        this.path = path;
        this.options = options;
        this.file = file;
        out = new FrameWriter(file, pool);
        index = new IndexWriter(out, options.indexBlockSizeBytes(), options.hasEventTime());
        queue = new BlockQueue(options.compression(), helpers, this::write);
        block = new DataBlockBuilder(options.restartInterval(), options.compression() != BlockCompression.NONE);
        bloom = options.bloomBitsPerKey() > 0 ? new BloomFilterBuilder(options.bloomBitsPerKey(), pool) : null;
        statistics = new SstableStatistics(options);
    }

    /** {@link #open(Vfs, Path, SstableOptions, MemoryPool, Executor)} with buffers on the heap that no budget counts: for tools and tests. */
    public static SstableWriter open(Vfs vfs, Path path, SstableOptions options) throws IOException {
        return open(vfs, path, options, new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, Long.MAX_VALUE), null);
    }

    /**
     * Creates the file; it is fit to be read only after {@link #finish()}.
     *
     * @param pool has the buffer for writing and what the filter needs; where it is spent the buffer is smaller
     * @param helpers threads that compress blocks meanwhile; null: the writer's own does it
     */
    public static SstableWriter open(Vfs vfs, Path path, SstableOptions options, MemoryPool pool, Executor helpers) throws IOException {
        SstableWriter writer = new SstableWriter(vfs, path, options, vfs.create(path), pool, helpers);
        writer.out.raw(new ByteWriter(Long.BYTES).u64(SstableFormat.MAGIC).toByteArray());
        return writer;
    }

    /**
     * Adds an entry.
     *
     * @param key user key, at most 65,535 bytes; not kept
     * @param trailer sequence number and kind DELETE, PUT or APPEND, see {@link Trailer}
     * @param value at most 1 GiB; not kept
     * @throws IllegalArgumentException if the entry does not come after the last one in internal order, or is too large
     */
    public void add(Slice key, long trailer, Slice value) throws IOException {
        checkOpen();
        boolean newKey = checkOrder(key, trailer, value);
        if (newKey && bloom != null) {
            bloom.add(Memory.hash(key.base(), key.address(), key.length()));
        }
        boolean large = value.length() > LARGEST_STAGED_VALUE;
        if (large || block.isFullFor(key, value.length(), options.blockSizeBytes())) {
            finishBlock();
        }
        if (pending != null) {
            indexPending(key);
        }
        statistics.add(key, trailer, value, newKey);
        rememberLast(key, trailer);
        if (large) {
            writeLargeValue(key, trailer, value);
        } else {
            block.add(key, trailer, value);
        }
    }

    private boolean checkOrder(Slice key, long trailer, Slice value) {
        int kind = Trailer.kind(trailer);
        if (kind != ValueKind.PUT && kind != ValueKind.DELETE && kind != ValueKind.APPEND) {
            throw new IllegalArgumentException("an sstable entry is a PUT, DELETE or APPEND, not " + Trailer.toString(trailer)
                    + ": key=" + key + " file=" + path);
        }
        if (key.length() > SstableFormat.MAX_KEY_LENGTH) {
            throw new IllegalArgumentException("key too long: " + key.length() + " bytes, at most " + SstableFormat.MAX_KEY_LENGTH);
        }
        if (value.length() > SstableFormat.MAX_VALUE_LENGTH) {
            throw new IllegalArgumentException("value too long: " + value.length() + " bytes, at most "
                    + SstableFormat.MAX_VALUE_LENGTH);
        }
        if (empty) {
            empty = false;
            return true;
        }
        int order = lastKey.compareTo(key);
        if (order > 0 || order == 0 && Trailer.compare(lastTrailer, trailer) >= 0) {
            throw new IllegalArgumentException("entries must come in internal order: " + key + Trailer.toString(trailer)
                    + " after " + lastKey + Trailer.toString(lastTrailer) + ": file=" + path);
        }
        return order != 0;
    }

    private void rememberLast(Slice key, long trailer) {
        if (lastKeyBytes.length < key.length()) {
            lastKeyBytes = new byte[Math.max(key.length(), lastKeyBytes.length * 2)];
        }
        key.copyTo(lastKeyBytes, 0);
        lastKey.wrap(lastKeyBytes, 0, key.length());
        lastTrailer = trailer;
    }

    /** Adds a deletion of a range; in any order, also between entries. Empty ranges are left out. */
    public void addRangeTombstone(RangeTombstone tombstone) {
        checkOpen();
        if (!tombstone.range().isEmpty()) {
            rangeTombstones.add(tombstone);
            statistics.add(tombstone);
        }
    }

    /** About how large the file would be if it were finished now. */
    public long estimatedSize() {
        return out.offset() + queue.estimatedBytes() + (block.isEmpty() ? 0 : block.estimatedSize()) + index.pendingBytes()
                + (bloom == null ? 0 : bloom.estimatedSize()) + Footer.SIZE;
    }

    public long entries() {
        return statistics.entries();
    }

    /** The user key last added, good until the next one; empty at first. */
    public Slice lastKey() {
        return lastKey;
    }

    /**
     * Writes what is left and syncs the file. Its name is durable after the folder is synced, which is the caller's to do once for all
     * files.
     */
    public SstableMetadata finish() throws IOException {
        checkOpen();
        finishBlock();
        if (pending != null) {
            indexPending(null);
        }
        queue.drain();
        BlockHandle tombstones = writeRangeTombstones();
        BlockHandle filter = bloom == null || bloom.keys() == 0 ? BlockHandle.NONE : bloom.write(out);
        if (statistics.entries() == 0) {
            // An index needs an entry; an empty block stands for "no entries".
            writeEmptyBlock();
        }
        BlockHandle root = index.finish();
        BlockHandle properties = writeProperties();
        long fileSize = out.offset() + Footer.SIZE;
        Footer footer = new Footer(root, filter, tombstones, properties, index.blockCount(), index.levelCount(), fileSize,
                SstableFormat.VERSION);
        out.raw(footer.encode());
        out.flush();
        file.sync();
        release();
        return statistics.metadata(fileSize);
    }

    /** Closes and deletes the unfinished file. Does nothing after {@link #finish()}. */
    public void abandon() throws IOException {
        if (!closed) {
            release();
            vfs.delete(path);
        }
    }

    /** {@link #abandon()} unless finished. */
    @Override
    public void close() throws IOException {
        abandon();
    }

    private void release() throws IOException {
        closed = true;
        out.close();
        if (bloom != null) {
            bloom.close();
        }
        file.close();
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the sstable was finished or abandoned: " + path);
        }
    }

    private void finishBlock() throws IOException {
        if (block.isEmpty()) {
            return;
        }
        FinishedBlock finished = queue.next();
        block.encode(finished.payload);
        finish(finished, block.count(), block.layout(), block.lastTrailer());
        block.clear();
        queue.add();
    }

    private void finish(FinishedBlock finished, int count, int layout, long lastTrailer) {
        finished.count = count;
        finished.layout = layout;
        finished.lastTrailer = lastTrailer;
        statistics.blockFinished(layout);
        finished.minTime = statistics.takeBlockMinTime();
        finished.maxTime = statistics.takeBlockMaxTime();
        pending = finished;
    }

    /** The next block of the file. */
    private void write(FinishedBlock finished) throws IOException {
        byte[] payload = finished.compressedSize < 0 ? finished.payload.array() : finished.compressed;
        written(finished, out.frame(SstableFormat.KIND_DATA, finished.compression, payload, finished.storedSize()));
        if (finished.separator != null) {
            index(finished);
        }
    }

    private void written(FinishedBlock finished, BlockHandle handle) {
        finished.handle = handle;
        finished.ordinal = index.takeOrdinal();
        statistics.blockWritten(handle.size());
    }

    private void writeLargeValue(Slice key, long trailer, Slice value) throws IOException {
        queue.drain();
        encoded.clear();
        DataBlockBuilder.writePlainHeader(encoded, key.length(), value.length(), 1, trailer);
        encoded.raw(key);
        out.begin(SstableFormat.KIND_DATA, BlockCompression.NONE.code(), encoded.size() + value.length());
        out.part(encoded.array(), Memory.ARRAY_BASE, encoded.size());
        out.part(value.base(), value.address(), value.length());
        FinishedBlock finished = new FinishedBlock();
        finished.compression = BlockCompression.NONE.code();
        finish(finished, 1, SstableFormat.LAYOUT_FIXED, trailer);
        written(finished, out.end());
    }

    private void writeEmptyBlock() throws IOException {
        encoded.clear();
        DataBlockBuilder.writePlainHeader(encoded, 0, 0, 0, 0);
        BlockHandle handle = out.frame(SstableFormat.KIND_DATA, 0, encoded.array(), encoded.size());
        index.add(new IndexEntry(new byte[0], 0, handle, index.takeOrdinal(), 0, handle.size(), 0, SstableFormat.LAYOUT_FIXED,
                EventTime.UNKNOWN_MIN, EventTime.UNKNOWN_MAX));
    }

    /** Gives the pending block its place in the index, as soon as it is written; {@code next} is the first key after it, null at the end. */
    private void indexPending(Slice next) throws IOException {
        FinishedBlock finished = pending;
        pending = null;
        finished.separator = next == null ? lastKey.toByteArray() : IndexWriter.separator(lastKey, next);
        finished.separatorTrailer = next == null ? finished.lastTrailer
                : IndexWriter.separatorTrailer(finished.separator, lastKey, finished.lastTrailer);
        if (finished.handle != null) {
            index(finished);
        }
    }

    private void index(FinishedBlock finished) throws IOException {
        index.add(new IndexEntry(finished.separator, finished.separatorTrailer, finished.handle, finished.ordinal, finished.count,
                finished.handle.size(), finished.compression, finished.layout, finished.minTime, finished.maxTime));
    }

    private BlockHandle writeRangeTombstones() throws IOException {
        if (rangeTombstones.isEmpty()) {
            return BlockHandle.NONE;
        }
        List<RangeTombstone> distinct = RangeTombstoneList.of(rangeTombstones).tombstones();
        encoded.clear();
        encoded.varint(distinct.size());
        for (RangeTombstone tombstone : distinct) {
            encoded.bytes(tombstone.range().lower()).bytes(tombstone.range().upper()).varint(tombstone.sequence());
        }
        return out.frame(SstableFormat.KIND_RANGE_TOMBSTONES, 0, encoded.array(), encoded.size());
    }

    private BlockHandle writeProperties() throws IOException {
        SstableProperties.Builder properties = new SstableProperties.Builder()
                .number(SstableProperties.BLOOM_BITS_PER_KEY, options.bloomBitsPerKey())
                .text(SstableProperties.COMPRESSION, options.compression().name())
                .number(SstableProperties.BLOCK_SIZE, options.blockSizeBytes())
                .number(SstableProperties.EVENT_TIME_FROM_END, options.eventTimeFromEnd())
                .number(SstableProperties.FIXED_BLOCKS, statistics.fixedBlocks())
                .number(SstableProperties.PREFIX_BLOCKS, statistics.prefixBlocks())
                .number(SstableProperties.INDEX_BLOCKS, index.indexBlocks())
                .text(SstableProperties.CREATED_BY, options.createdBy())
                .number(SstableProperties.CREATED_AT_MS, options.createdAtMs())
                .text(SstableProperties.WRITER, "storage-core format " + SstableFormat.VERSION);
        options.userProperties().forEach((name, value) -> properties.bytes(SstableProperties.USER_PREFIX + name, value));
        encoded.clear();
        // The file's own size is not known yet and stands in the footer.
        statistics.metadata(0).encode(encoded);
        properties.bytes(SstableProperties.METADATA, encoded.toByteArray());
        encoded.clear();
        properties.build().encode(encoded);
        return out.frame(SstableFormat.KIND_PROPERTIES, 0, encoded.array(), encoded.size());
    }

    @Override
    public String toString() {
        return "SstableWriter(" + path + ", " + statistics.entries() + " entries, " + out.offset() + " bytes)";
    }
}
