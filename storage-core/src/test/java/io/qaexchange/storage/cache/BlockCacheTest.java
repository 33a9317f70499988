package io.qaexchange.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class BlockCacheTest {
    private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 1 << 20);

    /** Reads a block the way a reader does; its content is its file and offset. */
    private static boolean read(BlockCache cache, long file, long offset, int length, BlockPin pin) {
        if (cache.lookup(file, offset, pin)) {
            return true;
        }
        Chunk chunk = cache.reserve(file, offset, length);
        if (chunk == null) {
            return false;
        }
        for (int i = 0; i + Long.BYTES <= length; i += Long.BYTES) {
            Memory.putLong(chunk.base(), chunk.address() + i, file << 32 | offset);
        }
        cache.insert(file, offset, chunk, length, pin);
        return true;
    }

    private static void assertContent(BlockPin pin, long file, long offset, int length) {
        assertThat(pin.length()).isEqualTo(length);
        for (int i = 0; i + Long.BYTES <= length; i += Long.BYTES) {
            if (Memory.getLong(pin.base(), pin.address() + i) != (file << 32 | offset)) {
                throw new AssertionError("block " + file + ":" + offset + " holds another block's bytes");
            }
        }
    }

    @Test
    void findsWhatWasPutInAndCountsEveryByte() {
        try (BlockCache cache = new BlockCache(pool, 64 << 10, 1); BlockPin pin = new BlockPin()) {
            assertThat(cache.lookup(1, 100, pin)).isFalse();
            assertThat(read(cache, 1, 100, 1000, pin)).isTrue();
            assertContent(pin, 1, 100, 1000);
            pin.release();
            assertThat(cache.lookup(1, 100, pin)).isTrue();
            assertThat(cache.lookup(2, 100, pin)).isFalse();
            assertThat(cache.statistics().hits()).isEqualTo(1);
            assertThat(cache.statistics().misses()).isEqualTo(3);
            assertThat(cache.statistics().usedBytes()).isEqualTo(1024).isEqualTo(pool.usedBytes());
        }
        assertThat(pool.usedBytes()).isZero();
    }

    @Test
    void evictsWhatWasNotUsedAndKeepsWhatWas() {
        try (BlockCache cache = new BlockCache(pool, 10 << 10, 1); BlockPin pin = new BlockPin()) {
            for (int i = 0; i < 1000; i++) {
                read(cache, 1, i, 1024, pin);
                pin.release();
                assertThat(read(cache, 1, 0, 1024, pin)).isTrue();
                pin.release();
                assertThat(cache.statistics().usedBytes()).isLessThanOrEqualTo(10 << 10).isEqualTo(pool.usedBytes());
            }
            assertThat(cache.statistics().blocks()).isEqualTo(10);
            assertThat(cache.statistics().hits()).as("hits of the block that was used all the time").isGreaterThanOrEqualTo(999);
            assertThat(cache.statistics().evictions()).isEqualTo(990);
        }
    }

    @Test
    void pinnedBlocksStayAndOthersAreRefusedWhenAllArePinned() {
        try (BlockCache cache = new BlockCache(pool, 4 << 10, 1); BlockPin all = new BlockPin(); BlockPin pin = new BlockPin()) {
            for (int i = 0; i < 4; i++) {
                assertThat(read(cache, 1, i, 1024, all)).isTrue();
            }
            assertThat(all.heldBlocks()).isEqualTo(4);
            assertThat(read(cache, 1, 99, 1024, pin)).isFalse();
            assertThat(read(cache, 1, 99, 8 << 10, pin)).isFalse();
            assertThat(cache.statistics().refusals()).isEqualTo(2);
            all.release();
            assertThat(read(cache, 1, 99, 1024, pin)).isTrue();
        }
        assertThat(pool.usedBytes()).isZero();
    }

    @Test
    void aPoolThatIsSpentMakesTheCacheSmaller() {
        try (BlockCache cache = new BlockCache(pool, 1 << 20, 1); BlockPin pin = new BlockPin()) {
            Chunk others = pool.tryAllocate((1 << 20) - 5000);
            for (int i = 0; i < 100; i++) {
                assertThat(read(cache, 1, i, 1024, pin)).isTrue();
                assertContent(pin, 1, i, 1024);
                pin.release();
            }
            assertThat(pool.usedBytes()).isLessThanOrEqualTo(1 << 20);
            assertThat(cache.statistics().blocks()).isEqualTo(4);
            pool.free(others);
        }
    }

    @Test
    void erasingAFileForgetsItsBlocksAndOnlyThose() {
        try (BlockCache cache = new BlockCache(pool, 1 << 19, 4); BlockPin held = new BlockPin(); BlockPin pin = new BlockPin()) {
            for (int i = 0; i < 50; i++) {
                read(cache, 1 + i % 2, i, 512, pin);
                pin.release();
            }
            assertThat(cache.lookup(1, 0, held)).isTrue();
            cache.eraseFile(1);
            assertThat(cache.statistics().blocks()).isEqualTo(25);
            assertThat(cache.lookup(1, 0, pin)).isFalse();
            assertContent(held, 1, 0, 512);
            assertThat(pool.usedBytes()).isEqualTo(26 * 512);
            held.release();
            assertThat(pool.usedBytes()).isEqualTo(25 * 512);
        }
        assertThat(pool.usedBytes()).isZero();
    }

    @Test
    void refusesSizesThatMakeNoSense() {
        assertThatThrownBy(() -> new BlockCache(pool, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BlockCache(pool, 1, 3)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void threadsThatReadPinAndEraseNeverSeeAnotherBlocksBytes() throws Exception {
        try (BlockCache cache = new BlockCache(pool, 48 << 10, 2)) {
            ExecutorService threads = Executors.newFixedThreadPool(4);
            try {
                List<Future<Long>> results = new ArrayList<>();
                for (int thread = 0; thread < 4; thread++) {
                    results.add(threads.submit(reader(cache, thread)));
                }
                long reads = 0;
                for (Future<Long> result : results) {
                    reads += result.get();
                }
                assertThat(reads).isPositive();
                assertThat(cache.statistics().evictions()).isPositive();
                assertThat(cache.statistics().usedBytes()).isEqualTo(pool.usedBytes());
            } finally {
                threads.shutdownNow();
            }
        }
        assertThat(pool.usedBytes()).isZero();
    }

    private static Callable<Long> reader(BlockCache cache, int seed) {
        return () -> {
            Random random = new Random(seed);
            long reads = 0;
            try (BlockPin pin = new BlockPin(); BlockPin older = new BlockPin()) {
                for (int i = 0; i < 60_000; i++) {
                    long file = 1 + random.nextInt(3);
                    long offset = random.nextInt(40);
                    int length = (int) (512 + offset * 40);
                    if (read(cache, file, offset, length, pin)) {
                        assertContent(pin, file, offset, length);
                        reads++;
                    }
                    if (i % 50 == 0) {
                        older.release();
                        read(cache, file, offset, length, older);
                    }
                    if (older.heldBlocks() > 0 && i % 50 == 49) {
                        // Held for a while, over many evictions and erasures.
                        long word = Memory.getLong(older.base(), older.address());
                        assertContent(older, word >>> 32, word & 0xffffffffL, older.length());
                    }
                    if (i % 1000 == 999) {
                        cache.eraseFile(1 + random.nextInt(3));
                    }
                    pin.release();
                }
            }
            return reads;
        };
    }
}
