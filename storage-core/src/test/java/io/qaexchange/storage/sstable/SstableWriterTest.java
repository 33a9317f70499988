package io.qaexchange.storage.sstable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SstableWriterTest {
    @TempDir
    Path directory;

    private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 64 << 20);
    private final BlockCache cache = new BlockCache(pool, 1 << 20);

    private SstableReader read(Path file) throws IOException {
        return SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.MMAP, cache);
    }

    @Test
    void refusesEntriesThatAreNotInInternalOrder() throws IOException {
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, directory.resolve("1.sst"), SstableOptions.DEFAULT)) {
            Slice value = Slice.ofUtf8("v");
            writer.add(Slice.ofUtf8("b"), Trailer.of(5, ValueKind.PUT), value);
            assertThatThrownBy(() -> writer.add(Slice.ofUtf8("a"), Trailer.of(9, ValueKind.PUT), value))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("a#9,PUT after b#5,PUT");
            assertThatThrownBy(() -> writer.add(Slice.ofUtf8("b"), Trailer.of(5, ValueKind.PUT), value))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.add(Slice.ofUtf8("b"), Trailer.of(6, ValueKind.PUT), value))
                    .isInstanceOf(IllegalArgumentException.class);
            writer.add(Slice.ofUtf8("b"), Trailer.of(4, ValueKind.PUT), value);
            assertThat(writer.finish().entries()).isEqualTo(2);
        }
    }

    @Test
    void refusesWhatIsNoEntryOrTooLarge() throws IOException {
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, directory.resolve("1.sst"), SstableOptions.DEFAULT)) {
            assertThatThrownBy(() -> writer.add(Slice.ofUtf8("a"), Trailer.of(9, ValueKind.DELETE_RANGE), new Slice()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("DELETE_RANGE");
            assertThatThrownBy(() -> writer.add(Slice.of(new byte[1 << 16]), Trailer.of(9, ValueKind.PUT), new Slice()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("key too long");
            writer.add(Slice.of(new byte[(1 << 16) - 1]), Trailer.of(9, ValueKind.PUT), new Slice());
            assertThat(writer.finish().largestKey()).hasSize((1 << 16) - 1);
        }
    }

    @Test
    void abandonDeletesTheFileAndFinishKeepsIt() throws IOException {
        Path file = directory.resolve("1.sst");
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, SstableOptions.DEFAULT)) {
            writer.add(Slice.ofUtf8("b"), Trailer.of(5, ValueKind.PUT), new Slice());
            assertThat(file).exists();
        }
        assertThat(file).doesNotExist();
        SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, SstableOptions.DEFAULT);
        writer.finish();
        writer.close();
        assertThat(file).exists();
        assertThatThrownBy(() -> writer.add(Slice.ofUtf8("b"), 1, new Slice())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anEmptyFileAndOneOfRangeTombstonesAloneCanBeRead() throws IOException {
        Path file = directory.resolve("1.sst");
        SstableModel model = new SstableModel();
        SstableMetadata empty = model.write(file, SstableOptions.DEFAULT);
        assertThat(empty.isEmpty()).isTrue();
        assertThat(empty.range().isEmpty()).isTrue();
        try (SstableReader reader = read(file); InternalIterator all = reader.iterator(KeyRange.ALL, ReadMode.CACHED)) {
            all.seekToFirst();
            assertThat(all.valid()).isFalse();
            all.seekToLast();
            assertThat(all.valid()).isFalse();
            all.seek(Slice.ofUtf8("x"), Trailer.NEWEST);
            assertThat(all.valid()).isFalse();
            reader.verifyAll();
        }
        model.rangeTombstones.add(new RangeTombstone(KeyRange.of("a".getBytes(), "c".getBytes()), 7));
        Path second = directory.resolve("2.sst");
        SstableMetadata metadata = model.write(second, SstableOptions.DEFAULT);
        assertThat(metadata.isEmpty()).isFalse();
        assertThat(metadata.smallestSequence()).isEqualTo(7);
        assertThat(metadata.range()).isEqualTo(KeyRange.of("a".getBytes(), "c".getBytes()));
        try (SstableReader reader = read(second)) {
            assertThat(reader.rangeTombstones()).hasToString("[a,c)#7");
        }
    }

    @Test
    void metadataCountsWhatWasWrittenAndSurvivesItsOwnEncoding() throws IOException {
        Path file = directory.resolve("1.sst");
        SstableModel model = new SstableModel();
        model.put("k1".getBytes(), 3, ValueKind.PUT, new byte[10]);
        model.put("k1".getBytes(), 9, ValueKind.DELETE, new byte[0]);
        model.put("k2".getBytes(), 4, ValueKind.APPEND, new byte[5]);
        model.put("k30".getBytes(), 12, ValueKind.PUT, new byte[5]);
        SstableMetadata metadata = model.write(file, SstableOptions.builder().createdBy("flush").createdAtMs(1234)
                .userProperty("family", new byte[] {5}).build());
        assertThat(metadata.entries()).isEqualTo(4);
        assertThat(metadata.distinctKeys()).isEqualTo(3);
        assertThat(metadata.puts()).isEqualTo(2);
        assertThat(metadata.deletes()).isEqualTo(1);
        assertThat(metadata.appends()).isEqualTo(1);
        assertThat(metadata.smallestKey()).isEqualTo("k1".getBytes());
        assertThat(metadata.largestKey()).isEqualTo("k30".getBytes());
        assertThat(metadata.smallestSequence()).isEqualTo(3);
        assertThat(metadata.largestSequence()).isEqualTo(12);
        assertThat(metadata.rawKeyBytes()).isEqualTo(9);
        assertThat(metadata.rawValueBytes()).isEqualTo(20);
        assertThat(metadata.hasEventTimes()).isFalse();
        ByteWriter encoded = new ByteWriter();
        metadata.encode(encoded);
        assertThat(SstableMetadata.decode(new ByteReader(encoded.toByteArray(), "manifest", 0))).isEqualTo(metadata);
        try (SstableReader reader = read(file)) {
            assertThat(reader.metadata()).isEqualTo(metadata);
            assertThat(reader.properties().createdBy()).isEqualTo("flush");
            assertThat(reader.properties().createdAtMs()).isEqualTo(1234);
            assertThat(reader.properties().user("family")).containsExactly(5);
            assertThat(reader.properties().bloomBitsPerKey()).isEqualTo(10);
        }
    }

    @Test
    void largeValuesGoStraightThroughAndReadBack() throws IOException {
        Path file = directory.resolve("1.sst");
        SstableModel model = new SstableModel();
        Random random = new Random(1);
        int[] sizes = {10, 5 << 20, 10, 4 << 20, (4 << 20) + 1, 9 << 20, 0, 300_000, 20};
        for (int i = 0; i < sizes.length; i++) {
            byte[] value = new byte[sizes[i]];
            random.nextBytes(value);
            model.put(("key" + i).getBytes(), 1, ValueKind.PUT, value);
        }
        for (BlockCompression compression : BlockCompression.values()) {
            Files.deleteIfExists(file);
            SstableMetadata metadata = model.write(file, SstableOptions.builder().compression(compression)
                    .blockSizeBytes(1 << 24).build());
            assertThat(metadata.entries()).isEqualTo(sizes.length);
            for (ReadOptions options : List.of(ReadOptions.MMAP, ReadOptions.PREAD, ReadOptions.MMAP.withPieceBytes(1 << 20))) {
                try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, options, cache);
                        InternalIterator all = reader.iterator(KeyRange.ALL, ReadMode.CACHED);
                        InternalIterator sequential = reader.iterator(KeyRange.ALL, ReadMode.SEQUENTIAL)) {
                    assertThat(list(all)).isEqualTo(model.inside(KeyRange.ALL));
                    assertThat(list(sequential)).isEqualTo(model.inside(KeyRange.ALL));
                    reader.verifyAll();
                }
            }
        }
    }

    /** Compresses values that shrink to a half, and others that shrink to next to nothing. */
    @Test
    void blocksThatDoNotShrinkToAThirdStayReadableInPlace() throws IOException {
        assertThat(compressions(BlockCompression.LZ4, 100)).containsOnly("LZ4");
        assertThat(compressions(BlockCompression.LZ4_TO_A_THIRD, 100)).containsOnly("NONE");
        assertThat(compressions(BlockCompression.LZ4_TO_A_THIRD, 0)).containsOnly("LZ4");
    }

    /** @param randomBytes of each value's 200 */
    private List<String> compressions(BlockCompression asked, int randomBytes) throws IOException {
        Path file = directory.resolve(asked + "-" + randomBytes + ".sst");
        SstableModel model = new SstableModel();
        Random random = new Random(1);
        for (int i = 1000; i < 2000; i++) {
            byte[] value = new byte[200];
            byte[] noise = new byte[randomBytes];
            random.nextBytes(noise);
            System.arraycopy(noise, 0, value, 0, randomBytes);
            model.put(("key" + i).getBytes(), 1, ValueKind.PUT, value);
        }
        model.write(file, SstableOptions.builder().compression(asked).build());
        try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.MMAP, cache)) {
            reader.verifyAll();
            return reader.blocks().stream().filter(block -> block.kind().equals("data")).map(BlockInfo::compression).toList();
        }
    }

    private static List<String> list(InternalIterator iterator) throws IOException {
        List<String> entries = new ArrayList<>();
        for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
            entries.add(SstableModel.describe(iterator));
        }
        return entries;
    }

    @Test
    void estimatedSizeIsCloseToTheFileAllTheTime() throws IOException {
        Path file = directory.resolve("1.sst");
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, SstableOptions.DEFAULT)) {
            long estimate = 0;
            for (int i = 0; i < 50_000; i++) {
                writer.add(Slice.ofUtf8(String.format("key%09d", i)), Trailer.of(i, ValueKind.PUT), Slice.of(new byte[96]));
                assertThat(writer.estimatedSize()).isGreaterThanOrEqualTo(estimate - 40_000);
                estimate = writer.estimatedSize();
            }
            long size = writer.finish().fileSize();
            assertThat((double) estimate).isBetween(0.97 * size, 1.03 * size);
        }
    }

    @Test
    void recordsOfOneLengthStandInFixedBlocksAndOthersInPrefixBlocks() throws IOException {
        SstableModel model = new SstableModel();
        for (int i = 0; i < 5000; i++) {
            boolean trade = i < 3000;
            model.put(String.format("%s%09d", trade ? "t" : "x", i).getBytes(), i, ValueKind.PUT,
                    new byte[trade ? 64 : 50 + i % 7]);
        }
        Path file = directory.resolve("1.sst");
        model.write(file, SstableOptions.DEFAULT);
        try (SstableReader reader = read(file)) {
            List<BlockInfo> data = reader.blocks().stream().filter(block -> block.kind().equals("data")).toList();
            long fixedEntries = data.stream().filter(block -> block.layout().equals("fixed")).mapToLong(BlockInfo::entries).sum();
            assertThat(fixedEntries).as("all but those of the block in which the lengths change").isBetween(2950L, 3000L);
            assertThat(data.stream().mapToLong(BlockInfo::entries).sum()).isEqualTo(5000);
            assertThat(reader.properties().fixedBlocks() + reader.properties().prefixBlocks()).isEqualTo(data.size());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blocksOutsideARangeOfEventTimesAreNotRead(boolean mapped) throws IOException {
        Path file = directory.resolve("1.sst");
        SstableModel model = new SstableModel();
        for (int instrument = 0; instrument < 20; instrument++) {
            for (int i = 0; i < 500; i++) {
                long time = i * 1000L - 100_000;
                byte[] key = ByteBuffer.allocate(14).putShort((short) instrument).putLong(time ^ Long.MIN_VALUE).putInt(i).array();
                model.put(key, 1, ValueKind.PUT, new byte[40]);
            }
        }
        SstableMetadata metadata = model.write(file, SstableOptions.builder().blockSizeBytes(1024).indexBlockSizeBytes(1024)
                .eventTimeFromEnd(12).build());
        assertThat(metadata.hasEventTimes()).isTrue();
        assertThat(metadata.minEventTime()).isEqualTo(-100_000);
        assertThat(metadata.maxEventTime()).isEqualTo(399_000);
        ReadOptions options = new ReadOptions(mapped, 1 << 30, 4 << 10);
        try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, options, cache);
                InternalIterator timed = reader.iterator(KeyRange.ALL, ReadMode.CACHED, new TimeRange(50_000, 60_000));
                InternalIterator none = reader.iterator(KeyRange.ALL, ReadMode.CACHED, new TimeRange(400_000, Long.MAX_VALUE))) {
            int inside = 0;
            int shown = 0;
            for (timed.seekToFirst(); timed.valid(); timed.next()) {
                long time = timed.key().getLongBigEndian(2) ^ Long.MIN_VALUE;
                inside += time >= 50_000 && time < 60_000 ? 1 : 0;
                shown++;
            }
            assertThat(inside).isEqualTo(20 * 10);
            assertThat(shown).isLessThan(20 * 50);
            int backward = 0;
            for (timed.seekToLast(); timed.valid(); timed.previous()) {
                backward++;
            }
            assertThat(backward).isEqualTo(shown);
            none.seekToFirst();
            assertThat(none.valid()).isFalse();
        }
    }

    @Test
    void keysWithoutAnEventTimeAreNeverSkipped() throws IOException {
        Path file = directory.resolve("1.sst");
        SstableModel model = new SstableModel();
        model.put("short".getBytes(), 1, ValueKind.PUT, new byte[1]);
        SstableMetadata metadata = model.write(file, SstableOptions.builder().eventTimeFromEnd(12).build());
        assertThat(metadata.hasEventTimes()).isFalse();
        try (SstableReader reader = read(file);
                InternalIterator timed = reader.iterator(KeyRange.ALL, ReadMode.CACHED, new TimeRange(50_000, 60_000))) {
            timed.seekToFirst();
            assertThat(timed.valid()).isTrue();
        }
    }

    @Test
    void estimatesOfKeyRangesAreCloseWithoutReadingData() throws IOException {
        Path file = directory.resolve("1.sst");
        SstableModel model = new SstableModel();
        for (int i = 0; i < 20_000; i++) {
            model.put(String.format("%09d", i).getBytes(), 1, ValueKind.PUT, new byte[50]);
        }
        SstableMetadata metadata = model.write(file, SstableOptions.builder().blockSizeBytes(1024).indexBlockSizeBytes(1024).build());
        try (SstableReader reader = read(file)) {
            assertThat(reader.estimate(KeyRange.ALL)).isEqualTo(new SizeEstimate(metadata.dataBytes(), 20_000));
            SizeEstimate half = reader.estimate(KeyRange.of("000005000".getBytes(), "000015000".getBytes()));
            assertThat(half.entries()).isBetween(9_950L, 10_050L);
            assertThat((double) half.bytes()).isBetween(metadata.dataBytes() * 0.49, metadata.dataBytes() * 0.51);
            assertThat(reader.estimate(KeyRange.of("x".getBytes(), null))).isEqualTo(SizeEstimate.NOTHING);
            assertThat(cache.statistics().inserts()).isZero();
        }
    }

    @Test
    void atMostOneInAHundredAbsentKeysPassesTheFilter() throws IOException {
        Path file = directory.resolve("1.sst");
        int keys = 200_000;
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, SstableOptions.DEFAULT)) {
            for (int i = 0; i < keys; i++) {
                writer.add(Slice.ofUtf8(String.format("SHFE.rb2501.trade.%017d", i * 2L)), Trailer.of(i, ValueKind.PUT), new Slice());
            }
            writer.finish();
        }
        try (SstableReader reader = read(file); BlockPin pin = new BlockPin()) {
            int passed = 0;
            for (int i = 0; i < keys; i++) {
                passed += reader.isCertainlyAbsent(Slice.ofUtf8(String.format("SHFE.rb2501.trade.%017d", i * 2L + 1)), pin) ? 0 : 1;
                assertThat(reader.isCertainlyAbsent(Slice.ofUtf8(String.format("SHFE.rb2501.trade.%017d", i * 2L)), pin)).isFalse();
            }
            assertThat((double) passed / keys).isBetween(0.002, 0.01);
            long filterBytes = reader.blocks().stream().filter(block -> block.kind().equals("filter")).findFirst().orElseThrow()
                    .handle().size();
            assertThat(filterBytes * 8.0 / keys).isBetween(10.0, 10.2);
        }
    }

    @Test
    void theFilterIsLeftOutWhereEveryGetFindsItsKeyAndAskedAgainAfterOneThatDoesNot() throws IOException {
        Path file = directory.resolve("1.sst");
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, SstableOptions.DEFAULT)) {
            for (int i = 0; i < 10; i += 2) {
                writer.add(Slice.ofUtf8("key" + i), Trailer.of(1, ValueKind.PUT), new Slice());
            }
            writer.finish();
        }
        try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.PREAD, cache); BlockPin pin = new BlockPin()) {
            for (int i = 0; i < SstableReader.ENOUGH_FOUND; i++) {
                assertThat(blocksOfGet(reader, "key" + 2 * (i % 5), pin)).as("filter and data").isEqualTo(2);
            }
            assertThat(blocksOfGet(reader, "key4", pin)).as("data alone").isEqualTo(1);
            assertThat(blocksOfGet(reader, "key5", pin)).as("an absent key, for once looked for in the data").isEqualTo(1);
            assertThat(blocksOfGet(reader, "key4", pin)).as("filter and data again").isEqualTo(2);
            assertThat(blocksOfGet(reader, "key5", pin)).as("the filter alone").isEqualTo(1);
            assertThat(blocksOfGet(reader, "key5", pin)).as("the filter alone").isEqualTo(1);
        }
    }

    /** How many blocks a get asked the cache for. */
    private long blocksOfGet(SstableReader reader, String key, BlockPin pin) throws IOException {
        long before = cache.statistics().hits() + cache.statistics().misses();
        boolean[] found = new boolean[1];
        reader.get(Slice.ofUtf8(key), Trailer.MAX_SEQUENCE, (trailer, value) -> found[0] = true, pin);
        pin.release();
        assertThat(found[0]).isEqualTo((key.charAt(3) & 1) == 0);
        return cache.statistics().hits() + cache.statistics().misses() - before;
    }

    /** Helpers that never come, come at once, come late on the writer's own thread, and that are threads. */
    @Test
    void aFileIsTheSameWhoeverCompressesItsBlocks() throws Exception {
        byte[] alone = written("alone.sst", null);
        assertThat(written("never.sst", batch -> {})).isEqualTo(alone);
        assertThat(written("at-once.sst", Runnable::run)).isEqualTo(alone);
        List<Runnable> late = new ArrayList<>();
        assertThat(written("late.sst", batch -> {
            late.add(batch);
            if (late.size() % 3 == 0) {
                late.get(late.size() - 3).run();
            }
        })).isEqualTo(alone);
        late.forEach(Runnable::run);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int i = 0; i < 20; i++) {
                assertThat(written("threads-" + i + ".sst", threads)).isEqualTo(alone);
            }
        } finally {
            threads.shutdown();
        }
    }

    /** Entries of several lengths, a value that goes straight into the file, and versions of one key over several blocks. */
    private byte[] written(String name, Executor helpers) throws IOException {
        Random random = new Random(1);
        Path file = directory.resolve(name);
        SstableOptions options = SstableOptions.builder().compression(BlockCompression.LZ4).blockSizeBytes(512).createdAtMs(1).build();
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, options, pool, helpers)) {
            for (int i = 0; i < 5_000; i++) {
                byte[] value = new byte[i == 2_000 ? 5 << 20 : random.nextInt(60)];
                Arrays.fill(value, (byte) random.nextInt());
                int number = i > 3_000 && i < 3_100 ? 3_000 : i;
                writer.add(Slice.of(ByteBuffer.allocate(12).putLong(number).array()), Trailer.of(100_000 - i, ValueKind.PUT), Slice.of(value));
            }
            assertThat(writer.finish().entries()).isEqualTo(5_000);
        }
        return Files.readAllBytes(file);
    }

    @Test
    void aFileThatIsGivenUpMeanwhileIsGone() throws Exception {
        Path file = directory.resolve("given-up.sst");
        List<Runnable> late = new ArrayList<>();
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file,
                SstableOptions.builder().compression(BlockCompression.LZ4).blockSizeBytes(512).build(), pool, late::add)) {
            for (int i = 0; i < 2_000; i++) {
                writer.add(Slice.of(ByteBuffer.allocate(8).putLong(i).array()), Trailer.of(i + 1, ValueKind.PUT), Slice.of(new byte[50]));
            }
        }
        late.forEach(Runnable::run);
        assertThat(late).isNotEmpty();
        assertThat(file).doesNotExist();
        assertThat(pool.usedBytes()).isZero();
    }
}
