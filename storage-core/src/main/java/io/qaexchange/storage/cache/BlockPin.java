package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;

/**
 * Where a reader stands: the block it looks at now, and the cached blocks that must stay in memory until {@link #release()}. A caller
 * keeps one pin per thread or iterator and uses it again and again, so that reading allocates nothing.
 *
 * <p>One thread.
 */
public final class BlockPin implements AutoCloseable {
    private static final byte[] NOTHING = new byte[0];
    private static final CachedBlock[] NO_BLOCKS = new CachedBlock[0];
    private static final byte[][] NO_ARRAYS = {};
    private static final int LEAST_ARRAY_BYTES = 4 << 10;

    private CachedBlock[] held = NO_BLOCKS;
    private int heldCount;
    private Object base = NOTHING;
    private long address = Memory.ARRAY_BASE;
    private int length;
    private Object scratch;
    /** Memory of this pin's own; the first {@link #arraysUsed} are looked at. */
    private byte[][] arrays = NO_ARRAYS;
    private int arraysUsed;

    /** For {@link Memory}: null, or the array in which the current block lies. */
    public Object base() {
        return base;
    }

    /** For {@link Memory}: where the current block begins. */
    public long address() {
        return address;
    }

    /** Bytes of the current block. */
    public int length() {
        return length;
    }

    /** How many cached blocks this pin keeps in memory. */
    public int heldBlocks() {
        return heldCount;
    }

    /** Makes a run that needs no pinning the current block: a mapping, or an array of its own. */
    public void show(Object base, long address, int length) {
        this.base = base;
        this.address = address;
        this.length = length;
    }

    /** Memory that is the caller's until {@link #release()}; the pin then gives it again. */
    public byte[] array(int atLeast) {
        if (arraysUsed == arrays.length) {
            arrays = Arrays.copyOf(arrays, Math.max(1, arraysUsed * 2));
        }
        byte[] array = arrays[arraysUsed];
        if (array == null || array.length < atLeast) {
            array = new byte[Math.max(LEAST_ARRAY_BYTES, Integer.highestOneBit(Math.max(1, atLeast - 1)) * 2)];
            arrays[arraysUsed] = array;
        }
        arraysUsed++;
        return array;
    }

    /** The current block as a slice. */
    public Slice view(Slice into) {
        return into.wrap(base, address, length);
    }

    /** Keeps a block, whose reference was already taken, and makes it the current one. */
    void hold(CachedBlock block) {
        if (heldCount == held.length) {
            held = Arrays.copyOf(held, Math.max(2, heldCount * 2));
        }
        held[heldCount++] = block;
        show(block.base, block.address, block.length);
    }

    /** The object that the reader keeps with the pin between reads; null at first. */
    public Object scratch() {
        return scratch;
    }

    public void scratch(Object scratch) {
        this.scratch = scratch;
    }

    /** Lets go of everything: slices of the blocks must no longer be used. The pin can be used again. */
    public void release() {
        for (int i = 0; i < heldCount; i++) {
            held[i].release();
            held[i] = null;
        }
        heldCount = 0;
        arraysUsed = 0;
        show(NOTHING, Memory.ARRAY_BASE, 0);
    }

    @Override
    public void close() {
        release();
    }
}
