package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.Memory;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Hits without a lock, while others take the block away. Fields of inner classes are the tests' states. The last figure of each result
 * is the memory in use at the end in blocks: none once the file is closed, also not a negative number.
 */
public final class CachedFileStress {
    private static final int BLOCK_BYTES = 512;

    private CachedFileStress() {}

    /** A file of two blocks, number 0 holds ones, number 1 twos; the cache has room for one. */
    static class Shared {
        final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 20);
        final BlockCache cache = new BlockCache(pool, BLOCK_BYTES, 1);
        final CachedFile file = cache.open(2);

        /** The byte read from the block; 0 if there was no space for it. */
        int read(int block) {
            try (BlockPin pin = new BlockPin()) {
                return file.lookup(block, block, pin) || fill(block, pin) ? content(pin) : 0;
            }
        }

        /** The byte of a hit; 0 if it is a miss. */
        int hit(int block) {
            try (BlockPin pin = new BlockPin()) {
                return file.lookup(block, block, pin) ? content(pin) : 0;
            }
        }

        boolean fill(int block, BlockPin pin) {
            Chunk chunk = file.reserve(block, BLOCK_BYTES);
            if (chunk == null) {
                return false;
            }
            Memory.putLong(chunk.base(), chunk.address(), block + 1L);
            Memory.putLong(chunk.base(), chunk.address() + BLOCK_BYTES - Long.BYTES, block + 1L);
            file.insert(block, block, chunk, BLOCK_BYTES, pin);
            return true;
        }

        /** -1 if the bytes are of two blocks, -2 if nobody vouches for them any more. */
        int content(BlockPin pin) {
            long first = Memory.getLong(pin.base(), pin.address());
            long last = Memory.getLong(pin.base(), pin.address() + BLOCK_BYTES - Long.BYTES);
            if (pool.usedBytes() < BLOCK_BYTES) {
                return -2;
            }
            return first == last ? (int) last : -1;
        }

        int blocksAfterClosing() {
            file.close();
            return (int) (pool.usedBytes() / BLOCK_BYTES);
        }
    }

    /** The chunk of an evicted block is used for the next one at once. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 2, 0", "1, 0, 0", "1, 2, 0"}, expect = Expect.ACCEPTABLE, desc = "a hit shows its own block, or there is none")
    @Outcome(expect = Expect.FORBIDDEN, desc = "another block's bytes were shown, or memory was lost or freed twice")
    public static class HitWhileItIsEvicted extends Shared {
        public HitWhileItIsEvicted() {
            read(0);
        }

        @Actor
        public void reader(III_Result result) {
            result.r1 = hit(0);
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = read(1);
        }

        @Arbiter
        public void after(III_Result result) {
            result.r3 = blocksAfterClosing();
        }
    }

    /** A pinned block stays until its last pin is released. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 0", "1, 0"}, expect = Expect.ACCEPTABLE, desc = "held while used, or not found; nothing left")
    @Outcome(expect = Expect.FORBIDDEN, desc = "used after it was given back, or never given back")
    public static class HitWhileItIsErased extends Shared {
        public HitWhileItIsErased() {
            read(0);
        }

        @Actor
        public void reader(II_Result result) {
            result.r1 = hit(0);
        }

        @Actor
        public void eraser() {
            file.erase();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = blocksAfterClosing();
        }
    }

    /** Who finds an entry finds all that was put into it before; of two that read the same block one copy stays. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1, 0", "1, 0, 0", "0, 1, 0"}, expect = Expect.ACCEPTABLE, desc = "the block, or no room as the other one's copy is pinned")
    @Outcome(expect = Expect.FORBIDDEN, desc = "something else was shown, or memory was lost or freed twice")
    public static class TwoFillTheSamePlace extends Shared {
        @Actor
        public void first(III_Result result) {
            result.r1 = read(0);
        }

        @Actor
        public void second(III_Result result) {
            result.r2 = read(0);
        }

        @Arbiter
        public void after(III_Result result) {
            result.r3 = blocksAfterClosing();
        }
    }
}
