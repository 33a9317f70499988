package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.vfs.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Goes through a file frame by frame without index or footer, for tools: finds what is whole in a file of which parts are damaged.
 * After damage it goes on at the next place where a frame with a right checksum begins.
 *
 * <p>One thread.
 */
final class FrameScanner {
    private static final int WINDOW = 1 << 20;

    private final ReadableFile readable;
    private final Object file;
    private final long end;
    private byte[] window = new byte[0];
    private long windowOffset;

    FrameScanner(ReadableFile readable, Object file) {
        this.readable = readable;
        this.file = file;
        end = readable.size();
    }

    /**
     * The frame, or the damage, at a place of the file. Exactly one of {@code payload} and {@code damage} is null.
     *
     * @param size bytes of the frame, or of the damage
     * @param compression code found in the frame
     * @param payload uncompressed
     */
    record Frame(long offset, long size, int kind, int compression, byte[] payload, String damage) {
        boolean isWhole() {
            return damage == null;
        }
    }

    /** The frame at {@code offset}, or the damage up to the next whole frame; null at the end of what can be frames. */
    Frame at(long offset, long limit) throws IOException {
        if (offset >= limit) {
            return null;
        }
        String damage = damageAt(offset, limit);
        if (damage == null) {
            return whole(offset);
        }
        long next = offset + frameSize(offset, limit);
        if (next <= offset || next < limit && damageAt(next, limit) != null) {
            next = offset + 1;
            while (next < limit && damageAt(next, limit) != null) {
                next++;
            }
        }
        return new Frame(offset, next - offset, kind(offset), 0, null, damage);
    }

    private Frame whole(long offset) throws IOException {
        int size = (int) frameSize(offset, end);
        byte[] bytes = bytes(offset, size);
        int kind = bytes[SstableFormat.FRAME_KIND];
        int compression = bytes[SstableFormat.FRAME_COMPRESSION];
        byte[] payload = Arrays.copyOfRange(bytes, SstableFormat.FRAME_HEADER_SIZE, size - SstableFormat.FRAME_CHECKSUM_SIZE);
        if (compression == 0) {
            return new Frame(offset, size, kind, compression, payload, null);
        }
        int uncompressed = payload.length < BlockCodec.SIZE_PREFIX ? -1 : Memory.getInt(payload, Memory.ARRAY_BASE);
        if (uncompressed < 0) {
            return new Frame(offset, size, kind, compression, null, "compressed block without a size");
        }
        BlockCodec codec = BlockCodec.borrow();
        try {
            ByteBuffer target = ByteBuffer.allocate(uncompressed);
            codec.decompress(compression, ByteBuffer.wrap(payload).position(BlockCodec.SIZE_PREFIX), target, uncompressed, file,
                    offset);
            return new Frame(offset, size, kind, compression, target.array(), null);
        } catch (CorruptionException e) {
            return new Frame(offset, size, kind, compression, null, e.getMessage());
        } finally {
            codec.giveBack();
        }
    }

    /** Null if a whole frame stands at {@code offset}. */
    private String damageAt(long offset, long limit) throws IOException {
        long size = frameSize(offset, limit);
        if (size < 0) {
            return "no frame";
        }
        int checked = (int) size - SstableFormat.FRAME_CHECKSUM_SIZE;
        byte[] bytes = read(offset, (int) size);
        int from = bytes == window ? (int) (offset - windowOffset) : 0;
        int expected = Memory.getInt(bytes, Memory.ARRAY_BASE + from + checked);
        int actual = Checksum.crc32c(bytes, from, checked);
        return expected == actual ? null : String.format("checksum mismatch (expected=0x%08x actual=0x%08x)", expected, actual);
    }

    /** The size of the frame whose header is at {@code offset}; -1 if it is no header of a frame that ends before the limit. */
    private long frameSize(long offset, long limit) throws IOException {
        if (limit - offset <= SstableFormat.FRAME_OVERHEAD) {
            return -1;
        }
        byte[] bytes = read(offset, SstableFormat.FRAME_HEADER_SIZE);
        int from = bytes == window ? (int) (offset - windowOffset) : 0;
        long size = (Memory.getInt(bytes, Memory.ARRAY_BASE + from) & 0xffffffffL) + SstableFormat.FRAME_OVERHEAD;
        int kind = bytes[from + SstableFormat.FRAME_KIND];
        boolean plausible = kind >= SstableFormat.KIND_DATA && kind <= SstableFormat.KIND_PROPERTIES
                && BlockCompression.ofCode(bytes[from + SstableFormat.FRAME_COMPRESSION]) != null
                && bytes[from + 6] == 0 && bytes[from + 7] == 0 && size > SstableFormat.FRAME_OVERHEAD && size <= limit - offset
                && size <= Integer.MAX_VALUE - 16;
        return plausible ? size : -1;
    }

    private int kind(long offset) throws IOException {
        return end - offset < SstableFormat.FRAME_HEADER_SIZE ? 0 : bytes(offset, SstableFormat.FRAME_HEADER_SIZE)[
                SstableFormat.FRAME_KIND];
    }

    /** A copy of some bytes of the file. */
    byte[] bytes(long offset, int size) throws IOException {
        byte[] bytes = new byte[(int) Math.min(size, end - offset)];
        readable.read(offset, ByteBuffer.wrap(bytes));
        return bytes;
    }

    /** Bytes from {@code offset} on: the window itself, in which they begin at {@code offset - windowOffset}, or an array of their own. */
    private byte[] read(long offset, int size) throws IOException {
        if (size > WINDOW / 2) {
            return bytes(offset, size);
        }
        if (offset < windowOffset || offset + size > windowOffset + window.length) {
            window = bytes(offset, WINDOW);
            windowOffset = offset;
        }
        return window;
    }
}
