package io.qaexchange.storage.sstable;

import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The blocks of a file for one long scan: positional reads ahead into a window of its own, beside the cache. What is read at once grows
 * from the first block's size to the limit, so that a scan that ends early has not read much. Every block is checked.
 *
 * <p>One thread. A block is good until the next one of its kind (data, or index of the same level) is asked for.
 */
final class SequentialAccess implements BlockAccess, AutoCloseable {
    private final BlockSource source;
    private final int readAheadBytes;
    private final long dataEnd;
    private final BlockCodec codec = BlockCodec.borrow();
    private final Slice payload = new Slice();
    private final byte[][] indexBlocks = new byte[SstableFormat.MAX_INDEX_LEVELS][0];
    private Chunk window;
    private Chunk unpacked;
    private ByteBuffer wholeFrame;
    private long windowOffset;
    private int windowLength;
    private int nextLength;
    private boolean closed;

    SequentialAccess(BlockSource source, int readAheadBytes) {
        this.source = source;
        this.readAheadBytes = readAheadBytes;
        dataEnd = source.footer().fileSize() - Footer.SIZE;
    }

    @Override
    public void data(IndexBlock index, int i, BlockPin pin) throws IOException {
        long offset = index.offset(i);
        int size = index.size(i);
        int compression = index.compression(i);
        int at = fill(offset, size);
        ByteBuffer frame = window.buffer();
        int uncompressed = source.checkFrame(frame, at, size, SstableFormat.KIND_DATA, compression, offset, codec);
        if (compression == 0) {
            payload.wrap(window.base(), window.address() + at + SstableFormat.FRAME_HEADER_SIZE, uncompressed);
        } else {
            unpacked = ensure(unpacked, uncompressed);
            frame.limit(at + size - SstableFormat.FRAME_CHECKSUM_SIZE)
                    .position(at + SstableFormat.FRAME_HEADER_SIZE + BlockCodec.SIZE_PREFIX);
            codec.decompress(compression, frame, unpacked.buffer(), uncompressed, source.file(), offset);
            payload.wrap(unpacked.base(), unpacked.address(), uncompressed);
        }
        if (!source.isBlockChecked(index.ordinal(i))) {
            BlockSource.validate(payload, SstableFormat.KIND_DATA, -1, source.footer(), source.file(), offset);
            source.setBlockChecked(index.ordinal(i));
        }
        pin.show(payload.base(), payload.address(), payload.length());
    }

    @Override
    public void index(IndexBlock parent, int i, int level, BlockPin pin) throws IOException {
        long offset = parent.offset(i);
        int size = parent.size(i);
        if (indexBlocks[level].length < size) {
            indexBlocks[level] = new byte[Math.max(size, indexBlocks[level].length * 2)];
        }
        byte[] bytes = indexBlocks[level];
        wholeFrame = wholeFrame == null || wholeFrame.array() != bytes ? ByteBuffer.wrap(bytes) : wholeFrame.clear();
        source.read(offset, wholeFrame.limit(size));
        source.checkFrame(wholeFrame, 0, size, SstableFormat.KIND_INDEX, 0, offset, codec);
        payload.wrap(bytes, SstableFormat.FRAME_HEADER_SIZE, size - SstableFormat.FRAME_OVERHEAD);
        BlockSource.validate(payload, SstableFormat.KIND_INDEX, level, source.footer(), source.file(), offset);
        pin.show(payload.base(), payload.address(), payload.length());
    }

    /** Brings a frame into the window; returns where in it the frame begins. */
    private int fill(long offset, int size) throws IOException {
        if (offset >= windowOffset && offset + size <= windowOffset + windowLength) {
            return (int) (offset - windowOffset);
        }
        nextLength = (int) Math.min(readAheadBytes, Math.max(size, nextLength * 2L));
        int length = Math.max(size, nextLength);
        // Walking backward, what comes next lies in front of this block.
        long from = windowLength > 0 && offset < windowOffset
                ? Math.max(SstableFormat.HEADER_SIZE, offset + size - length)
                : offset;
        length = (int) Math.min(length, dataEnd - from);
        window = ensure(window, length);
        windowLength = 0;
        source.read(from, window.buffer().clear().limit(length));
        windowOffset = from;
        windowLength = length;
        return (int) (offset - from);
    }

    private Chunk ensure(Chunk chunk, int bytes) {
        if (chunk != null && chunk.size() >= bytes) {
            return chunk;
        }
        Chunk larger = source.cache().pool().allocate(Math.max(bytes, 4 << 10));
        if (chunk != null) {
            source.cache().pool().free(chunk);
        }
        return larger;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            codec.giveBack();
            if (window != null) {
                source.cache().pool().free(window);
            }
            if (unpacked != null) {
                source.cache().pool().free(unpacked);
            }
        }
    }
}
