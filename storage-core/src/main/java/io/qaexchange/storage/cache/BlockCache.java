package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.MemoryPool;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps blocks in memory under (file, offset), up to a number of bytes, and forgets those that were not used for the longest time
 * (clock). What is pinned is never freed. Memory comes from a {@link MemoryPool} block by block and every byte of it is counted; when
 * the pool is spent by others the cache makes do with what it has.
 *
 * <p>To fill: {@link #lookup}; on a miss {@link #reserve}, read into the chunk, {@link #insert} (or {@link #cancel}). The reading is
 * done outside any lock; two threads that miss the same block read it twice and one copy stays. A block for which there is no room is
 * read by its reader into memory of its own for that one use.
 *
 * <p>Files are numbered by {@link #newFileId()}, not by their names: a number is never used again, so blocks of a closed file are
 * never mistaken for those of another one.
 *
 * <p>Thread-safe. Sharded by hash, so that readers seldom meet.
 */
public final class BlockCache implements AutoCloseable {
    /** Chunks are multiples of this, so that memory of an evicted block mostly fits the next one. */
    private static final int ROUNDING_BYTES = 512;

    private static final AtomicLong NEXT_FILE_ID = new AtomicLong(1);

    private final MemoryPool pool;
    private final long capacityBytes;
    private final CacheShard[] shards;

    /** With 16 shards, fewer when the capacity is small. */
    public BlockCache(MemoryPool pool, long capacityBytes) {
        this(pool, capacityBytes, (int) Math.max(1, Math.min(16, Long.highestOneBit(Math.max(1, capacityBytes >>> 19)))));
    }

    /**
     * @param capacityBytes most memory to use; 0 = cache nothing
     * @param shards a power of two
     */
    public BlockCache(MemoryPool pool, long capacityBytes, int shards) {
        if (capacityBytes < 0) {
            throw new IllegalArgumentException("block cache capacity must not be negative: " + capacityBytes);
        }
        if (shards < 1 || Integer.bitCount(shards) != 1) {
            throw new IllegalArgumentException("block cache shards must be a power of two: " + shards);
        }
        this.pool = pool;
        this.capacityBytes = capacityBytes;
        this.shards = new CacheShard[shards];
        for (int i = 0; i < shards; i++) {
            this.shards[i] = new CacheShard(pool, capacityBytes / shards);
        }
    }

    /** A number for a file that is being opened; never given twice in this process. */
    public static long newFileId() {
        return NEXT_FILE_ID.getAndIncrement();
    }

    /** Where cached blocks and the buffers of long scans take their memory from. */
    public MemoryPool pool() {
        return pool;
    }

    /** Pins the block and makes it the pin's current one, if it is here. */
    public boolean lookup(long file, long offset, BlockPin pin) {
        int hash = CacheShard.hash(file, offset);
        return shard(hash).lookup(file, offset, hash, pin);
    }

    /** Memory for at least {@code bytes} bytes of this block; null if there is no room even after evicting what nobody looks at. */
    public Chunk reserve(long file, long offset, int bytes) {
        long rounded = ((long) bytes + ROUNDING_BYTES - 1) / ROUNDING_BYTES * ROUNDING_BYTES;
        return rounded > Integer.MAX_VALUE ? null : shard(CacheShard.hash(file, offset)).reserve((int) rounded);
    }

    /** Gives back memory of {@link #reserve} for this block that could not be filled. */
    public void cancel(long file, long offset, Chunk chunk) {
        shard(CacheShard.hash(file, offset)).cancel(chunk);
    }

    /** Takes in the block whose bytes stand in the first {@code length} bytes of the chunk, and pins it. */
    public void insert(long file, long offset, Chunk chunk, int length, BlockPin pin) {
        int hash = CacheShard.hash(file, offset);
        shard(hash).insert(file, offset, hash, chunk, length, pin);
    }

    /** Forgets all blocks of a file; those still pinned are freed by the last pin. */
    public void eraseFile(long file) {
        for (CacheShard shard : shards) {
            shard.eraseFile(file);
        }
    }

    public CacheStatistics statistics() {
        long hits = 0;
        long misses = 0;
        long inserts = 0;
        long evictions = 0;
        long refusals = 0;
        long blocks = 0;
        long used = 0;
        for (CacheShard shard : shards) {
            CacheStatistics part = shard.statistics();
            hits += part.hits();
            misses += part.misses();
            inserts += part.inserts();
            evictions += part.evictions();
            refusals += part.refusals();
            blocks += part.blocks();
            used += part.usedBytes();
        }
        return new CacheStatistics(hits, misses, inserts, evictions, refusals, blocks, used, capacityBytes);
    }

    /** Forgets everything; the memory of pinned blocks is freed by the last pin. */
    @Override
    public void close() {
        for (CacheShard shard : shards) {
            shard.clear();
        }
    }

    private CacheShard shard(int hash) {
        // The table uses the low bits.
        return shards[(hash >>> 20) & (shards.length - 1)];
    }
}
