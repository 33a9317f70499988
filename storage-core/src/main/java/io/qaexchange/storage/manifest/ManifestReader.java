package io.qaexchange.storage.manifest;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.UnsupportedFormatException;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a manifest (layout: {@link ManifestWriter}). A tail that a crash tore is left out and counted; damage is an error. */
public final class ManifestReader {
    private static final long MAX_BYTES = 1L << 30;

    private final Path path;
    private final byte[] bytes;
    private final ByteWriter scratch = new ByteWriter();
    private final List<VersionEdit> edits = new ArrayList<>();
    private long tornBytes;

    private ManifestReader(Path path, byte[] bytes) {
        this.path = path;
        this.bytes = bytes;
    }

    public static ManifestReader read(Vfs vfs, Path path) throws IOException {
        byte[] bytes;
        try (ReadableFile file = vfs.open(path)) {
            if (file.size() > MAX_BYTES) {
                throw new CorruptionException("manifest is too large to be one: " + file.size() + " bytes", path, 0);
            }
            bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
        }
        ManifestReader reader = new ManifestReader(path, bytes);
        reader.parse();
        return reader;
    }

    private void parse() throws IOException {
        readHead();
        int at = ManifestFormat.HEAD_BYTES;
        while (at < bytes.length) {
            int next = recordEnd(at);
            if (next < 0) {
                if (edits.isEmpty() || provenDurable(at)) {
                    throw new CorruptionException("manifest record is damaged", path, at);
                }
                tornBytes = bytes.length - at;
                return;
            }
            if (bytes[at + 8] == ManifestFormat.TYPE_EDIT) {
                Slice payload = new Slice().wrap(bytes, at + ManifestFormat.FRAME_BYTES, next - at - ManifestFormat.FRAME_BYTES);
                edits.add(VersionEdit.decode(new ByteReader(payload, path, at + ManifestFormat.FRAME_BYTES)));
            }
            at = next;
        }
        if (edits.isEmpty()) {
            throw new CorruptionException("manifest holds no version", path, bytes.length);
        }
    }

    private void readHead() throws IOException {
        if (bytes.length < ManifestFormat.HEAD_BYTES) {
            throw new CorruptionException("manifest is cut off: size=" + bytes.length, path, bytes.length);
        }
        ByteReader head = new ByteReader(bytes, path, 0);
        long magic = head.u64();
        int version = head.u16();
        head.u16();
        int expected = head.u32();
        int actual = Checksum.crc32c(bytes, 0, 12);
        if (expected != actual) {
            if (magic != ManifestFormat.MAGIC) {
                throw new UnsupportedFormatException("not a manifest, or its head is damaged", path, "0x" + Long.toHexString(magic),
                        "0x" + Long.toHexString(ManifestFormat.MAGIC));
            }
            throw CorruptionException.checksum("manifest head", path, 0, expected, actual);
        }
        if (magic != ManifestFormat.MAGIC) {
            throw new UnsupportedFormatException("not a manifest", path, "0x" + Long.toHexString(magic), "0x" + Long.toHexString(ManifestFormat.MAGIC));
        }
        if (version > ManifestFormat.VERSION) {
            throw new UnsupportedFormatException("manifest has a newer format: open the store with a newer build", path, version, ManifestFormat.VERSION);
        }
    }

    /** Where a valid record that begins at {@code at} ends; -1 if there is none. */
    private int recordEnd(int at) {
        int left = bytes.length - at - ManifestFormat.FRAME_BYTES;
        if (left < 0) {
            return -1;
        }
        int length = Memory.getInt(bytes, Memory.ARRAY_BASE + at);
        if (length < 0 || length > left) {
            return -1;
        }
        scratch.clear();
        scratch.u64(at).u32(length).u8(bytes[at + 8]).raw(bytes, Memory.ARRAY_BASE + at + ManifestFormat.FRAME_BYTES, length);
        boolean valid = Checksum.crc32c(scratch.array(), 0, scratch.size()) == Memory.getInt(bytes, Memory.ARRAY_BASE + at + 4);
        return valid ? at + ManifestFormat.FRAME_BYTES + length : -1;
    }

    /** Whether a synced record after an offset vouches for it. Checks what has the shape of one, so that damage costs no quadratic search. */
    private boolean provenDurable(int bad) {
        int size = ManifestFormat.FRAME_BYTES + Long.BYTES;
        for (int at = bad + 1; at <= bytes.length - size; at++) {
            if (Memory.getInt(bytes, Memory.ARRAY_BASE + at) == Long.BYTES
                    && bytes[at + 8] == ManifestFormat.TYPE_SYNCED
                    && Memory.getLong(bytes, Memory.ARRAY_BASE + at + ManifestFormat.FRAME_BYTES) > bad
                    && recordEnd(at) > 0) {
                return true;
            }
        }
        return false;
    }

    /** The edits, oldest first; the first makes the whole picture. */
    public List<VersionEdit> edits() {
        return edits;
    }

    /** Bytes at the end that a crash left half written. */
    public long tornBytes() {
        return tornBytes;
    }

    /** All edits applied. */
    public Version version() throws IOException {
        Version version = Version.EMPTY;
        for (VersionEdit edit : edits) {
            version = version.apply(edit);
        }
        return version;
    }
}
