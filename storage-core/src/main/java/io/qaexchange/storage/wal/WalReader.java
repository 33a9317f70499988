package io.qaexchange.storage.wal;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.UnsupportedFormatException;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads one segment of the log, front to back (layout: {@link WalWriter}).
 *
 * <p>The end of the valid part is found in one of three ways: the file ends there; a <em>torn tail</em> begins there, bytes that a
 * crash left half written; or damage: bytes that were once durable and are wrong now, which is a {@link CorruptionException}. Bad
 * bytes are damage if the segment is known to be complete (a successor exists), or if a synced record after them says that they had
 * been synced.
 *
 * <p>Memory: the largest record, and a read buffer. One thread.
 */
public final class WalReader implements AutoCloseable {
    private static final int READ_BYTES = 1 << 20;

    private final Path path;
    private final long segmentId;
    private final ReadableFile file;
    private final long size;
    private final boolean complete;
    private final WalFormat.RecordChecksum checksum = new WalFormat.RecordChecksum();

    private byte[] window;
    private long windowStart;
    private int windowLength;

    private long position;
    private long recordOffset;
    private long timestamp;
    private int dataLength;
    private Segment segment;
    private long tornBytes;

    /**
     * The first record of a segment.
     *
     * @param firstSequence of the first batch that was to follow
     * @param previousSize final size of the previous segment in bytes
     */
    public record Segment(long id, long epoch, long firstSequence, long previousId, long previousSize) {}

    private WalReader(Path path, long segmentId, ReadableFile file, boolean complete) {
        this.path = path;
        this.segmentId = segmentId;
        this.file = file;
        this.complete = complete;
        size = file.size();
        window = new byte[(int) Math.min(READ_BYTES, size)];
    }

