package io.qaexchange.storage.memory;

import java.nio.ByteBuffer;

/**
 * A run of memory from a {@link MemoryPool}. Not zeroed.
 *
 * @param base null for off-heap memory, else the array
 * @param address where byte 0 lies, for {@link Memory}
 * @param size in bytes
 * @param buffer the same memory as a buffer, for checksums and channels; its position and limit are the owner's
 */
public record Chunk(Object base, long address, int size, ByteBuffer buffer) {
    public static Chunk heap(int size) {
        byte[] bytes = new byte[size];
        return new Chunk(bytes, Memory.ARRAY_BASE, size, ByteBuffer.wrap(bytes));
    }

    public static Chunk direct(int size) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(size);
        return new Chunk(Memory.offHeap(), Memory.address(buffer), size, buffer);
    }

    public Slice slice(int offset, int length) {
        java.util.Objects.checkFromIndexSize(offset, length, size);
        return new Slice().wrap(base, address + offset, length);
    }
}
