package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.error.UnsupportedFormatException;
import io.qaexchange.storage.memory.Memory;
import java.nio.ByteBuffer;

/**
 * The last bytes of an sstable, from which everything else is found; the layout stands in {@link SstableWriter}. Immutable.
 *
 * @param rootIndex top block of the index
 * @param blockCount data and index blocks in the file; their ordinals run from 0 to this
 * @param indexLevels 1 = the root's entries are data blocks
 */
record Footer(BlockHandle rootIndex, BlockHandle filter, BlockHandle rangeTombstones, BlockHandle properties, int blockCount,
        int indexLevels, long fileSize, int version) {
    static final int SIZE = 80;
    private static final int ROOT_INDEX = 0;
    private static final int FILTER = 12;
    private static final int RANGE_TOMBSTONES = 24;
    private static final int PROPERTIES = 36;
    private static final int BLOCK_COUNT = 48;
    private static final int INDEX_LEVELS = 52;
    private static final int RESERVED = 54;
    private static final int FILE_SIZE = 56;
    private static final int VERSION = 64;
    private static final int RESERVED_2 = 66;
    private static final int CHECKSUM = 68;
    private static final int MAGIC = 72;

    byte[] encode() {
        ByteWriter out = new ByteWriter(SIZE);
        for (BlockHandle handle : new BlockHandle[] {rootIndex, filter, rangeTombstones, properties}) {
            out.u64(handle.offset()).u32(handle.size());
        }
        out.u32(blockCount).u16(indexLevels).u16(0).u64(fileSize).u16(version).u16(0);
        out.u32(Checksum.crc32c(out.array(), 0, CHECKSUM));
        return out.u64(SstableFormat.MAGIC).toByteArray();
    }

    /**
     * Reads and checks the footer.
     *
     * @param head the file's first bytes, at most {@link SstableFormat#HEADER_SIZE}
     * @param tail the file's last {@link #SIZE} bytes, fewer if it is shorter
     * @throws UnsupportedFormatException if this is no sstable, or one of a later version
     * @throws CorruptionException if it is a damaged one
     */
    static Footer decode(byte[] head, byte[] tail, long fileSize, Object file) throws StoreException {
        boolean headIsOurs = head.length == SstableFormat.HEADER_SIZE && u64(head, 0) == SstableFormat.MAGIC;
        if (fileSize < SstableFormat.HEADER_SIZE + SIZE) {
            if (headIsOurs || fileSize == 0) {
                throw new CorruptionException("sstable truncated: " + fileSize + " bytes are left", file, fileSize);
            }
            throw foreign(file, tail);
        }
        int expected = Memory.getInt(tail, Memory.ARRAY_BASE + CHECKSUM);
        int actual = Checksum.crc32c(tail, 0, CHECKSUM);
        if (u64(tail, MAGIC) != SstableFormat.MAGIC) {
            if (expected == actual) {
                throw new CorruptionException("magic damaged at the end of the footer", file, fileSize - SIZE + MAGIC);
            }
            if (headIsOurs) {
                throw new CorruptionException("sstable has no footer: truncated, or its end is damaged", file, fileSize - SIZE);
            }
            throw foreign(file, tail);
        }
        if (expected != actual) {
            throw CorruptionException.checksum("sstable footer", file, fileSize - SIZE, expected, actual);
        }
        int version = u16(tail, VERSION);
        if (version < SstableFormat.OLDEST_VERSION || version > SstableFormat.VERSION) {
            throw new UnsupportedFormatException("sstable format is too new for this build: upgrade the program that reads it",
                    file, "version " + version, "version " + SstableFormat.OLDEST_VERSION + " to " + SstableFormat.VERSION);
        }
        Footer footer = new Footer(handle(tail, ROOT_INDEX), handle(tail, FILTER), handle(tail, RANGE_TOMBSTONES),
                handle(tail, PROPERTIES), Memory.getInt(tail, Memory.ARRAY_BASE + BLOCK_COUNT), u16(tail, INDEX_LEVELS),
                u64(tail, FILE_SIZE), version);
        footer.check(u16(tail, RESERVED) | u16(tail, RESERVED_2), fileSize, file);
        return footer;
    }

    private void check(int reserved, long actualSize, Object file) throws CorruptionException {
        if (fileSize != actualSize) {
            throw new CorruptionException("sstable has another size than was written: expected=" + fileSize + " actual=" + actualSize,
                    file, actualSize - SIZE);
        }
        boolean handlesFit = fits(rootIndex, true) && fits(filter, false) && fits(rangeTombstones, false) && fits(properties, true);
        if (!handlesFit || reserved != 0 || blockCount < 1 || blockCount > fileSize / SstableFormat.FRAME_OVERHEAD
                || indexLevels < 1 || indexLevels > SstableFormat.MAX_INDEX_LEVELS) {
            throw new CorruptionException("sstable footer makes no sense: " + this, file, actualSize - SIZE);
        }
    }

    private boolean fits(BlockHandle handle, boolean required) {
        if (handle.size() == 0) {
            return !required;
        }
        return handle.size() > SstableFormat.FRAME_OVERHEAD && handle.offset() >= SstableFormat.HEADER_SIZE
                && handle.offset() <= fileSize - SIZE - handle.size();
    }

    private static UnsupportedFormatException foreign(Object file, byte[] tail) {
        Object found = tail.length < Long.BYTES ? tail.length + " bytes"
                : "0x" + Long.toHexString(u64(tail, tail.length - Long.BYTES));
        return new UnsupportedFormatException("not an sstable (wrong magic at the end)", file, found,
                "0x" + Long.toHexString(SstableFormat.MAGIC));
    }

    private static BlockHandle handle(byte[] bytes, int at) {
        return new BlockHandle(u64(bytes, at), Memory.getInt(bytes, Memory.ARRAY_BASE + at + Long.BYTES));
    }

    private static long u64(byte[] bytes, int at) {
        return Memory.getLong(bytes, Memory.ARRAY_BASE + at);
    }

    private static int u16(byte[] bytes, int at) {
        return Memory.getShort(bytes, Memory.ARRAY_BASE + at) & 0xffff;
    }

    ByteBuffer buffer() {
        return ByteBuffer.wrap(encode());
    }
}
