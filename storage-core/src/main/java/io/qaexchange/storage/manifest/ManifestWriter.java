package io.qaexchange.storage.manifest;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Appends version edits to a manifest, each synced before it counts.
 *
 * <p>Layout, little-endian:
 * <pre>
 *   offset  size  field
 *        0     8  magic "QAMANIF\0"
 *        8     2  format version
 *       10     2  zero
 *       12     4  CRC32C of bytes [0, 12)
 *       16     …  records
 *
 *   record
 *        0     4  length of payload
 *        4     4  CRC32C of offset in the file (u64), length, type, payload
 *        8     1  type: 1 = version edit, 2 = synced: offset u64, all bytes before it were synced
 *        9     …  payload
 * </pre>
 * The first record is an edit that makes the whole picture. A <em>synced</em> record follows each edit, itself unsynced: it tells
 * damage from a tail that a crash tore (as in the log, see {@code WalWriter}).
 *
 * <p>One thread at a time. After a failure the manifest must be given up: what reached the disk is unknown.
 */
public final class ManifestWriter implements AutoCloseable {
    private final WritableFile file;
    private final ByteWriter scratch = new ByteWriter();
    private final ByteWriter payload = new ByteWriter();

    private ManifestWriter(WritableFile file) {
        this.file = file;
    }

    /** Creates a manifest that begins with a whole version. It counts once {@link CurrentFile} names it. */
    public static ManifestWriter create(Vfs vfs, Path path, Version version) throws IOException {
        WritableFile file = vfs.create(path);
        boolean created = false;
        try {
            ManifestWriter writer = new ManifestWriter(file);
            ByteWriter head = new ByteWriter(ManifestFormat.HEAD_BYTES).u64(ManifestFormat.MAGIC).u16(ManifestFormat.VERSION).u16(0);
            head.u32(Checksum.crc32c(head.array(), 0, head.size()));
            file.append(ByteBuffer.wrap(head.array(), 0, head.size()));
            writer.append(version.toEdit());
            created = true;
            return writer;
        } finally {
            if (!created) {
                file.close();
            }
        }
    }

    /** Makes an edit durable. */
    public void append(VersionEdit edit) throws IOException {
        payload.clear();
        edit.encode(payload);
        appendRecord(ManifestFormat.TYPE_EDIT);
        file.sync();
        long synced = file.size();
        payload.clear();
        payload.u64(synced);
        appendRecord(ManifestFormat.TYPE_SYNCED);
    }

    private void appendRecord(int type) throws IOException {
        scratch.clear();
        scratch.u64(file.size()).u32(payload.size()).u8(type).raw(payload.array(), Memory.ARRAY_BASE, payload.size());
        int crc = Checksum.crc32c(scratch.array(), 0, scratch.size());
        ByteWriter record = new ByteWriter(ManifestFormat.FRAME_BYTES + payload.size());
        record.u32(payload.size()).u32(crc).u8(type).raw(payload.array(), Memory.ARRAY_BASE, payload.size());
        file.append(ByteBuffer.wrap(record.array(), 0, record.size()));
    }

    /** Makes the last edit's synced record durable too. */
    void sync() throws IOException {
        file.sync();
    }

    public long size() {
        return file.size();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
