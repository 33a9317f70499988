package io.qaexchange.storage.wal;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Appends batches to the log, segment after segment.
 *
 * <p>A segment, all numbers little-endian:
 * <pre>
 *   offset  size  field
 *        0     8  magic 0x514157414C
 *        8     …  records
 *
 *   record
 *        0     4  length of data, at least 1
 *        4     4  CRC32 (IEEE) of segment id (u64), length, timestamp, data
 *        8     8  timestamp, milliseconds since 1970
 *       16     …  data
 *
 *   data, by its first byte
 *        1  batch       first sequence u64, count varint, operations (see {@link io.qaexchange.storage.WriteBatch})
 *        2  segment     format version u16, id u64, epoch u64, first sequence u64, previous segment's id u64 and final size u64;
 *                       always the first record
 *        3  synced      offset u64: all bytes of this segment before it were synced when this record was written
 * </pre>
 *
 * <p>Why <em>synced</em> records: after a power cut, pages that were never synced may be missing in any order, so a bad record that
 * valid ones follow need not be damage. It is damage if a synced record, or the next segment, proves that it had been made durable.
 * Only the last record before a crash is in doubt; of a store that was closed, {@code CURRENT} says how long its log is.
 *
 * <p>Appending copies into a buffer in memory and never touches the disk, unless all buffers wait to be written. {@link #drain}
 * writes what has been appended, from whichever thread calls it. A segment is synced before the file of its successor is created, so
 * that what a crash takes is always a suffix. A failed write or sync closes the log for good: what reached the disk is unknown.
 *
 * <p>Threads: {@link #append} by one thread at a time; {@link #drain} by any.
 */
public final class WalWriter implements AutoCloseable {
    /** The answer of {@link #append} when too much waits to be written. */
    public static final int BEHIND = -1;

    private static final int MAX_BUFFER_BYTES = 1 << 20;
    private static final int MAX_BUFFERS = 8;
    /** A log that nobody wants synced is synced after this many bytes, so that the sync at a segment's end, for which writers may wait, is short. */
    private static final long MOST_UNSYNCED_BYTES = 8 << 20;
    private static final int SEGMENT_HEAD_BYTES = WalFormat.MAGIC_BYTES + WalFormat.RECORD_HEADER_BYTES + WalFormat.SEGMENT_DATA_BYTES;

    private final Vfs vfs;
    private final Path directory;
    private final long segmentBytes;
    private final int bufferBytes;
    private final long epoch;
    private final SegmentNames names;
    private final WalFormat.RecordChecksum checksum = new WalFormat.RecordChecksum();

    /** Guards the buffers and everything about what was appended. */
    private final Object bufferLock = new Object();
    private final Deque<Pending> filled = new ArrayDeque<>();
    private final Deque<ByteBuffer> free = new ArrayDeque<>();
    private Pending active;
    private long segmentId;
    private long segmentSize;
    private int segmentRecords;
    private long appendedSequence;

    /** Held while writing to the file; taken before {@link #bufferLock}. */
    private final ReentrantLock ioLock = new ReentrantLock();
    private WritableFile file;
    private long fileSegmentId;
    private long previousId;
    private long previousSize;
    private long syncedOffset;
    private long markedOffset;
    private End end;
    private final ByteWriter ioScratch = new ByteWriter();
    private final WalFormat.RecordChecksum ioChecksum = new WalFormat.RecordChecksum();

    /** Volatile: read by those who wait for durability and by statistics. */
    private volatile long writtenSequence;
    private volatile long durableSequence;
    private volatile IOException failure;
    private volatile long syncCount;
    private volatile long bytesWritten;

    /** How segments are numbered and named; numbers come from the store. */
    public interface SegmentNames {
        long nextId();

        Path path(Path directory, long id);
    }

    /** Where a log ends that was closed in order: its last segment (0 if there is none), and that one's size in bytes. */
    public record End(long segmentId, long size) {}

    /** Bytes of one segment that wait to be written. */
    private static final class Pending {
        final long segmentId;
        final long firstSequence;
        final ByteBuffer bytes;
        long lastSequence;
        int records;

        Pending(long segmentId, long appendedSequence, ByteBuffer bytes) {
            this.segmentId = segmentId;
            this.bytes = bytes;
            firstSequence = appendedSequence + 1;
            lastSequence = appendedSequence;
        }
    }

    private WalWriter(
            Vfs vfs, Path directory, SegmentNames names, long segmentBytes, long epoch, long lastSequence, long previousId, long previousSize) {
        this.vfs = vfs;
        this.previousId = previousId;
        this.previousSize = previousSize;
        this.directory = directory;
        this.names = names;
        this.segmentBytes = segmentBytes;
        bufferBytes = (int) Math.min(MAX_BUFFER_BYTES, segmentBytes);
        this.epoch = epoch;
        appendedSequence = lastSequence;
        writtenSequence = lastSequence;
        durableSequence = lastSequence;
    }

    /**
     * Begins the log's next segment; its file is created with the first drain.
     *
     * @param lastSequence of what the store already holds durably
     * @param previousId segment before this one, 0 if none
     * @param previousSize its valid size in bytes
     */
    public static WalWriter open(
            Vfs vfs, Path directory, SegmentNames names, long segmentBytes, long epoch, long lastSequence, long previousId, long previousSize) {
        WalWriter writer = new WalWriter(vfs, directory, names, segmentBytes, epoch, lastSequence, previousId, previousSize);
        synchronized (writer.bufferLock) {
            writer.beginSegmentLocked();
        }
        return writer;
    }

    private void beginSegmentLocked() {
        segmentId = names.nextId();
        segmentSize = SEGMENT_HEAD_BYTES;
        segmentRecords = 0;
        active = new Pending(segmentId, appendedSequence, takeBufferLocked(0));
    }

    /**
     * Appends one record.
     *
     * @param data the record's data, type byte first
     * @param lastSequence the last sequence number that the store has given out, this record included
     * @return how many records wait in the buffer that is being filled, this one included; {@link #BEHIND} if so much waits to be
     *     written that the writer should drain before it appends more
     */
    public int append(long timestampMillis, byte[] data, int length, long lastSequence) throws IOException {
        failIfBroken();
        if (length > WalFormat.MAX_DATA_BYTES) {
            throw new IllegalArgumentException("batch too large for the log: " + length + " bytes, at most " + WalFormat.MAX_DATA_BYTES);
        }
        int bytes = WalFormat.RECORD_HEADER_BYTES + length;
        synchronized (bufferLock) {
            if (segmentSize + bytes > segmentBytes && segmentRecords > 0) {
                rotateLocked();
            }
            if (active.bytes.remaining() < bytes) {
                nextBufferLocked(bytes);
            }
            int crc = checksum.of(segmentId, length, timestampMillis, data, 0);
            put(active.bytes, length, crc, timestampMillis, data);
            active.lastSequence = lastSequence;
            active.records++;
            segmentRecords++;
            appendedSequence = lastSequence;
            segmentSize += bytes;
            return filled.size() >= MAX_BUFFERS - 1 ? BEHIND : active.records;
        }
    }

    private static void put(ByteBuffer into, int length, int crc, long timestamp, byte[] data) {
        into.putInt(length).putInt(crc).putLong(timestamp).put(data, 0, length);
    }

    /** Makes the next record begin a new segment; an empty segment stays. */
    public void rotate() throws IOException {
        failIfBroken();
        synchronized (bufferLock) {
            if (segmentRecords > 0) {
                rotateLocked();
            }
        }
    }

    private void rotateLocked() {
        setAsideLocked();
        beginSegmentLocked();
    }

    private void nextBufferLocked(int bytes) {
        setAsideLocked();
        active = new Pending(segmentId, appendedSequence, takeBufferLocked(bytes));
    }

    private void setAsideLocked() {
        if (active.records > 0) {
            filled.add(active);
        } else {
            returnBufferLocked(active.bytes);
        }
    }

    private ByteBuffer takeBufferLocked(int atLeast) {
        if (atLeast > bufferBytes) {
            return ByteBuffer.allocateDirect(atLeast).order(ByteOrder.LITTLE_ENDIAN);
        }
        ByteBuffer buffer = free.poll();
        if (buffer == null) {
            buffer = ByteBuffer.allocateDirect(bufferBytes).order(ByteOrder.LITTLE_ENDIAN);
        }
        return buffer.clear();
    }

    /**
     * Writes everything appended so far.
     *
     * @param sync also make it survive a power cut
     */
    public void drain(boolean sync) throws IOException {
        ioLock.lock();
        try {
            failIfBroken();
            drainHoldingIo(sync);
        } catch (IOException e) {
            fail(e);
            throw e;
        } finally {
            ioLock.unlock();
        }
    }

    private void drainHoldingIo(boolean sync) throws IOException {
        long written = writtenSequence;
        for (Pending next = poll(); next != null; next = poll()) {
            if (next.segmentId != fileSegmentId) {
                openSegment(next);
            }
            markSynced();
            next.bytes.flip();
            bytesWritten += next.bytes.remaining();
            file.append(next.bytes);
            written = next.lastSequence;
            writtenSequence = written;
            recycle(next.bytes);
        }
        if (file != null && syncedOffset < file.size() && (sync || file.size() - syncedOffset >= MOST_UNSYNCED_BYTES)) {
            syncFile();
        }
        if (sync) {
            durableSequence = written;
        }
    }

    /** The oldest bytes that wait; the active buffer is taken if nothing else is left and it holds records. */
    private Pending poll() {
        synchronized (bufferLock) {
            Pending next = filled.poll();
            if (next != null || active.records == 0) {
                return next;
            }
            next = active;
            active = new Pending(segmentId, appendedSequence, takeBufferLocked(0));
            return next;
        }
    }

    private void recycle(ByteBuffer buffer) {
        synchronized (bufferLock) {
            returnBufferLocked(buffer);
        }
    }

    private void returnBufferLocked(ByteBuffer buffer) {
        if (buffer.capacity() == bufferBytes && free.size() < MAX_BUFFERS) {
            free.add(buffer);
        } else {
            Memory.release(buffer);
        }
    }

    private void openSegment(Pending next) throws IOException {
        if (file != null) {
            // A reader that finds the next segment may rely on this one being whole.
            syncFile();
            previousId = fileSegmentId;
            previousSize = file.size();
            file.close();
            file = null;
        }
        WritableFile opened = vfs.create(names.path(directory, next.segmentId));
        file = opened;
        fileSegmentId = next.segmentId;
        syncedOffset = 0;
        markedOffset = 0;
        WalFormat.encodeSegment(ioScratch, next.segmentId, epoch, next.firstSequence, previousId, previousSize);
        ByteBuffer head = ByteBuffer.allocate(WalFormat.MAGIC_BYTES + WalFormat.RECORD_HEADER_BYTES + ioScratch.size())
                .order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(WalFormat.MAGIC);
        int crc = ioChecksum.of(fileSegmentId, ioScratch.size(), 0, ioScratch.array(), 0);
        put(head, ioScratch.size(), crc, 0, ioScratch.array());
        file.append(head.flip());
        vfs.syncDirectory(directory);
    }

    private void syncFile() throws IOException {
        long size = file.size();
        file.sync();
        syncCount++;
        syncedOffset = size;
    }

    /** Notes in the log how far it had been synced. The appender's idea of the segment's size grows with it. */
    private void markSynced() throws IOException {
        if (syncedOffset == markedOffset) {
            return;
        }
        ioScratch.clear();
        ioScratch.u8(WalFormat.TYPE_SYNCED).u64(syncedOffset);
        ByteBuffer mark = ByteBuffer.allocate(WalFormat.RECORD_HEADER_BYTES + ioScratch.size()).order(ByteOrder.LITTLE_ENDIAN);
        put(mark, ioScratch.size(), ioChecksum.of(fileSegmentId, ioScratch.size(), 0, ioScratch.array(), 0), 0, ioScratch.array());
        file.append(mark.flip());
        markedOffset = syncedOffset;
        synchronized (bufferLock) {
            if (fileSegmentId == segmentId) {
                segmentSize += mark.capacity();
            }
        }
    }

    private void failIfBroken() throws IOException {
        IOException broken = failure;
        if (broken != null) {
            throw new StoreClosedException("the log cannot be written any more: " + broken.getMessage(), broken);
        }
    }

    private void fail(IOException cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    public long segmentId() {
        synchronized (bufferLock) {
            return segmentId;
        }
    }

    /** The last sequence number that survives a power cut. */
    public long durableSequence() {
        return durableSequence;
    }

    /** Records that wait to be written. */
    public int waitingRecords() {
        synchronized (bufferLock) {
            return filled.isEmpty() ? active.records : Integer.MAX_VALUE;
        }
    }

    public long syncCount() {
        return syncCount;
    }

    public long bytesWritten() {
        return bytesWritten;
    }

    /** Writes and syncs what is left, and the fact that it was synced. */
    @Override
    public void close() throws IOException {
        ioLock.lock();
        try {
            if (failure == null) {
                drainHoldingIo(true);
                if (file != null && syncedOffset != markedOffset) {
                    markSynced();
                    syncFile();
                }
                end = file != null ? new End(fileSegmentId, file.size()) : new End(previousId, previousSize);
            }
        } finally {
            try {
                if (file != null) {
                    file.close();
                }
            } finally {
                fail(new StoreClosedException("the log is closed"));
                releaseBuffers();
                ioLock.unlock();
            }
        }
    }

    /** Null unless the log was closed with all of it synced. */
    public End end() {
        ioLock.lock();
        try {
            return end;
        } finally {
            ioLock.unlock();
        }
    }

    private void releaseBuffers() {
        synchronized (bufferLock) {
            free.forEach(Memory::release);
            free.clear();
            filled.forEach(pending -> Memory.release(pending.bytes));
            filled.clear();
            Memory.release(active.bytes);
            active = new Pending(segmentId, appendedSequence, ByteBuffer.allocateDirect(0));
        }
    }
}
