package io.qaexchange.storage.sstable;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several threads on one reader, with a cache far smaller than the file. */
class SstableConcurrencyTest {
    private static final int ENTRIES = 5000;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"true,NONE", "false,NONE", "false,LZ4", "true,ZSTD"})
    void threadsOnOneReaderGetTheRightValuesWhileBlocksComeAndGo(boolean mapped, BlockCompression compression) throws Exception {
        Path file = directory.resolve("1.sst");
        SstableModel model = new SstableModel();
        for (int i = 0; i < ENTRIES; i++) {
            model.put(key(i), i, ValueKind.PUT, value(i));
        }
        model.write(file, SstableOptions.builder().blockSizeBytes(1024).indexBlockSizeBytes(1024).compression(compression).build());
        BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 1 << 20);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (BlockCache cache = new BlockCache(pool, 40 << 10, 2);
                SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, new ReadOptions(mapped, 1 << 30, 8 << 10), cache)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                results.add(threads.submit(worker(reader, thread)));
            }
            for (Future<Integer> result : results) {
                assertThat(result.get()).isGreaterThan(ENTRIES);
            }
            assertThat(cache.statistics().usedBytes()).isLessThanOrEqualTo(40 << 10).isEqualTo(pool.usedBytes());
            if (!mapped || compression != BlockCompression.NONE) {
                assertThat(cache.statistics().evictions()).isPositive();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(pool.usedBytes()).isZero();
    }

    private static Callable<Integer> worker(SstableReader reader, int seed) {
        return () -> {
            Random random = new Random(seed);
            int checked = 0;
            try (BlockPin pin = new BlockPin()) {
                Slice value = new Slice();
                for (int i = 0; i < 6000; i++) {
                    int wanted = random.nextInt(ENTRIES);
                    boolean found = reader.get(Slice.of(key(wanted)), Trailer.MAX_SEQUENCE, (trailer, got) -> {
                        value.wrap(got);
                        return false;
                    }, pin);
                    // Looked at after the read, while others evict.
                    assertThat(found).isTrue();
                    assertThat(value.toByteArray()).isEqualTo(value(wanted));
                    pin.release();
                    checked++;
                }
                checked += scan(reader, ReadMode.values()[seed % 2]);
            }
            return checked;
        };
    }

    private static int scan(SstableReader reader, ReadMode mode) throws IOException {
        int at = 0;
        try (InternalIterator iterator = reader.iterator(KeyRange.ALL, mode)) {
            for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                assertThat(iterator.value().toByteArray()).isEqualTo(value(at++));
            }
        }
        return at;
    }

    private static byte[] key(int i) {
        return String.format("key%07d", i).getBytes();
    }

    private static byte[] value(int i) {
        return ("value of " + i + " ").repeat(1 + i % 9).getBytes();
    }
}
