package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Chunk;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The cached blocks of one open file, by number. A hit looks at the place of its number and at the block's entry, and takes no lock: an
 * entry that was let go meanwhile cannot be retained any more, and counts as a miss.
 *
 * <p>To fill: {@link #lookup}; on a miss {@link #reserve}, read into the chunk, {@link #insert} (or {@link #cancel}). The reading is done
 * outside any lock; two threads that miss the same block read it twice and one copy stays.
 *
 * <p>Thread-safe. Hits and misses that happen at the same time may be counted once.
 */
public final class CachedFile implements AutoCloseable {
    /** Chunks are multiples of this, so that memory of an evicted block mostly fits the next one. */
    private static final int ROUNDING_BYTES = 512;
    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(CachedBlock[].class);

    private final BlockCache cache;
    private final long id;
    private final int blockCount;
    /** Made with the first block: of files that are read in place, none ever comes. Volatile: replaced once. */
    private volatile CachedBlock[] places;
    /** By block, the {@link BlockCache#missed era} in which it was last asked for and not here. Several threads write without order: what is lost costs a miss. */
    private byte[] asked;
    private long hits;
    private long misses;

    CachedFile(BlockCache cache, long id, int blockCount) {
        this.cache = cache;
        this.id = id;
        this.blockCount = blockCount;
    }

    /**
     * Pins the block and makes it the pin's current one, if it is here.
     *
     * @param offset of the block in the file: whoever mixes up numbers finds nothing
     */
    public boolean lookup(int block, long offset, BlockPin pin) {
        CachedBlock[] now = places;
        CachedBlock found = now == null ? null : (CachedBlock) ELEMENT.getAcquire(now, block);
        if (found == null || found.offset != offset || !found.tryRetain()) {
            misses++;
            return false;
        }
        hits++;
        found.touch();
        pin.hold(found);
        return true;
    }

    /**
     * Whether a block that is not here should be taken in: where there is room without evicting any other, or where it was asked for in the same era, so
     * that keeping it may pay. Where data is much larger than the cache most blocks are not asked for again before they would be evicted.
     *
     * @param bytes of the block
     */
    public boolean isWorthKeeping(int block, int bytes) {
        int now = cache.missed(bytes);
        if (asked == null) {
            asked = new byte[blockCount];
        }
        int before = asked[block];
        asked[block] = (byte) now;
        return before == now || shard(block).hasRoomFor(bytes);
    }

    /** Memory for at least {@code bytes} bytes of this block; null if there is no room even after evicting what nobody looks at. */
    public Chunk reserve(int block, int bytes) {
        long rounded = ((long) bytes + ROUNDING_BYTES - 1) / ROUNDING_BYTES * ROUNDING_BYTES;
        return rounded > Integer.MAX_VALUE ? null : shard(block).reserve((int) rounded);
    }

    /** Gives back memory of {@link #reserve} for this block that could not be filled. */
    public void cancel(int block, Chunk chunk) {
        shard(block).cancel(chunk);
    }

    /** Takes in the block whose bytes stand in the first {@code length} bytes of the chunk, and pins it. */
    public void insert(int block, long offset, Chunk chunk, int length, BlockPin pin) {
        if (places == null) {
            synchronized (this) {
                if (places == null) {
                    places = new CachedBlock[blockCount];
                }
            }
        }
        shard(block).insert(new CachedBlock(this, block, offset, chunk, length, cache.pool()), pin);
    }

    /** Forgets all blocks; those still pinned are freed by the last pin. */
    public void erase() {
        CachedBlock[] now = places;
        for (int block = 0; now != null && block < now.length; block++) {
            if (ELEMENT.getAcquire(now, block) != null) {
                shard(block).erase(this, block);
            }
        }
    }

    /** Nobody reads the file any more. */
    @Override
    public void close() {
        erase();
        cache.closed(this);
    }

    long hits() {
        return hits;
    }

    long misses() {
        return misses;
    }

    /** Only with the lock of the block's shard. */
    CachedBlock at(int block) {
        return (CachedBlock) ELEMENT.getAcquire(places, block);
    }

    /** Only with the lock of the block's shard. */
    void place(int block, CachedBlock entry) {
        ELEMENT.setRelease(places, block, entry);
    }

    private CacheShard shard(int block) {
        return cache.shard(id, block);
    }
}
