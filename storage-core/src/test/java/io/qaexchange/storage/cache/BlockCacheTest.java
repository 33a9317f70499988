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

    /** Reads a block the way a reader does; its content is its file and number. */
    private static boolean read(CachedFile[] files, int file, int offset, int length, BlockPin pin) {
        if (files[file].lookup(offset, 16L * offset, pin)) {
            return true;
        }
        Chunk chunk = files[file].reserve(offset, length);
        if (chunk == null) {
            return false;
        }
        for (int i = 0; i + Long.BYTES <= length; i += Long.BYTES) {
            Memory.putLong(chunk.base(), chunk.address() + i, (long) file << 32 | offset);
        }
        files[file].insert(offset, 16L * offset, chunk, length, pin);
        return true;
    }

    /** Files 1 to 3. */
    private static CachedFile[] files(BlockCache cache) {
        return new CachedFile[] {null, cache.open(1000), cache.open(1000), cache.open(1000)};
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
    void aBlockIsWorthKeepingWhereThereIsRoomOrIfItWasAskedForNotLongAgo() {
        try (BlockCache cache = new BlockCache(pool, 64 << 10, 1); BlockPin pin = new BlockPin()) {
            CachedFile[] files = files(cache);
            assertThat(files[1].isWorthKeeping(1, 1000)).as("there is room").isTrue();
            for (int i = 0; i < 64; i++) {
                read(files, 1, i, 1024, pin);
            }
            pin.release();
            assertThat(files[1].isWorthKeeping(100, 1000)).as("no room, asked for the first time").isFalse();
            assertThat(files[1].isWorthKeeping(100, 1000)).as("the second time").isTrue();
            for (int i = 200; i < 300; i++) {
                assertThat(files[1].isWorthKeeping(i, 1000)).isFalse();
            }
            assertThat(files[1].isWorthKeeping(100, 1000)).as("long ago").isFalse();
        }
    }

    @Test
    void findsWhatWasPutInAndCountsEveryByte() {
        try (BlockCache cache = new BlockCache(pool, 64 << 10, 1); BlockPin pin = new BlockPin()) {
            CachedFile[] files = files(cache);
            assertThat(files[1].lookup(100, 16 * 100, pin)).isFalse();
            assertThat(read(files, 1, 100, 1000, pin)).isTrue();
            assertContent(pin, 1, 100, 1000);
            pin.release();
            assertThat(files[1].lookup(100, 16 * 100, pin)).isTrue();
            assertThat(files[2].lookup(100, 16 * 100, pin)).isFalse();
            assertThat(cache.statistics().hits()).isEqualTo(1);
            assertThat(cache.statistics().misses()).isEqualTo(3);
            assertThat(cache.statistics().usedBytes()).isEqualTo(1024).isEqualTo(pool.usedBytes());
        }
        assertThat(pool.usedBytes()).isZero();
    }

    @Test
    void evictsWhatWasNotUsedAndKeepsWhatWas() {
        try (BlockCache cache = new BlockCache(pool, 10 << 10, 1); BlockPin pin = new BlockPin()) {
            CachedFile[] files = files(cache);
            for (int i = 0; i < 1000; i++) {
                read(files, 1, i, 1024, pin);
                pin.release();
                assertThat(read(files, 1, 0, 1024, pin)).isTrue();
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
            CachedFile[] files = files(cache);
            for (int i = 0; i < 4; i++) {
                assertThat(read(files, 1, i, 1024, all)).isTrue();
            }
            assertThat(all.heldBlocks()).isEqualTo(4);
            assertThat(read(files, 1, 99, 1024, pin)).isFalse();
            assertThat(read(files, 1, 99, 8 << 10, pin)).isFalse();
            assertThat(cache.statistics().refusals()).isEqualTo(2);
            all.release();
            assertThat(read(files, 1, 99, 1024, pin)).isTrue();
        }
        assertThat(pool.usedBytes()).isZero();
    }

    @Test
    void aPoolThatIsSpentMakesTheCacheSmaller() {
        try (BlockCache cache = new BlockCache(pool, 1 << 20, 1); BlockPin pin = new BlockPin()) {
            CachedFile[] files = files(cache);
            Chunk others = pool.tryAllocate((1 << 20) - 5000);
            for (int i = 0; i < 100; i++) {
                assertThat(read(files, 1, i, 1024, pin)).isTrue();
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
            CachedFile[] files = files(cache);
            for (int i = 0; i < 50; i++) {
                read(files, 1 + i % 2, i, 512, pin);
                pin.release();
            }
            assertThat(files[1].lookup(0, 16 * 0, held)).isTrue();
            files[1].erase();
            assertThat(cache.statistics().blocks()).isEqualTo(25);
            assertThat(files[1].lookup(0, 16 * 0, pin)).isFalse();
            assertContent(held, 1, 0, 512);
            assertThat(pool.usedBytes()).isEqualTo(26 * 512);
            held.release();
            assertThat(pool.usedBytes()).isEqualTo(25 * 512);
        }
        assertThat(pool.usedBytes()).isZero();
    }

    @Test
    void aBlockIsFoundOnlyWhereItLies() {
        try (BlockCache cache = new BlockCache(pool, 64 << 10, 1); BlockPin pin = new BlockPin()) {
            CachedFile[] files = files(cache);
            assertThat(read(files, 1, 7, 1000, pin)).isTrue();
            assertThat(files[1].lookup(7, 99, pin)).isFalse();
            Chunk other = files[1].reserve(7, 1000);
            files[1].insert(7, 99, other, 1000, pin);
            pin.release();
            assertThat(files[1].lookup(7, 16 * 7, pin)).isFalse();
            assertThat(cache.statistics().usedBytes()).isEqualTo(1024).isEqualTo(pool.usedBytes());
        }
        assertThat(pool.usedBytes()).isZero();
    }

    @Test
    void hitsAndMissesOfClosedFilesStayInTheStatistics() {
        try (BlockCache cache = new BlockCache(pool, 64 << 10, 1); BlockPin pin = new BlockPin()) {
            CachedFile[] files = files(cache);
            read(files, 1, 7, 1000, pin);
            read(files, 1, 7, 1000, pin);
            pin.release();
            files[1].close();
            assertThat(cache.statistics().hits()).isEqualTo(1);
            assertThat(cache.statistics().misses()).isEqualTo(1);
            assertThat(pool.usedBytes()).isZero();
        }
    }

    @Test
    void refusesSizesThatMakeNoSense() {
        assertThatThrownBy(() -> new BlockCache(pool, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BlockCache(pool, 1, 3)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void threadsThatReadPinAndEraseNeverSeeAnotherBlocksBytes() throws Exception {
        try (BlockCache cache = new BlockCache(pool, 48 << 10, 2)) {
            CachedFile[] files = files(cache);
            ExecutorService threads = Executors.newFixedThreadPool(4);
            try {
                List<Future<Long>> results = new ArrayList<>();
                for (int thread = 0; thread < 4; thread++) {
                    results.add(threads.submit(reader(files, thread)));
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

    private static Callable<Long> reader(CachedFile[] files, int seed) {
        return () -> {
            Random random = new Random(seed);
            long reads = 0;
            try (BlockPin pin = new BlockPin(); BlockPin older = new BlockPin()) {
                for (int i = 0; i < 60_000; i++) {
                    int file = 1 + random.nextInt(3);
                    int offset = random.nextInt(40);
                    int length = 512 + offset * 40;
                    if (read(files, file, offset, length, pin)) {
                        assertContent(pin, file, offset, length);
                        reads++;
                    }
                    if (i % 50 == 0) {
                        older.release();
                        read(files, file, offset, length, older);
                    }
                    if (older.heldBlocks() > 0 && i % 50 == 49) {
                        // Held for a while, over many evictions and erasures.
                        long word = Memory.getLong(older.base(), older.address());
                        assertContent(older, word >>> 32, word & 0xffffffffL, older.length());
                    }
                    if (i % 1000 == 999) {
                        files[1 + random.nextInt(3)].erase();
                    }
                    pin.release();
                }
            }
            return reads;
        };
    }
}
