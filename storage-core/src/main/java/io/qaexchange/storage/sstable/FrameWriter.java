package io.qaexchange.storage.sstable;

import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.MemoryPool;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Writes frames (header, payload, checksum) through one direct buffer that is used again and again. The payload may come in parts, so
 * a value of a gigabyte needs no buffer of its own.
 *
 * <p>One thread.
 */
final class FrameWriter {
    private static final int BUFFER_SIZE = 256 << 10;
    private static final int LEAST_BUFFER_SIZE = 32 << 10;

    private final WritableFile file;
    private final MemoryPool pool;
    private final Chunk buffer;
    private final ByteBuffer view;
    private final Object bufferBase;
    private final long bufferAddress;
    private final CRC32C checksum = new CRC32C();
    private int filled;
    private long offset;
    private long frameOffset;
    private int payloadLeft;

    FrameWriter(WritableFile file, MemoryPool pool) {
        this.file = file;
        this.pool = pool;
        // Where the budget is spent a small buffer does: more calls, no other price.
        Chunk large = pool.tryAllocate(BUFFER_SIZE);
        buffer = large != null ? large : pool.allocate(LEAST_BUFFER_SIZE);
        view = buffer.buffer().duplicate();
        bufferBase = buffer.base();
        bufferAddress = buffer.address();
    }

    /** Bytes given to this writer so far: where the next frame will stand. */
    long offset() {
        return offset;
    }

    /** Bytes outside any frame: header and footer. */
    void raw(byte[] bytes) throws IOException {
        append(bytes, Memory.ARRAY_BASE, bytes.length, false);
    }

    BlockHandle frame(int kind, int compression, byte[] payload, int length) throws IOException {
        begin(kind, compression, length);
        part(payload, Memory.ARRAY_BASE, length);
        return end();
    }

    void begin(int kind, int compression, int payloadSize) throws IOException {
        frameOffset = offset;
        payloadLeft = payloadSize;
        checksum.reset();
        reserve(SstableFormat.FRAME_HEADER_SIZE);
        long at = bufferAddress + filled;
        Memory.putInt(bufferBase, at + SstableFormat.FRAME_PAYLOAD_SIZE, payloadSize);
        Memory.putInt(bufferBase, at + SstableFormat.FRAME_KIND, kind | compression << 8);
        advance(SstableFormat.FRAME_HEADER_SIZE, true);
    }

    void part(Object base, long address, int length) throws IOException {
        payloadLeft -= length;
        append(base, address, length, true);
    }

    BlockHandle end() throws IOException {
        assert payloadLeft == 0 : "frame announced " + payloadLeft + " more bytes";
        reserve(SstableFormat.FRAME_CHECKSUM_SIZE);
        Memory.putInt(bufferBase, bufferAddress + filled, (int) checksum.getValue());
        advance(SstableFormat.FRAME_CHECKSUM_SIZE, false);
        return new BlockHandle(frameOffset, (int) (offset - frameOffset));
    }

    void flush() throws IOException {
        if (filled > 0) {
            view.limit(filled).position(0);
            filled = 0;
            file.append(view);
        }
    }

    /** Frees the buffer. */
    void close() {
        pool.free(buffer);
    }

    private void append(Object base, long address, int length, boolean checked) throws IOException {
        for (int done = 0; done < length; ) {
            reserve(1);
            int part = Math.min(length - done, buffer.size() - filled);
            Memory.copy(base, address + done, bufferBase, bufferAddress + filled, part);
            advance(part, checked);
            done += part;
        }
    }

    private void advance(int length, boolean checked) {
        if (checked) {
            checksum.update(view.limit(filled + length).position(filled));
        }
        filled += length;
        offset += length;
    }

    private void reserve(int bytes) throws IOException {
        if (buffer.size() - filled < bytes) {
            flush();
        }
    }
}
