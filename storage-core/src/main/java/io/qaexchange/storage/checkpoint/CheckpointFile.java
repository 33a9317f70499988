package io.qaexchange.storage.checkpoint;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.error.UnsupportedFormatException;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The file {@code CHECKPOINT}: what a checkpoint consists of. Written last, and atomically: a folder without it is no checkpoint.
 *
 * <p>Layout, little-endian:
 * <pre>
 *   offset  size  field
 *        0     8  magic "QACHECK\0"
 *        8     2  format version
 *       10     2  zero
 *       12     4  length of payload
 *       16     4  CRC32C of bytes [0, 16) and payload
 *       20     …  payload: epoch u64, sequence u64, time u64 (ms since 1970), number of pieces varint, pieces,
 *                 version edit that makes the version (length varint, bytes; see VersionEdit)
 *
 *   piece: name (length varint, UTF-8), first and last sequence number, operations, size in bytes, bytes before compression (u64 each;
 *   the last one is not there in version 1, whose pieces are not compressed)
 * </pre>
 *
 * @param epoch of the store
 * @param sequence up to which the checkpoint goes
 * @param timeMillis when it was taken
 * @param pieces by sequence number
 * @param version its sstables
 */
public record CheckpointFile(long epoch, long sequence, long timeMillis, List<LogPiece> pieces, Version version) {
    public static final String NAME = Checkpoint.FILE_NAME;
    private static final String TEMPORARY = "CHECKPOINT.tmp";
    /** "QACHECK" as a little-endian number. */
    private static final long MAGIC = 0x4B434548434151L;
    private static final int VERSION = 2;
    private static final int HEAD_BYTES = 20;
    private static final long MAX_BYTES = 1L << 30;

    public CheckpointFile {
        pieces = List.copyOf(pieces);
    }

    /** The file's bytes. */
    public byte[] encode() {
        ByteWriter payload = new ByteWriter().u64(epoch).u64(sequence).u64(timeMillis).varint(pieces.size());
        pieces.forEach(piece -> encodePiece(piece, payload));
        ByteWriter edit = new ByteWriter();
        version.toEdit().encode(edit);
        payload.varint(edit.size()).raw(edit.array(), Memory.ARRAY_BASE, edit.size());
        ByteWriter file = new ByteWriter(HEAD_BYTES + payload.size()).u64(MAGIC).u16(VERSION).u16(0).u32(payload.size()).u32(0)
                .raw(payload.array(), Memory.ARRAY_BASE, payload.size());
        file.patchU32(16, checksum(file.array(), file.size()));
        return Arrays.copyOf(file.array(), file.size());
    }

    private static void encodePiece(LogPiece piece, ByteWriter to) {
        to.utf8(piece.name()).u64(piece.firstSequence()).u64(piece.lastSequence()).u64(piece.operations()).u64(piece.sizeBytes())
                .u64(piece.logBytes());
    }

    private static LogPiece decodePiece(ByteReader from, int version) throws CorruptionException {
        String name = from.utf8();
        long first = from.u64();
        long last = from.u64();
        long operations = from.u64();
        long size = from.u64();
        return new LogPiece(name, first, last, operations, size, version == 1 ? size : from.u64());
    }

    /** Writes the file into a folder, durably. */
    static void write(Vfs vfs, Path directory, byte[] encoded) throws IOException {
        Path temporary = directory.resolve(TEMPORARY);
        try (WritableFile out = vfs.create(temporary)) {
            out.append(ByteBuffer.wrap(encoded));
            out.sync();
        }
        vfs.rename(temporary, directory.resolve(NAME));
        vfs.syncDirectory(directory);
    }

    private static int checksum(byte[] file, int size) {
        ByteWriter covered = new ByteWriter(size).raw(file, Memory.ARRAY_BASE, 16).raw(file, Memory.ARRAY_BASE + HEAD_BYTES, size - HEAD_BYTES);
        return Checksum.crc32c(covered.array(), 0, covered.size());
    }

    public static CheckpointFile read(Vfs vfs, Path directory) throws IOException {
        Path path = directory.resolve(NAME);
        if (!vfs.exists(path)) {
            throw new StoreException("there is no checkpoint in " + directory + ": it has no file " + NAME);
        }
        byte[] bytes;
        try (ReadableFile file = vfs.open(path)) {
            if (file.size() < HEAD_BYTES || file.size() > MAX_BYTES) {
                throw new CorruptionException("checkpoint file has an impossible size: " + file.size(), path, 0);
            }
            bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
        }
        return decode(bytes, path);
    }

    /** @param path where the bytes are from, for messages */
    public static CheckpointFile decode(byte[] bytes, Path path) throws IOException {
        if (bytes.length < HEAD_BYTES) {
            throw new CorruptionException("checkpoint file has an impossible size: " + bytes.length, path, 0);
        }
        int version = requireOurs(bytes, path);
        ByteReader payload = new ByteReader(new Slice().wrap(bytes, HEAD_BYTES, bytes.length - HEAD_BYTES), path, HEAD_BYTES);
        long epoch = payload.u64();
        long sequence = payload.u64();
        long time = payload.u64();
        List<LogPiece> pieces = new ArrayList<>();
        for (int count = payload.varint32(); count > 0; count--) {
            pieces.add(decodePiece(payload, version));
        }
        ByteReader edit = new ByteReader(payload.slice(new Slice()), path, HEAD_BYTES + payload.position());
        return new CheckpointFile(epoch, sequence, time, pieces, Version.EMPTY.apply(VersionEdit.decode(edit)));
    }

    /** @return the format's version */
    private static int requireOurs(byte[] bytes, Path path) throws IOException {
        ByteReader head = new ByteReader(bytes, path, 0);
        long magic = head.u64();
        int version = head.u16();
        head.u16();
        int length = head.u32();
        int expected = head.u32();
        int actual = checksum(bytes, bytes.length);
        if (expected != actual || length != bytes.length - HEAD_BYTES) {
            if (magic != MAGIC) {
                throw new UnsupportedFormatException("not a checkpoint file, or its head is damaged", path, "0x" + Long.toHexString(magic),
                        "0x" + Long.toHexString(MAGIC));
            }
            throw CorruptionException.checksum("checkpoint file", path, 0, expected, actual);
        }
        if (magic != MAGIC) {
            throw new UnsupportedFormatException("not a checkpoint file", path, "0x" + Long.toHexString(magic), "0x" + Long.toHexString(MAGIC));
        }
        if (version > VERSION) {
            throw new UnsupportedFormatException("checkpoint has a newer format: restore with a newer build", path, version, VERSION);
        }
        return version;
    }
}
