package io.qaexchange.storage.checkpoint;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.UnsupportedFormatException;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.wal.Operations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Reads a piece of the log (layout: {@link PieceWriter}). A piece is whole or damaged; there is no torn tail. One thread. */
public final class PieceReader {
    /** Takes the operations of a piece, in the order of their sequence numbers. */
    @FunctionalInterface
    public interface Sink {
        /** @param key and {@code value} are views, good during the call */
        void accept(int family, long trailer, Slice key, Slice value) throws IOException;
    }

    private final Path path;
    private final ReadableFile file;
    private final ByteWriter scratch = new ByteWriter();
    private final Lz4Decompressor decompressor = new Lz4Decompressor();
    private int version;
    /** Bytes of the block that was read last, with its header. */
    private int blockBytes;
    private long sequence;

    private PieceReader(Path path, ReadableFile file) {
        this.path = path;
        this.file = file;
    }

    /** Reads all operations, checking that the file is the piece that the checkpoint names. */
    public static void read(Vfs vfs, Path directory, LogPiece piece, Sink sink) throws IOException {
        Path path = directory.resolve(piece.name());
        if (!vfs.exists(path)) {
            throw new CorruptionException("a piece of the checkpoint is missing", path, 0);
        }
        try (ReadableFile file = vfs.open(path)) {
            if (file.size() != piece.sizeBytes()) {
                throw new CorruptionException("a piece of the checkpoint has the wrong size: " + file.size() + " instead of " + piece.sizeBytes(),
                        path, file.size());
            }
            new PieceReader(path, file).read(piece, sink);
        }
    }

    private void read(LogPiece piece, Sink sink) throws IOException {
        readHead(piece);
        sequence = piece.firstSequence() - 1;
        long[] operations = new long[1];
        long at = PieceFormat.HEAD_BYTES;
        while (true) {
            byte[] data = readBlock(at);
            long blockAt = at;
            at += blockBytes;
            if (data.length == 0) {
                break;
            }
            ByteReader block = new ByteReader(data, path, blockAt);
            while (block.hasRemaining()) {
                sequence += block.varint();
                Operations.decode(block, 1, (kind, family, key, value) -> {
                    operations[0]++;
                    sink.accept(family, Trailer.of(sequence, kind), key, value);
                });
            }
        }
        if (at != file.size() || operations[0] != piece.operations() || sequence > piece.lastSequence()) {
            throw new CorruptionException("piece does not hold what the checkpoint says: " + operations[0] + " operations up to " + sequence, path, at);
        }
    }

    private void readHead(LogPiece piece) throws IOException {
        if (file.size() < PieceFormat.HEAD_BYTES + PieceFormat.frameBytes(1)) {
            throw new CorruptionException("piece is cut off: size=" + file.size(), path, file.size());
        }
        byte[] bytes = new byte[PieceFormat.HEAD_BYTES];
        file.read(0, ByteBuffer.wrap(bytes));
        ByteReader head = new ByteReader(bytes, path, 0);
        long magic = head.u64();
        version = head.u16();
        head.u16();
        head.u64();
        long first = head.u64();
        long last = head.u64();
        int expected = head.u32();
        int actual = Checksum.crc32c(bytes, 0, PieceFormat.HEAD_BYTES - 4);
        if (expected != actual) {
            throw CorruptionException.checksum("piece head", path, 0, expected, actual);
        }
        if (magic != PieceFormat.MAGIC) {
            throw new UnsupportedFormatException("not a piece of a log", path, "0x" + Long.toHexString(magic), "0x" + Long.toHexString(PieceFormat.MAGIC));
        }
        if (version > PieceFormat.VERSION) {
            throw new UnsupportedFormatException("piece has a newer format: restore with a newer build", path, version, PieceFormat.VERSION);
        }
        if (first != piece.firstSequence() || last != piece.lastSequence()) {
            throw new CorruptionException("piece is of another range: " + first + " to " + last, path, 20);
        }
    }

    private byte[] readBlock(long at) throws IOException {
        int frameBytes = PieceFormat.frameBytes(version);
        if (file.size() - at < frameBytes) {
            throw new CorruptionException("piece ends without its last block", path, at);
        }
        byte[] bytes = new byte[frameBytes];
        file.read(at, ByteBuffer.wrap(bytes));
        ByteReader frame = new ByteReader(bytes, path, at);
        int stored = frame.u32();
        int length = version == 1 ? stored : frame.u32();
        int expected = frame.u32();
        if (stored < 0 || stored > file.size() - at - frameBytes) {
            throw new CorruptionException("piece block has an impossible length " + stored, path, at);
        }
        byte[] data = new byte[stored];
        file.read(at + frameBytes, ByteBuffer.wrap(data));
        scratch.clear();
        scratch.u64(at).u32(stored);
        if (version > 1) {
            scratch.u32(length);
        }
        scratch.raw(data);
        int actual = Checksum.crc32c(scratch.array(), 0, scratch.size());
        if (expected != actual) {
            throw CorruptionException.checksum("piece block", path, at, expected, actual);
        }
        blockBytes = frameBytes + stored;
        return length == stored ? data : decompress(data, length, at);
    }

    private byte[] decompress(byte[] data, int length, long at) throws CorruptionException {
        if (length < 0 || length > PieceFormat.LONGEST_BLOCK) {
            throw new CorruptionException("piece block has an impossible length " + length, path, at);
        }
        byte[] operations = new byte[length];
        int found;
        try {
            found = decompressor.decompress(data, 0, data.length, operations, 0, length);
        } catch (MalformedInputException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new CorruptionException("piece block does not decompress", path, at, e);
        }
        if (found != length) {
            throw new CorruptionException("piece block decompresses to another size: expected=" + length + " actual=" + found, path, at);
        }
        return operations;
    }
}
