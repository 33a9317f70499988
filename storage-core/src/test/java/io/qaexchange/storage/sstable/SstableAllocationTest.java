package io.qaexchange.storage.sstable;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.iterator.EntrySink;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reading allocates nothing on the heap once it is warm. */
class SstableAllocationTest {
    private static final int ENTRIES = 20_000;

    @TempDir
    Path directory;

    private interface Work {
        void run() throws IOException;
    }

    private static long allocated(Work work) throws IOException {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 5; i++) {
            work.run();
        }
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            work.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    @ParameterizedTest
    @CsvSource({"true,true,NONE", "true,false,NONE", "false,true,NONE", "false,false,LZ4", "true,true,LZ4"})
    void pointReadsAndScansAllocateNothing(boolean mapped, boolean fixed, BlockCompression compression) throws IOException {
        Path file = directory.resolve("1.sst");
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file,
                SstableOptions.builder().compression(compression).indexBlockSizeBytes(2000).build())) {
            for (int i = 0; i < ENTRIES; i++) {
                writer.add(Slice.ofUtf8(String.format("key%09d", i)), Trailer.of(i, ValueKind.PUT),
                        Slice.of(new byte[fixed ? 96 : 90 + i % 10]));
            }
            writer.finish();
        }
        BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 64 << 20);
        ReadOptions options = mapped ? ReadOptions.MMAP : ReadOptions.PREAD;
        try (BlockCache cache = new BlockCache(pool, 32 << 20);
                SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, options, cache);
                InternalIterator iterator = reader.iterator(KeyRange.ALL, ReadMode.CACHED);
                BlockPin pin = new BlockPin()) {
            long[] sum = new long[1];
            EntrySink sink = (trailer, value) -> {
                sum[0] += value.length();
                return false;
            };
            byte[] bytes = String.format("key%09d", 0).getBytes();
            Slice key = Slice.of(bytes);
            assertThat(allocated(() -> {
                for (int i = 0; i < ENTRIES; i += 3) {
                    Memory.putInt(bytes, Memory.ARRAY_BASE + 8, 0x30303030 + (i % 10 << 24) + (i / 10 % 10 << 16)
                            + (i / 100 % 10 << 8) + i / 1000 % 10);
                    reader.get(key, Trailer.MAX_SEQUENCE, sink, pin);
                    pin.release();
                }
            })).as("bytes allocated by point reads").isZero();
            assertThat(allocated(() -> {
                for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                    sum[0] += iterator.value().length();
                }
                for (iterator.seekToLast(); iterator.valid(); iterator.previous()) {
                    sum[0] += iterator.value().length();
                }
                for (int i = 0; i < 1000; i++) {
                    iterator.seek(key, Trailer.NEWEST);
                    iterator.seekBefore(key, Trailer.NEWEST);
                }
            })).as("bytes allocated by scans and seeks").isZero();
            assertThat(sum[0]).isPositive();
        }
    }

    @ParameterizedTest
    @CsvSource({"NONE", "LZ4"})
    void aLongScanAllocatesLessThanAByteForARow(BlockCompression compression) throws IOException {
        Path file = directory.resolve("1.sst");
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file,
                SstableOptions.builder().compression(compression).build())) {
            for (int i = 0; i < ENTRIES; i++) {
                writer.add(Slice.ofUtf8(String.format("key%09d", i)), Trailer.of(i, ValueKind.PUT), Slice.of(new byte[96]));
            }
            writer.finish();
        }
        BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 64 << 20);
        try (BlockCache cache = new BlockCache(pool, 1 << 20);
                SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.MMAP, cache);
                InternalIterator iterator = reader.iterator(KeyRange.ALL, ReadMode.SEQUENTIAL)) {
            long[] rows = new long[1];
            long bytes = allocated(() -> {
                for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                    rows[0]++;
                }
            });
            assertThat(bytes).isLessThan(ENTRIES);
            assertThat(cache.statistics().inserts()).as("blocks put into the cache by a long scan").isZero();
        }
        assertThat(pool.usedBytes()).isZero();
    }
}
