package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.cache.CachedFile;
import io.qaexchange.storage.cache.MappedPages;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MappedRegion;
import io.qaexchange.storage.vfs.ReadableFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The blocks of one open file: in place through mappings, or through the block cache.
 *
 * <p>Where memory is scarce ({@link MappedPages}), index blocks and the filter's pages come through the block cache, and so do data blocks that are not in memory, past the
 * cache of the system: a fault in a mapping would read far more than the block.
 *
 * <p>A block that is read in place is checked when it is first asked for after opening; a bit per block remembers that. The check reads
 * it by a positional read: a disk error is an exception there, in a mapping it would be a fault.
 *
 * <p>What is left are pages that became unreadable after they were checked: the file was cut from outside, or a page was evicted and the
 * disk fails to give it again. The JVM turns such a fault into an {@code InternalError}; {@link #fault} makes a
 * {@link CorruptionException} of it. Compiled code, however, goes on with anything at all in place of the bytes, and the error comes with
 * the next safepoint, perhaps after the read has returned (tried on JDK 17: no cheap call brings it sooner). Therefore nothing that is
 * read from a mapping becomes an address unchecked ({@link UnreadableBlockException}), and who reads files from disks that fail, or that
 * others may cut, opens them without mapping.
 *
 * <p>Thread-safe. Bits are set without synchronization: one that is lost only costs a second check.
 */
final class BlockSource implements BlockAccess, AutoCloseable {
    /** One in so many blocks that were evicted from memory is brought back there when it is read; the others are not, so that it does not fill with what is read once. */
    private static final int COLD_BLOCKS_LOADED = 8;

    /** Larger blocks are always decompressed as a whole: readers keep memory for what they decompress in part. */
    private static final int LARGEST_IN_PART = 64 << 10;

    private final Path file;
    private final ReadableFile readable;
    private final BlockCache cache;
    private final Consumer<CorruptionException> onFault;
    /** Data and index blocks by ordinal, then the filter's pages. */
    private final CachedFile cached;
    private final MappedRegion[] pieces;
    private final Object[] pieceBases;
    private final long[] pieceAddresses;
    private final int pieceShift;
    private final Footer footer;
    private final long[] checkedBlocks;
    private final long[] checkedFilterPages;
    private final MappedPages mappedPages;
    /** Reads of mapped blocks so far, and of those that were not in memory; several threads count without order. */
    private int inPlace;
    private int cold;
    private volatile boolean closed;

    private BlockSource(Path file, ReadableFile readable, BlockCache cache, MappedRegion[] pieces, int pieceShift, Footer footer,
            Consumer<CorruptionException> onFault) {
        this.onFault = onFault;
        this.file = file;
        this.readable = readable;
        this.cache = cache;
        mappedPages = cache.mappedPages();
        this.pieces = pieces;
        this.pieceShift = pieceShift;
        this.footer = footer;
        pieceBases = new Object[pieces.length];
        pieceAddresses = new long[pieces.length];
        for (int i = 0; i < pieces.length; i++) {
            pieceBases[i] = pieces[i].base();
            pieceAddresses[i] = pieces[i].address();
        }
        checkedBlocks = new long[(footer.blockCount() + Long.SIZE - 1) / Long.SIZE];
        int filterPages = footer.filter().size() / BloomFilter.PAGE_BYTES + 2;
        checkedFilterPages = new long[(filterPages + Long.SIZE - 1) / Long.SIZE];
        cached = cache.open(footer.blockCount() + filterPages);
    }

    static BlockSource open(Path file, ReadableFile readable, BlockCache cache, ReadOptions options, Footer footer,
            Consumer<CorruptionException> onFault) throws IOException {
        MappedRegion[] pieces = options.mapped() ? map(readable, options.pieceBytes()) : new MappedRegion[0];
        return new BlockSource(file, readable, cache, pieces, Integer.numberOfTrailingZeros(options.pieceBytes()), footer, onFault);
    }

    private static MappedRegion[] map(ReadableFile readable, int pieceBytes) throws IOException {
        MappedRegion[] pieces = new MappedRegion[Math.toIntExact((readable.size() + pieceBytes - 1) / pieceBytes)];
        boolean mapped = false;
        try {
            for (int i = 0; i < pieces.length; i++) {
                long position = (long) i * pieceBytes;
                pieces[i] = readable.map(position, (int) Math.min(pieceBytes, readable.size() - position));
                if (pieces[i] == null) {
                    return new MappedRegion[0];
                }
            }
            mapped = true;
            return pieces;
        } finally {
            if (!mapped) {
                closeAll(pieces);
            }
        }
    }

    Path file() {
        return file;
    }

    Footer footer() {
        return footer;
    }

    BlockCache cache() {
        return cache;
    }

    @Override
    public void data(IndexBlock index, int i, BlockPin pin) throws IOException {
        data(index, i, pin, true);
    }

    private void data(IndexBlock index, int i, BlockPin pin, boolean alone) throws IOException {
        assert !closed : "read of a closed sstable: " + file;
        long offset = index.offset(i);
        int size = index.size(i);
        int compression = index.compression(i);
        requireInside(offset, size, index.ordinal(i));
        boolean checked = isChecked(checkedBlocks, index.ordinal(i));
        boolean onDisk = compression == 0 && !mappedPages.areTrusted(++inPlace) && !isInMemory(offset, size, checked);
        if (compression == 0 && !onDisk && showInPlace(offset, size, pin)) {
            if (!checked) {
                checkInPlace(offset, size, SstableFormat.KIND_DATA, -1, index.ordinal(i));
            }
            return;
        }
        if (!cached.lookup(index.ordinal(i), offset, pin)) {
            load(index.ordinal(i), offset, size, SstableFormat.KIND_DATA, compression, -1, alone && onDisk && checked, pin);
        }
    }

    /**
     * As {@link #data}, but a block that is compressed, mapped and not worth its place in the cache is decompressed from the mapping, as far as it is looked at,
     * into memory of the pin; the first time the checksum of all of it is checked as well.
     *
     * @param alone whether nobody is likely to want the next block as well
     * @param partial is turned to the block in this case
     * @return whether it is
     */
    boolean dataInPart(IndexBlock index, int i, boolean alone, BlockPin pin, PartialBlock partial) throws IOException {
        int ordinal = index.ordinal(i);
        if (index.compression(i) != BlockCompression.LZ4.code() || pieces.length == 0) {
            data(index, i, pin, alone);
            return false;
        }
        assert !closed : "read of a closed sstable: " + file;
        long offset = index.offset(i);
        int size = index.size(i);
        requireInside(offset, size, ordinal);
        if (cached.lookup(ordinal, offset, pin)) {
            return false;
        }
        boolean checked = isChecked(checkedBlocks, ordinal);
        int shortest = SstableFormat.FRAME_OVERHEAD + BlockCodec.SIZE_PREFIX;
        boolean inPart = checked || index.layout(i) == SstableFormat.LAYOUT_FIXED && size >= shortest;
        boolean onDisk = inPart && !mappedPages.areTrusted(++inPlace) && !isInMemory(offset, size, checked);
        if (!inPart || onDisk || !showInPlace(offset, size, pin)) {
            load(ordinal, offset, size, SstableFormat.KIND_DATA, BlockCompression.LZ4.code(), -1, alone && onDisk && checked, pin);
            return false;
        }
        int uncompressed = Memory.getInt(pin.base(), pin.address());
        if (checked && (size < shortest || uncompressed < 0)) {
            throw new UnreadableBlockException("compressed block changed after it was checked");
        }
        if (uncompressed < SstableFormat.BLOCK_FIXED_HEADER_SIZE || uncompressed > LARGEST_IN_PART || cached.isWorthKeeping(ordinal, uncompressed)) {
            load(ordinal, offset, size, SstableFormat.KIND_DATA, BlockCompression.LZ4.code(), -1, false, pin);
            return false;
        }
        if (!checked && checkCompressed(offset, size) != uncompressed) {
            throw new UnreadableBlockException("compressed block changed while it was checked");
        }
        byte[] target = pin.array(uncompressed + PartialBlock.SLACK_BYTES);
        partial.begin(pin.base(), pin.address() + BlockCodec.SIZE_PREFIX, pin.length() - BlockCodec.SIZE_PREFIX, target, uncompressed);
        pin.show(target, Memory.ARRAY_BASE, uncompressed);
        if (!checked) {
            checkFixed(partial, target, ordinal, offset);
        }
        return true;
    }

    /** Checks a compressed block that is mapped as it lies in the file. @return its uncompressed size */
    private int checkCompressed(long offset, int size) throws IOException {
        BlockCodec codec = BlockCodec.borrow();
        try {
            ByteBuffer frame = codec.readBuffer(size);
            read(offset, frame);
            return checkFrame(frame, 0, size, SstableFormat.KIND_DATA, BlockCompression.LZ4.code(), offset, codec);
        } finally {
            codec.giveBack();
        }
    }

    /** The header of a FIXED block says whether all of it makes sense, so the rest need not be decompressed for that. */
    private void checkFixed(PartialBlock partial, byte[] target, int ordinal, long offset) throws CorruptionException {
        partial.ensure(SstableFormat.BLOCK_FIXED_HEADER_SIZE);
        if (target[SstableFormat.BLOCK_LAYOUT] != SstableFormat.LAYOUT_FIXED) {
            throw new CorruptionException("data block has another layout than the index says: " + target[SstableFormat.BLOCK_LAYOUT], file, offset);
        }
        DataBlockCheck.validate(new Slice().wrap(target, 0, partial.size()), file, offset);
        setChecked(checkedBlocks, ordinal);
    }

    @Override
    public void index(IndexBlock parent, int i, int level, BlockPin pin) throws IOException {
        assert !closed : "read of a closed sstable: " + file;
        long offset = parent.offset(i);
        int size = parent.size(i);
        requireInside(offset, size, parent.ordinal(i));
        boolean checked = isChecked(checkedBlocks, parent.ordinal(i));
        if ((mappedPages.areTrusted(++inPlace) || !areScarce(offset, size, checked)) && showInPlace(offset, size, pin)) {
            if (!checked) {
                checkInPlace(offset, size, SstableFormat.KIND_INDEX, level, parent.ordinal(i));
            }
            return;
        }
        if (!cached.lookup(parent.ordinal(i), offset, pin)) {
            load(parent.ordinal(i), offset, size, SstableFormat.KIND_INDEX, 0, level, isOnDisk(offset, size), pin);
        }
    }

    /** A page of the filter, checked when first asked for. */
    void filterPage(int page, long offset, int size, int checksum, BlockPin pin) throws IOException {
        assert !closed : "read of a closed sstable: " + file;
        boolean checked = isChecked(checkedFilterPages, page);
        if (isMapped(offset, size) && (mappedPages.areTrusted(++inPlace) || !areScarce(offset, size, checked))) {
            if (!checked) {
                checkPage(readRaw(offset, size), offset, checksum);
                setChecked(checkedFilterPages, page);
            }
            pin.show(pieceBases[piece(offset)], pieceAddresses[piece(offset)] + within(offset), size);
            return;
        }
        int block = footer.blockCount() + page;
        if (!cached.lookup(block, offset, pin)) {
            byte[] bytes = new byte[size];
            read(offset, ByteBuffer.wrap(bytes), isOnDisk(offset, size));
            checkPage(bytes, offset, checksum);
            keep(block, offset, bytes, pin);
        }
    }

    private void checkPage(byte[] bytes, long offset, int expected) throws CorruptionException {
        int actual = Checksum.crc32c(bytes, 0, bytes.length);
        if (actual != expected) {
            throw CorruptionException.checksum("filter page", file, offset, expected, actual);
        }
    }

    /** Payload of a block that is read once, when opening. */
    byte[] readBlock(BlockHandle handle, int kind) throws IOException {
        ByteBuffer frame = ByteBuffer.wrap(readRaw(handle.offset(), handle.size()));
        BlockCodec codec = BlockCodec.borrow();
        try {
            checkFrame(frame, 0, handle.size(), kind, 0, handle.offset(), codec);
        } finally {
            codec.giveBack();
        }
        byte[] payload = new byte[handle.size() - SstableFormat.FRAME_OVERHEAD];
        System.arraycopy(frame.array(), SstableFormat.FRAME_HEADER_SIZE, payload, 0, payload.length);
        return payload;
    }

    byte[] readRaw(long offset, int size) throws IOException {
        byte[] bytes = new byte[size];
        read(offset, ByteBuffer.wrap(bytes));
        return bytes;
    }

    void read(long offset, ByteBuffer target) throws IOException {
        read(offset, target, false);
    }

    private void read(long offset, ByteBuffer target, boolean direct) throws IOException {
        try {
            if (direct) {
                readable.readDirect(offset, target);
            } else {
                readable.read(offset, target);
            }
        } catch (EOFException e) {
            throw new CorruptionException("sstable ends early", file, offset, e);
        }
    }

    /**
     * Checks kind, size and checksum of a frame whose first byte stands at {@code at}.
     *
     * @return uncompressed size of the payload
     */
    int checkFrame(ByteBuffer frame, int at, int size, int kind, int compression, long offset, BlockCodec codec)
            throws CorruptionException {
        int checked = size - SstableFormat.FRAME_CHECKSUM_SIZE;
        frame.clear().order(ByteOrder.LITTLE_ENDIAN);
        int expected = frame.getInt(at + checked);
        int actual = codec.checksum(frame, at, at + checked);
        frame.clear();
        if (expected != actual) {
            throw CorruptionException.checksum("block", file, offset, expected, actual);
        }
        int payloadSize = frame.getInt(at + SstableFormat.FRAME_PAYLOAD_SIZE);
        int foundKind = frame.get(at + SstableFormat.FRAME_KIND);
        int foundCompression = frame.get(at + SstableFormat.FRAME_COMPRESSION);
        if (payloadSize != size - SstableFormat.FRAME_OVERHEAD || foundKind != kind || foundCompression != compression) {
            throw new CorruptionException("another block than the index says: found " + SstableFormat.kindName(foundKind)
                    + " of " + payloadSize + " bytes, compression " + foundCompression, file, offset);
        }
        int uncompressed = payloadSize;
        if (compression != 0) {
            uncompressed = payloadSize < BlockCodec.SIZE_PREFIX ? -1 : frame.getInt(at + SstableFormat.FRAME_HEADER_SIZE);
            if (BlockCompression.ofCode(compression) == null || uncompressed < 0) {
                throw new CorruptionException("compressed block makes no sense: compression=" + compression + " size="
                        + uncompressed, file, offset);
            }
        }
        return uncompressed;
    }

    static void validate(Slice payload, int kind, int level, Footer footer, Object file, long offset) throws CorruptionException {
        if (kind == SstableFormat.KIND_DATA) {
            DataBlockCheck.validate(payload, file, offset);
        } else {
            IndexBlock.validate(payload, level, footer, file, offset);
        }
    }

    /** The index block that says so may have become unreadable since it was checked. */
    private void requireInside(long offset, int size, int ordinal) {
        if (offset < SstableFormat.HEADER_SIZE || size <= SstableFormat.FRAME_OVERHEAD || offset > footer.fileSize() - size
                || ordinal < 0 || ordinal >= footer.blockCount()) {
            throw new UnreadableBlockException("index block changed after it was checked");
        }
    }

    private boolean showInPlace(long offset, int size, BlockPin pin) {
        if (pieceAddresses.length == 0) {
            return false;
        }
        int piece = piece(offset);
        long within = within(offset);
        if (within + size > 1L << pieceShift) {
            return false;
        }
        pin.show(pieceBases[piece], pieceAddresses[piece] + within + SstableFormat.FRAME_HEADER_SIZE,
                size - SstableFormat.FRAME_OVERHEAD);
        return true;
    }

    /**
     * Whether a block can be read where it is mapped, if it is. Now and then it has just been brought into memory; only if it was checked, since a disk that fails would make it a
     * fault.
     */
    private boolean isInMemory(long offset, int size, boolean checked) {
        if (!areScarce(offset, size, checked) || !isOnDisk(offset, size)) {
            return true;
        }
        if (!checked || ++cold % COLD_BLOCKS_LOADED != 0) {
            return false;
        }
        pieces[piece(offset)].load(within(offset), size);
        return true;
    }

    /** Whether mapped pages may be gone from memory; where that is not known this looks at the beginning of a mapped block that was checked. */
    private boolean areScarce(long offset, int size, boolean checked) {
        if (mappedPages.areScarce()) {
            return true;
        }
        if (checked && isMapped(offset, size)) {
            mappedPages.touch(pieceBases[piece(offset)], pieceAddresses[piece(offset)] + within(offset));
        }
        return false;
    }

    private boolean isOnDisk(long offset, int size) {
        if (!isMapped(offset, size) || pieces[piece(offset)].isInMemory(within(offset), size)) {
            return false;
        }
        mappedPages.missed();
        return true;
    }

    /** Whether a run of the file lies in one mapping. */
    private boolean isMapped(long offset, int size) {
        return piece(offset) < pieces.length && (long) within(offset) + size <= pieces[piece(offset)].length();
    }

    private int piece(long offset) {
        return (int) (offset >>> pieceShift);
    }

    private int within(long offset) {
        return (int) (offset & (1L << pieceShift) - 1);
    }

    private void checkInPlace(long offset, int size, int kind, int level, int ordinal) throws IOException {
        BlockCodec codec = BlockCodec.borrow();
        try {
            ByteBuffer frame = codec.readBuffer(size);
            read(offset, frame);
            checkFrame(frame, 0, size, kind, 0, offset, codec);
            validate(view(frame, SstableFormat.FRAME_HEADER_SIZE, size - SstableFormat.FRAME_OVERHEAD), kind, level, footer, file,
                    offset);
            setChecked(checkedBlocks, ordinal);
        } finally {
            codec.giveBack();
        }
    }

    private void load(int block, long offset, int size, int kind, int compression, int level, boolean direct, BlockPin pin) throws IOException {
        BlockCodec codec = BlockCodec.borrow();
        try {
            ByteBuffer frame = codec.readBuffer(size);
            read(offset, frame, direct);
            int uncompressed = checkFrame(frame, 0, size, kind, compression, offset, codec);
            Chunk chunk = cached.reserve(block, uncompressed);
            boolean kept = false;
            try {
                ByteBuffer target = chunk == null ? ByteBuffer.allocate(uncompressed) : chunk.buffer();
                unpack(frame, size, compression, target, uncompressed, codec, offset);
                validate(view(target, 0, uncompressed), kind, level, footer, file, offset);
                if (kind == SstableFormat.KIND_DATA) {
                    setChecked(checkedBlocks, block);
                }
                kept = true;
                show(block, offset, chunk, target, uncompressed, pin);
            } finally {
                if (!kept && chunk != null) {
                    cached.cancel(block, chunk);
                }
            }
        } finally {
            codec.giveBack();
        }
    }

    private void show(int block, long offset, Chunk chunk, ByteBuffer target, int size, BlockPin pin) {
        if (chunk == null) {
            pin.show(target.array(), Memory.ARRAY_BASE, size);
        } else {
            cached.insert(block, offset, chunk, size, pin);
        }
    }

    /** Puts the uncompressed payload of a checked frame at the beginning of {@code target}. */
    void unpack(ByteBuffer frame, int size, int compression, ByteBuffer target, int uncompressed, BlockCodec codec, long offset)
            throws CorruptionException {
        int payloadEnd = size - SstableFormat.FRAME_CHECKSUM_SIZE;
        if (compression == 0) {
            target.clear().put(frame.limit(payloadEnd).position(SstableFormat.FRAME_HEADER_SIZE));
        } else {
            frame.limit(payloadEnd).position(SstableFormat.FRAME_HEADER_SIZE + BlockCodec.SIZE_PREFIX);
            codec.decompress(compression, frame, target, uncompressed, file, offset);
        }
    }

    private void keep(int block, long offset, byte[] bytes, BlockPin pin) {
        Chunk chunk = cached.reserve(block, bytes.length);
        if (chunk == null) {
            pin.show(bytes, Memory.ARRAY_BASE, bytes.length);
        } else {
            Memory.copy(bytes, Memory.ARRAY_BASE, chunk.base(), chunk.address(), bytes.length);
            cached.insert(block, offset, chunk, bytes.length, pin);
        }
    }

    static Slice view(ByteBuffer buffer, int offset, int length) {
        return buffer.hasArray()
                ? new Slice().wrap(buffer.array(), Memory.ARRAY_BASE + buffer.arrayOffset() + offset, length)
                : new Slice().wrap(Memory.offHeap(), Memory.address(buffer) + offset, length);
    }

    boolean isBlockChecked(int ordinal) {
        return isChecked(checkedBlocks, ordinal);
    }

    void setBlockChecked(int ordinal) {
        setChecked(checkedBlocks, ordinal);
    }

    private static boolean isChecked(long[] bits, int i) {
        return (bits[i >>> 6] >>> i & 1) != 0;
    }

    private static void setChecked(long[] bits, int i) {
        bits[i >>> 6] |= 1L << i;
    }

    /** The error of a fault in a mapping. The one who watches over the file is told at once: other reads may not notice. */
    CorruptionException fault(Throwable fault, long offset) {
        CorruptionException damage = new CorruptionException("a block that was good is changed or unreadable: was the file cut, or does the disk fail?",
                file, offset, fault);
        onFault.accept(damage);
        return damage;
    }

    /** Unmaps and closes; the caller vouches that nobody reads any more. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            closeAll(pieces);
            cached.close();
            readable.close();
        }
    }

    private static void closeAll(MappedRegion[] pieces) {
        for (MappedRegion piece : pieces) {
            if (piece != null) {
                piece.close();
            }
        }
    }
}
