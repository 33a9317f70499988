package io.qaexchange.storage.wal;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.memory.Memory;
import java.util.zip.CRC32;

/** Constants of the log, whose layout {@link WalWriter} documents. */
public final class WalFormat {
    /** "QAWAL" read as a number, as the u64 at the head of each segment. */
    public static final long MAGIC = 0x514157414CL;
    public static final int MAGIC_BYTES = 8;

    public static final int RECORD_LENGTH = 0;
    public static final int RECORD_CRC = 4;
    public static final int RECORD_TIMESTAMP = 8;
    public static final int RECORD_HEADER_BYTES = 16;

    /** First byte of a record's data. */
    public static final int TYPE_BATCH = 1;
    public static final int TYPE_SEGMENT = 2;
    public static final int TYPE_SYNCED = 3;
    // 4 was reserved for checkpoints of the store, never written, and is not used again.

    public static final int VERSION = 1;
    static final int SEGMENT_DATA_BYTES = 1 + 2 + 5 * 8;
    static final int SYNCED_DATA_BYTES = 1 + 8;

    /** A batch larger than this is refused before it is logged. */
    public static final int MAX_DATA_BYTES = 1 << 30;

    private WalFormat() {}

    /**
     * The checksum of a record: CRC32 over segment id (u64), length (u32), timestamp (u64) and data. The id is not in the record: a
     * record that strayed in from another segment does not pass.
     */
    static final class RecordChecksum {
        private final CRC32 crc = new CRC32();
        private final byte[] head = new byte[20];

        int of(long segmentId, int length, long timestamp, byte[] data, int offset) {
            Memory.putLong(head, Memory.ARRAY_BASE, segmentId);
            Memory.putInt(head, Memory.ARRAY_BASE + 8, length);
            Memory.putLong(head, Memory.ARRAY_BASE + 12, timestamp);
            crc.reset();
            crc.update(head, 0, head.length);
            crc.update(data, offset, length);
            return (int) crc.getValue();
        }
    }

    /** Data of a segment record. */
    static void encodeSegment(ByteWriter to, long segmentId, long epoch, long firstSequence, long previousId, long previousSize) {
        to.clear();
        to.u8(TYPE_SEGMENT).u16(VERSION).u64(segmentId).u64(epoch).u64(firstSequence).u64(previousId).u64(previousSize);
    }

    public static String typeName(int type) {
        return switch (type) {
            case TYPE_BATCH -> "batch";
            case TYPE_SEGMENT -> "segment";
            case TYPE_SYNCED -> "synced";
            default -> "unknown(" + type + ")";
        };
    }
}
