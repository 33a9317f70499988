package io.qaexchange.storage.sstable;

/**
 * Where a block stands in its file. Immutable.
 *
 * @param offset of the frame's first byte
 * @param size of the whole frame in bytes, header and checksum included; 0 = there is no such block
 */
public record BlockHandle(long offset, int size) {
    static final BlockHandle NONE = new BlockHandle(0, 0);

    public boolean isPresent() {
        return size != 0;
    }

    public long end() {
        return offset + size;
    }

    @Override
    public String toString() {
        return offset + "+" + size;
    }
}
