package io.qaexchange.state.memory;

import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.MemoryPool;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;

/**
 * One operator's memory within its slot: a part for the block cache, the rest for memtables.
 *
 * <p>Sizes are set when the operator opens, from the slot's budget and the operators that are there already. Later operators make the
 * part smaller, down to what the cache may take and two memtables: below that, memtables would be flushed almost empty. So memory may go
 * over the slot's budget; then the largest memtable of the slot is frozen, until what is left of them is small. What it came to for a
 * while is in {@link SlotResources#peakBytes()}.
 *
 * <p>Thread-safe.
 */
public final class OperatorMemory implements MemoryPool, AutoCloseable {
    /** Parts of the memory for memtables: one active, three waiting for their flush, and one that a late reader still holds. */
    private static final int MEMTABLES = 5;
    /** The memory that an operator keeps when others come: one memtable to write to while another is flushed. */
    private static final int LEAST_MEMTABLES = 2;
    /** For the sake of others, memtables are frozen from this part of their size on. */
    private static final int LEAST_FROZEN = 4;
    private static final int LARGEST_CHUNK = 256 << 10;
    /** The parts of the memory for blocks and of the heap that values of hot keys may have. */
    private static final int READ_CACHE_PART = 2;
    private static final int READ_CACHE_PART_OF_HEAP = 64;
    private static final int SMALLEST_CHUNK = 4 << 10;
    private static final int CHUNKS_PER_MEMTABLE = 16;

    private final SlotResources slot;
    private final long blockCacheBytes;
    private final long readCacheBytes;
    private final long memtableBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicLong peakBytes = new AtomicLong();
    private final Map<Long, MemorySegment> segments = new ConcurrentHashMap<>();
    /** Null until there is a store. */
    private SlotResources.Memtables memtables;

    OperatorMemory(SlotResources slot, int operators, double blockCacheFraction, long mostReadCacheBytes) {
        this.slot = slot;
        long share = slot.budgetBytes() / operators;
        long cacheBytes = (long) (share * blockCacheFraction);
        readCacheBytes = Math.min(Math.min(mostReadCacheBytes, cacheBytes / READ_CACHE_PART), Runtime.getRuntime().maxMemory() / READ_CACHE_PART_OF_HEAP);
        blockCacheBytes = cacheBytes - readCacheBytes;
        memtableBytes = Math.max((share - cacheBytes) / MEMTABLES, 2L * SMALLEST_CHUNK);
    }

    /** Bytes for values of hot keys. They lie on the heap; the block cache is that much smaller. */
    public long readCacheBytes() {
        return readCacheBytes;
    }

    /** Sets what a store may use, and where its background work runs. */
    public StoreOptions.Builder configure(StoreOptions.Builder options) {
        long chunk = Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, Long.highestOneBit(memtableBytes / CHUNKS_PER_MEMTABLE)));
        return options.memoryPool(this).blockCacheBytes(blockCacheBytes).memtableBytes(memtableBytes).maxFrozenMemtables(MEMTABLES - 2)
                .arenaChunkBytes((int) chunk).executor(slot.background());
    }

    /** The store that the memory is for is open: other operators of the slot may have its memtable frozen. */
    public void serve(SlotResources.Memtables store) {
        memtables = store;
        slot.joins(store);
    }

    /** The store is about to close: no other operator touches it from now on. */
    public void retire() {
        if (memtables != null) {
            slot.leaves(memtables);
            memtables = null;
        }
    }

    @Override
    public Chunk tryAllocate(int bytes) {
        return slot.tryReserve(bytes) ? create(bytes) : null;
    }

    @Override
    public Chunk allocate(int bytes) {
        slot.reserve(bytes);
        Chunk chunk = create(bytes);
        slot.relieve(memtableBytes / LEAST_FROZEN);
        return chunk;
    }

    private Chunk create(int bytes) {
        boolean created = false;
        try {
            MemorySegment segment = MemorySegmentFactory.allocateOffHeapUnsafeMemory(bytes);
            long address = segment.getAddress();
            ByteBuffer buffer = segment.processAsByteBuffer(Function.identity());
            segments.put(address, segment);
            peakBytes.accumulateAndGet(usedBytes.addAndGet(bytes), Math::max);
            created = true;
            return new Chunk(Memory.offHeap(), address, bytes, buffer);
        } finally {
            if (!created) {
                slot.unreserve(bytes);
            }
        }
    }

    @Override
    public void free(Chunk chunk) {
        MemorySegment segment = segments.remove(chunk.address());
        if (segment == null) {
            throw new IllegalStateException("a chunk of " + chunk.size() + " bytes was freed twice, or was not allocated here");
        }
        segment.free();
        usedBytes.addAndGet(-chunk.size());
        slot.unreserve(chunk.size());
    }

    @Override
    public long usedBytes() {
        return usedBytes.get();
    }

    @Override
    public long budgetBytes() {
        return Math.max(slot.shareBytes(), blockCacheBytes + LEAST_MEMTABLES * memtableBytes);
    }

    @Override
    public long peakBytes() {
        return peakBytes.get();
    }

    /** Call after the store is closed. */
    @Override
    public void close() {
        slot.operatorClosed();
    }
}