    /**
     * @param complete whether the segment must be whole, because a successor of it exists
     * @throws UnsupportedFormatException if this is no log of ours, or a newer one
     */
    public static WalReader open(Vfs vfs, Path path, long segmentId, boolean complete) throws IOException {
        ReadableFile file = vfs.open(path);
        boolean opened = false;
        try {
            WalReader reader = new WalReader(path, segmentId, file, complete);
            reader.readHead();
            opened = true;
            return reader;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    private void readHead() throws IOException {
        if (size < WalFormat.MAGIC_BYTES) {
            if (complete) {
                throw new CorruptionException("log segment is cut off: size=" + size, path, size);
            }
            tornBytes = size;
            return;
        }
        load(0, WalFormat.MAGIC_BYTES);
        long magic = Memory.getLong(window, Memory.ARRAY_BASE);
        if (magic != WalFormat.MAGIC) {
            if (!complete && magic == 0 && !provenDurable(0)) {
                // Created, but its first bytes never reached the disk.
                tornBytes = size;
                return;
            }
            if (magic == 0 || isValidAt(WalFormat.MAGIC_BYTES)) {
                throw new CorruptionException("log segment has a damaged magic", path, 0);
            }
            throw new UnsupportedFormatException("not a log segment", path, "0x" + Long.toHexString(magic), "0x" + Long.toHexString(WalFormat.MAGIC));
        }
        position = WalFormat.MAGIC_BYTES;
        if (!next()) {
            return;
        }
        if (type() != WalFormat.TYPE_SEGMENT) {
            throw new CorruptionException("log segment does not begin with a segment record", path, recordOffset);
        }
        ByteReader data = data();
        data.u8();
        int version = data.u16();
        if (version > WalFormat.VERSION) {
            throw new UnsupportedFormatException("log segment has a newer format: open it with a newer build", path, version, WalFormat.VERSION);
        }
        segment = new Segment(data.u64(), data.u64(), data.u64(), data.u64(), data.u64());
        if (segment.id() != segmentId) {
            throw new CorruptionException("log segment says that it is number " + segment.id() + ", its name says " + segmentId, path, recordOffset);
        }
    }

    /** Null if the crash came before the segment's first record was written. */
    public Segment segment() {
        return segment;
    }

    /**
     * To the next record.
     *
     * @return false at the end of the valid part
     */
    public boolean next() throws IOException {
        if (tornBytes > 0 || position == size) {
            return false;
        }
        if (!isValidAt(position)) {
            long bad = position;
            if (complete || provenDurable(bad)) {
                throw new CorruptionException("log record is damaged", path, bad);
            }
            tornBytes = size - bad;
            return false;
        }
        recordOffset = position;
        timestamp = Memory.getLong(window, at(position) + WalFormat.RECORD_TIMESTAMP);
        dataLength = Memory.getInt(window, at(position) + WalFormat.RECORD_LENGTH);
        position += WalFormat.RECORD_HEADER_BYTES + dataLength;
        return true;
    }

    /** Loads the record at an offset and checks it. */
    private boolean isValidAt(long offset) throws IOException {
        if (size - offset < WalFormat.RECORD_HEADER_BYTES + 1) {
            return false;
        }
        load(offset, WalFormat.RECORD_HEADER_BYTES);
        int length = Memory.getInt(window, at(offset) + WalFormat.RECORD_LENGTH);
        if (length < 1 || length > size - offset - WalFormat.RECORD_HEADER_BYTES) {
            return false;
        }
        load(offset, WalFormat.RECORD_HEADER_BYTES + length);
        int expected = Memory.getInt(window, at(offset) + WalFormat.RECORD_CRC);
        long time = Memory.getLong(window, at(offset) + WalFormat.RECORD_TIMESTAMP);
        int dataStart = (int) (offset - windowStart) + WalFormat.RECORD_HEADER_BYTES;
        return checksum.of(segmentId, length, time, window, dataStart) == expected;
    }

    /**
     * Whether a synced record after an offset says that the bytes there had been durable. Looks at what has the shape of one only: a
     * checksum over every length that bytes in the middle of a record seem to tell could take hours.
     */
    private boolean provenDurable(long bad) throws IOException {
        int bytes = WalFormat.RECORD_HEADER_BYTES + WalFormat.SYNCED_DATA_BYTES;
        for (long offset = bad + 1; offset <= size - bytes; offset++) {
            load(offset, bytes);
            long data = at(offset) + WalFormat.RECORD_HEADER_BYTES;
            if (Memory.getInt(window, at(offset) + WalFormat.RECORD_LENGTH) == WalFormat.SYNCED_DATA_BYTES
                    && Memory.getByte(window, data) == WalFormat.TYPE_SYNCED
                    && Memory.getLong(window, data + 1) > bad
                    && isValidAt(offset)) {
                return true;
            }
        }
        return false;
    }

    private long at(long offset) {
        return Memory.ARRAY_BASE + (offset - windowStart);
    }

    /** Makes [offset, offset + length) available in the window. The caller has checked that the file has it. */
    private void load(long offset, int length) throws IOException {
        if (offset >= windowStart && offset + length <= windowStart + windowLength) {
            return;
        }
        if (length > window.length) {
            window = Arrays.copyOf(window, Math.max(length, (int) Math.min(Integer.MAX_VALUE - 8L, window.length * 2L)));
        }
        int wanted = (int) Math.min(window.length, size - offset);
        file.read(offset, ByteBuffer.wrap(window, 0, wanted).order(ByteOrder.LITTLE_ENDIAN));
        windowStart = offset;
        windowLength = wanted;
    }

    /** First byte of the record's data: {@link WalFormat#TYPE_BATCH} and so on. */
    public int type() {
        return window[(int) (recordOffset - windowStart) + WalFormat.RECORD_HEADER_BYTES] & 0xff;
    }

    public long timestamp() {
        return timestamp;
    }

    /** Where the record begins in the file. */
    public long offset() {
        return recordOffset;
    }

    public int dataLength() {
        return dataLength;
    }

    /** The record's data, type byte first; good until the next move. */
    public ByteReader data() {
        Slice data = new Slice().wrap(window, (int) (recordOffset - windowStart) + WalFormat.RECORD_HEADER_BYTES, dataLength);
        return new ByteReader(data, path, recordOffset + WalFormat.RECORD_HEADER_BYTES);
    }

    /** Bytes after the valid part that a crash left half written; known once {@link #next} said false. */
    public long tornBytes() {
        return tornBytes;
    }

    /** Where the valid part ends, as far as it was read. */
    public long validBytes() {
        return tornBytes > 0 ? size - tornBytes : position;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
