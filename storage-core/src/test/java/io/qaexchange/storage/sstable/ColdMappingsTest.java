package io.qaexchange.storage.sstable;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks that are mapped and not in memory come through the cache, by position; others are read where they lie. */
class ColdMappingsTest {
    private static final int ENTRIES = 20_000;

    @TempDir
    Path directory;

    private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 64 << 20);
    private boolean isInMemory = true;
    private int asked;
    private long nanos;

    @ParameterizedTest
    @EnumSource(names = {"NONE", "LZ4"})
    void coldBlocksComeThroughTheCacheAndWarmOnesDoNot(BlockCompression compression) throws IOException {
        Path file = directory.resolve("1.sst");
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, SstableOptions.builder().compression(compression).build())) {
            for (int i = 0; i < ENTRIES; i++) {
                writer.add(Slice.ofUtf8(key(i)), Trailer.of(i, ValueKind.PUT), Slice.ofUtf8("value " + i));
            }
            writer.finish();
        }
        // Too small for a compressed block to be kept because there is room.
        try (BlockCache cache = new BlockCache(pool, 100_000, 1, () -> nanos += isInMemory ? 100 : 100_000);
                SstableReader reader = SstableReader.open(ColdMappings.of(NioVfs.INSTANCE, () -> {
                    asked++;
                    return isInMemory;
                }), file, ReadOptions.MMAP, cache);
                BlockPin pin = new BlockPin()) {
            readAll(reader, pin);
            long before = cache.statistics().inserts();
            asked = 0;
            readAll(reader, pin);
            assertThat(asked).as("questions while all is in memory").isZero();

            isInMemory = false;
            readAll(reader, pin);
            long cold = cache.statistics().inserts();
            assertThat(cold - before).as("blocks that came into the cache").isGreaterThan(reader.blocks().size() / 2);
            assertThat(asked).as("questions while nothing is in memory").isPositive();

            isInMemory = true;
            for (int pass = 0; pass < 2_000 && asked > 0; pass++) {
                asked = 0;
                read(reader, 500, pin);
            }
            asked = 0;
            readAll(reader, pin);
            assertThat(asked).as("questions once all is in memory again").isZero();
        }
    }

    private static String key(int i) {
        return String.format("key%09d", i);
    }

    private static void readAll(SstableReader reader, BlockPin pin) throws IOException {
        read(reader, 1, pin);
    }

    private static void read(SstableReader reader, int step, BlockPin pin) throws IOException {
        for (int i = 0; i < ENTRIES; i += step) {
            String expected = "value " + i;
            boolean[] found = new boolean[1];
            reader.get(Slice.ofUtf8(key(i)), Trailer.MAX_SEQUENCE, (trailer, value) -> {
                found[0] = true;
                assertThat(new String(value.toByteArray(), UTF_8)).isEqualTo(expected);
                return true;
            }, pin);
            assertThat(found[0]).as(expected).isTrue();
            pin.release();
        }
    }
}
