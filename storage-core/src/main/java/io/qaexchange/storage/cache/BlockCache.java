package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.MemoryPool;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Keeps blocks of files in memory, up to a number of bytes, and forgets those that were not used for the longest time (clock). What is
 * pinned is never freed. Memory comes from a {@link MemoryPool} block by block and every byte of it is counted; when the pool is spent by
 * others the cache makes do with what it has. A block for which there is no room is read by its reader into memory of its own for that
 * one use.
 *
 * <p>Blocks are found through the {@link CachedFile} that each open file has, so blocks of a closed file are never mistaken for those of
 * another one.
 *
 * <p>Thread-safe. Taking in and letting go is sharded by hash, so that readers seldom meet.
 */
public final class BlockCache implements AutoCloseable {
    private static final int ERAS = 100;

    private final MemoryPool pool;
    private final long capacityBytes;
    private final CacheShard[] shards;
    private final AtomicLong nextFileId = new AtomicLong(1);
    /** Bytes of blocks that were asked for and not here. Several threads add without order: some of it may be lost. */
    private long missedBytes;
    private final MappedPages mappedPages;
    private final Set<CachedFile> files = ConcurrentHashMap.newKeySet();
    private final LongAdder hitsOfClosed = new LongAdder();
    private final LongAdder missesOfClosed = new LongAdder();

    /** With 16 shards, fewer when the capacity is small. */
    public BlockCache(MemoryPool pool, long capacityBytes) {
        this(pool, capacityBytes, (int) Math.max(1, Math.min(16, Long.highestOneBit(Math.max(1, capacityBytes >>> 19)))));
    }

    /**
     * @param capacityBytes most memory to use; 0 = cache nothing
     * @param shards a power of two
     */
    public BlockCache(MemoryPool pool, long capacityBytes, int shards) {
        this(pool, capacityBytes, shards, System::nanoTime);
    }

    /** @param nanoClock tells how long a read took, for {@link MappedPages} */
    public BlockCache(MemoryPool pool, long capacityBytes, int shards, LongSupplier nanoClock) {
        if (capacityBytes < 0) {
            throw new IllegalArgumentException("block cache capacity must not be negative: " + capacityBytes);
        }
        if (shards < 1 || Integer.bitCount(shards) != 1) {
            throw new IllegalArgumentException("block cache shards must be a power of two: " + shards);
        }
        mappedPages = new MappedPages(nanoClock);
        this.pool = pool;
        this.capacityBytes = capacityBytes;
        this.shards = new CacheShard[shards];
        for (int i = 0; i < shards; i++) {
            this.shards[i] = new CacheShard(pool, capacityBytes / shards);
        }
    }

    /**
     * A file's part of the cache; to be closed when nobody reads the file any more.
     *
     * @param blocks how many there are, numbered from 0
     */
    public CachedFile open(int blocks) {
        CachedFile file = new CachedFile(this, nextFileId.getAndIncrement(), blocks);
        files.add(file);
        return file;
    }

    /**
     * Notes a miss.
     *
     * @return the era: it changes whenever as many bytes were missed as the cache holds, 1 to 100, then 1 again
     */
    int missed(int bytes) {
        missedBytes += bytes;
        return (int) (missedBytes / Math.max(1, capacityBytes) % ERAS) + 1;
    }

    void closed(CachedFile file) {
        if (files.remove(file)) {
            hitsOfClosed.add(file.hits());
            missesOfClosed.add(file.misses());
        }
    }

    /** Where cached blocks and the buffers of long scans take their memory from. */
    public MemoryPool pool() {
        return pool;
    }

    /** For blocks of all files that are read where they are mapped, beside the cache. */
    public MappedPages mappedPages() {
        return mappedPages;
    }

    public CacheStatistics statistics() {
        long hits = hitsOfClosed.sum();
        long misses = missesOfClosed.sum();
        for (CachedFile file : files) {
            hits += file.hits();
            misses += file.misses();
        }
        long inserts = 0;
        long evictions = 0;
        long refusals = 0;
        long blocks = 0;
        long used = 0;
        for (CacheShard shard : shards) {
            CacheStatistics part = shard.statistics();
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

    CacheShard shard(long file, int block) {
        long mixed = (file * 0x9E3779B97F4A7C15L ^ block) * 0xD6E8FEB86659FD93L;
        return shards[(int) (mixed >>> 40) & (shards.length - 1)];
    }
}
