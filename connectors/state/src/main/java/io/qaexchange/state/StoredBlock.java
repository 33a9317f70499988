package io.qaexchange.state;

import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;

/**
 * Copies of stored entries, side by side in one array: key, value, key, value. Filled by {@link StoredScan#fill}, used again and again.
 *
 * <p>One thread.
 */
public final class StoredBlock implements StoredScan.Visitor {
    private final int fullBytes;
    private byte[] bytes;
    /** Where each entry's key and value end; each begins where the one before ends. */
    private int[] ends = new int[128];
    private int count;
    private int used;

    /** @param fullBytes a block is full with the entry that reaches this size */
    public StoredBlock(int fullBytes) {
        if (fullBytes < 1) {
            throw new IllegalArgumentException("a block of " + fullBytes + " bytes holds nothing");
        }
        this.fullBytes = fullBytes;
        bytes = new byte[fullBytes];
    }

    public void clear() {
        count = 0;
        used = 0;
        if (bytes.length > 2 * fullBytes) {
            bytes = new byte[fullBytes];
        }
    }

    /** Copies an entry. @return false if the block is full now */
    @Override
    public boolean visit(Slice key, Slice value) {
        int keyEnd = used + key.length();
        int end = keyEnd + value.length();
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length + bytes.length / 2));
        }
        if (2 * count == ends.length) {
            ends = Arrays.copyOf(ends, 2 * ends.length);
        }
        key.copyTo(bytes, used);
        value.copyTo(bytes, keyEnd);
        ends[2 * count] = keyEnd;
        ends[2 * count + 1] = end;
        count++;
        used = end;
        return used < fullBytes;
    }

    /** Entries in this block. */
    public int count() {
        return count;
    }

    /** The entries' bytes, from the start up to {@link #usedBytes()}: not a copy. */
    public byte[] bytes() {
        return bytes;
    }

    public int usedBytes() {
        return used;
    }

    /** Where the key of an entry begins. */
    public int keyBegin(int entry) {
        return entry == 0 ? 0 : ends[2 * checked(entry) - 1];
    }

    /** Where the key of an entry ends and its value begins. */
    public int valueBegin(int entry) {
        return ends[2 * checked(entry)];
    }

    public int valueEnd(int entry) {
        return ends[2 * checked(entry) + 1];
    }

    private int checked(int entry) {
        if (entry < 0 || entry >= count) {
            throw new IndexOutOfBoundsException("entry " + entry + " of " + count);
        }
        return entry;
    }

    public byte[] key(int entry) {
        return Arrays.copyOfRange(bytes, keyBegin(checked(entry)), valueBegin(entry));
    }

    public byte[] value(int entry) {
        return Arrays.copyOfRange(bytes, valueBegin(entry), valueEnd(entry));
    }
}
