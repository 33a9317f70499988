package io.qaexchange.storage.checkpoint;

import io.airlift.compress.lz4.Lz4Compressor;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.wal.Operations;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes a log piece: a range of the log as a file of its own.
 *
 * <p>Layout, little-endian:
 * <pre>
 *   offset  size  field
 *        0     8  magic "QAPIECE\0"
 *        8     2  format version
 *       10     2  zero
 *       12     8  epoch
 *       20     8  first sequence number of the range
 *       28     8  last sequence number of the range
 *       36     4  CRC32C of bytes [0, 36)
 *       40     …  blocks
 *
 *   block
 *        0     4  length of data; 0 in the last block
 *        4     4  length of the operations; that of data if they are not compressed
 *        8     4  CRC32C of the block's offset (u64), both lengths, data
 *       12     …  data: the operations, compressed by LZ4 if that makes them smaller by an eighth
 *
 *   operations: each led by its sequence number as a varint difference to the one before (the first: to the number before the range),
 *   then as in a batch (see WriteBatch)
 * </pre>
 *
 * <p>One thread.
 */
public final class PieceWriter {
    private final OutputStream output;
    private final ByteWriter block = new ByteWriter(PieceFormat.BLOCK_BYTES + 4096);
    private final ByteWriter frame = new ByteWriter(PieceFormat.BLOCK_BYTES + 4096);
    private final Lz4Compressor compressor = new Lz4Compressor();
    private byte[] compressed = new byte[0];
    private long offset;
    private long logBytes;
    private long previousSequence;
    private long operations;

    public PieceWriter(OutputStream output, long epoch, long firstSequence, long lastSequence) throws IOException {
        this.output = output;
        previousSequence = firstSequence - 1;
        frame.u64(PieceFormat.MAGIC).u16(PieceFormat.VERSION).u16(0).u64(epoch).u64(firstSequence).u64(lastSequence);
        frame.u32(Checksum.crc32c(frame.array(), 0, frame.size()));
        emit();
    }

    /** Operations come in the order of their sequence numbers. */
    public void add(int family, long trailer, Slice key, Slice value) throws IOException {
        long sequence = Trailer.sequence(trailer);
        block.varint(sequence - previousSequence);
        previousSequence = sequence;
        Operations.encode(block, Trailer.kind(trailer), family, key, value);
        operations++;
        if (block.size() >= PieceFormat.BLOCK_BYTES) {
            finishBlock();
        }
    }

    /** Writes what is left and the end. @return the piece's size in bytes */
    public long finish() throws IOException {
        if (block.size() > 0) {
            finishBlock();
        }
        finishBlock();
        return offset;
    }

    private void finishBlock() throws IOException {
        int length = block.size();
        int bound = compressor.maxCompressedLength(length);
        if (compressed.length < bound) {
            compressed = new byte[bound];
        }
        int shorter = compressor.compress(block.array(), 0, length, compressed, 0, bound);
        boolean pays = shorter < length - length / 8;
        byte[] data = pays ? compressed : block.array();
        int dataLength = pays ? shorter : length;
        frame.u64(offset).u32(dataLength).u32(length).raw(data, Memory.ARRAY_BASE, dataLength);
        int crc = Checksum.crc32c(frame.array(), 0, frame.size());
        frame.clear();
        frame.u32(dataLength).u32(length).u32(crc).raw(data, Memory.ARRAY_BASE, dataLength);
        logBytes += length;
        block.clear();
        emit();
    }

    private void emit() throws IOException {
        output.write(frame.array(), 0, frame.size());
        offset += frame.size();
        frame.clear();
    }

    /** The operations' bytes before compression. */
    public long logBytes() {
        return logBytes;
    }

    public long operations() {
        return operations;
    }
}
