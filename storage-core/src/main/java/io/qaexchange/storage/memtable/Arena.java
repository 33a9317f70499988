package io.qaexchange.storage.memtable;

import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.MemoryPool;
import java.util.Arrays;

/**
 * Memory that only grows, in chunks from a {@link MemoryPool}, until all of it is given back at once. A place in it is an {@code int}
 * reference in units of 8 bytes, so an arena holds up to 16 GiB; 0 is no place.
 *
 * <p>A run never straddles chunks; one larger than a chunk gets a chunk of its own.
 *
 * <p>Threads: one allocates. Readers may resolve a reference that they read with acquire semantics after it was published with
 * release semantics: the chunk tables were written before.
 */
final class Arena {
    static final int UNIT_BYTES = 8;

    private final MemoryPool pool;
    private final int chunkBytes;
    private final int chunkShift;
    private final int offsetMask;

    private Chunk[] chunks = new Chunk[16];
    private Object[] bases = new Object[16];
    private long[] addresses = new long[16];
    /** Where the runs of a chunk end, in bytes; of the last chunk, {@link #usedInChunk} is right. */
    private int[] ends = new int[16];
    private int chunkCount;
    private int usedInChunk;
    private int currentChunkBytes;
    private volatile long allocatedBytes;
    private long usedBytes;

    /** @param chunkBytes a power of two, at least 4 KiB */
    Arena(MemoryPool pool, int chunkBytes) {
        if (Integer.bitCount(chunkBytes) != 1 || chunkBytes < 4096) {
            throw new IllegalArgumentException("chunk size must be a power of two of at least 4096: " + chunkBytes);
        }
        this.pool = pool;
        this.chunkBytes = chunkBytes;
        chunkShift = Integer.numberOfTrailingZeros(chunkBytes / UNIT_BYTES);
        offsetMask = chunkBytes / UNIT_BYTES - 1;
    }

    /**
     * Takes a run of at least {@code bytes} bytes, 8-byte aligned, not zeroed. Memory over the pool's budget is taken if need be: a
     * write that was accepted must find its place; the write path asks for room before.
     */
    int allocate(int bytes) {
        int rounded = (bytes + UNIT_BYTES - 1) & -UNIT_BYTES;
        if (currentChunkBytes - usedInChunk < rounded) {
            addChunk(rounded);
        }
        int reference = (chunkCount - 1) << chunkShift | usedInChunk / UNIT_BYTES;
        usedInChunk += rounded;
        usedBytes += rounded;
        if (currentChunkBytes > chunkBytes) {
            // Beyond the run that this chunk was made for, offsets would not fit a reference.
            currentChunkBytes = usedInChunk;
        }
        return reference;
    }

    private void addChunk(int atLeast) {
        int size = Math.max(chunkBytes, atLeast + UNIT_BYTES);
        if (chunkCount == Integer.MAX_VALUE >>> chunkShift) {
            throw new IllegalStateException("arena is full: " + allocatedBytes + " bytes");
        }
        Chunk chunk = pool.allocate(size);
        if (chunkCount == chunks.length) {
            int capacity = chunks.length * 2;
            chunks = Arrays.copyOf(chunks, capacity);
            bases = Arrays.copyOf(bases, capacity);
            addresses = Arrays.copyOf(addresses, capacity);
            ends = Arrays.copyOf(ends, capacity);
        }
        if (chunkCount > 0) {
            ends[chunkCount - 1] = usedInChunk;
        }
        chunks[chunkCount] = chunk;
        bases[chunkCount] = chunk.base();
        addresses[chunkCount] = chunk.address();
        chunkCount++;
        // Unit 0 of the first chunk would be reference 0, which means "none".
        usedInChunk = chunkCount == 1 ? UNIT_BYTES : 0;
        currentChunkBytes = size;
        allocatedBytes += size;
    }

    Object base(int reference) {
        return bases[reference >>> chunkShift];
    }

    long address(int reference) {
        return addresses[reference >>> chunkShift] + ((long) (reference & offsetMask) << 3);
    }

    /** Where the next run would go, for walking in arrival order; only the writer may ask. */
    Position end() {
        return chunkCount == 0 ? Position.START : new Position(chunkCount - 1, usedInChunk);
    }

    /** Where the runs of a chunk that is no longer the last one end, in bytes. */
    int chunkEnd(int chunk) {
        return ends[chunk];
    }

    /** Bytes taken from the pool. */
    long allocatedBytes() {
        return allocatedBytes;
    }

    /** Bytes handed out. */
    long usedBytes() {
        return usedBytes;
    }

    int chunkBytes() {
        return chunkBytes;
    }

    /** Whether a run of this size fits without taking another chunk. */
    boolean hasRoomFor(int bytes) {
        return currentChunkBytes - usedInChunk >= ((bytes + UNIT_BYTES - 1) & -UNIT_BYTES);
    }

    /** Gives all memory back. No reader may be left. */
    void free() {
        for (int i = 0; i < chunkCount; i++) {
            pool.free(chunks[i]);
        }
        Arrays.fill(chunks, null);
        Arrays.fill(bases, null);
        Arrays.fill(addresses, 0);
        chunkCount = 0;
        usedInChunk = 0;
        currentChunkBytes = 0;
        allocatedBytes = 0;
    }

    /**
     * A place between two runs, in arrival order.
     *
     * @param chunk index of the chunk
     * @param offset in bytes within it
     */
    record Position(int chunk, int offset) {
        static final Position START = new Position(0, UNIT_BYTES);

        boolean isBefore(Position other) {
            return chunk < other.chunk || chunk == other.chunk && offset < other.offset;
        }
    }

    int reference(int chunk, int offset) {
        return chunk << chunkShift | offset / UNIT_BYTES;
    }
}
