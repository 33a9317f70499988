package io.qaexchange.storage.sstable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.UnsupportedFormatException;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Damaged, truncated and foreign files: an error that says so or the right answer, never a wrong one. */
class SstableDamageTest {
    @TempDir
    Path directory;

    private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 64 << 20);
    private final BlockCache cache = new BlockCache(pool, 1 << 20);

    @AfterEach
    void closesTheCache() {
        cache.close();
        assertThat(pool.usedBytes()).isZero();
    }

    /** Both layouts, several index levels, a filter, range tombstones, event times, versions over block borders. */
    private static SstableModel richModel() {
        SstableModel model = new SstableModel();
        Random random = new Random(7);
        for (int i = 0; i < 50; i++) {
            byte[] key = ByteBuffer.allocate(14).putShort((short) (i / 12)).putLong(Long.MIN_VALUE + i * 100L).putInt(i).array();
            byte[] value = String.format("value%05d", i).repeat(1 + i % 2 * (i / 30)).getBytes();
            model.put(key, 1 + i, ValueKind.PUT, value);
            if (i % 9 == 0) {
                model.put(key, 200 + i, ValueKind.DELETE, new byte[0]);
            }
        }
        byte[] hot = "zz-hot-key-with-tail".getBytes();
        for (int version = 0; version < 25; version++) {
            byte[] value = new byte[random.nextInt(20)];
            random.nextBytes(value);
            model.put(hot, 1000 + version, ValueKind.APPEND, value);
        }
        for (int i = 0; i < 30; i++) {
            byte[] value = new byte[60];
            random.nextBytes(value);
            model.put(String.format("~wide%08d", i * 3).getBytes(), 5000 + i, ValueKind.PUT, value);
        }
        model.rangeTombstones.add(new RangeTombstone(KeyRange.of("a".getBytes(), "m".getBytes()), 77));
        model.rangeTombstones.add(new RangeTombstone(KeyRange.of("c".getBytes(), "zz".getBytes()), 99));
        return model;
    }

    private static SstableOptions options(BlockCompression compression) {
        return SstableOptions.builder().blockSizeBytes(800).indexBlockSizeBytes(200).restartInterval(4).compression(compression)
                .eventTimeFromEnd(12).createdBy("test").userProperty("note", new byte[] {1, 2, 3}).build();
    }

    /** Everything that can be asked of a file, as text. */
    private List<String> answers(SstableReader reader, SstableModel model) throws IOException {
        List<String> answers = new ArrayList<>();
        answers.add(reader.metadata().toString());
        answers.add(reader.properties().toString());
        answers.add(reader.rangeTombstones().toString());
        for (ReadMode mode : ReadMode.values()) {
            try (InternalIterator iterator = reader.iterator(KeyRange.ALL, mode)) {
                for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                    answers.add(SstableModel.describe(iterator));
                }
                for (iterator.seekToLast(); iterator.valid(); iterator.previous()) {
                    answers.add(SstableModel.describe(iterator));
                }
            }
        }
        try (InternalIterator timed = reader.iterator(KeyRange.ALL, ReadMode.CACHED, new TimeRange(1000, 2000))) {
            for (timed.seekToFirst(); timed.valid(); timed.next()) {
                answers.add(SstableModel.describe(timed));
            }
        }
        try (BlockPin pin = new BlockPin()) {
            for (SstableModel.Entry entry : model.keys()) {
                reader.get(Slice.of(entry.key()), Trailer.sequence(entry.trailer()), (trailer, value) -> {
                    answers.add(Trailer.toString(trailer) + value);
                    return false;
                }, pin);
                pin.release();
            }
        }
        answers.add(reader.estimate(KeyRange.of(new byte[] {0, 1}, new byte[] {0, 3})).toString());
        answers.add(reader.blocks().toString());
        return answers;
    }

    @ParameterizedTest
    @EnumSource(BlockCompression.class)
    void everyFlippedByteIsDetectedOrHarmless(BlockCompression compression) throws IOException {
        Path file = directory.resolve("000012.sst");
        SstableModel model = richModel();
        model.write(file, options(compression));
        List<String> expected;
        try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.MMAP, cache)) {
            expected = answers(reader, model);
            assertThat(reader.properties().indexBlocks()).isGreaterThan(3);
            assertThat(reader.properties().fixedBlocks()).isPositive();
            assertThat(reader.properties().prefixBlocks()).isPositive();
        }
        int size = (int) Files.size(file);
        Random random = new Random(compression.ordinal());
        int harmless = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            for (int at = 0; at < size; at++) {
                byte original = read(channel, at);
                write(channel, at, (byte) (original ^ 1 << random.nextInt(8)));
                ReadOptions options = at % 2 == 0 ? ReadOptions.MMAP : ReadOptions.PREAD;
                harmless += isHarmless(file, options, model, expected, at) ? 1 : 0;
                assertVerifyFinds(file, options, at);
                write(channel, at, original);
            }
        }
        // The magic at the beginning, the padding of the filter; nothing else may change without being noticed.
        assertThat(harmless).isLessThan(Long.BYTES + BloomFilter.LINE_BYTES + 100);
    }

    private boolean isHarmless(Path file, ReadOptions options, SstableModel model, List<String> expected, int at) throws IOException {
        try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, options, cache)) {
            assertThat(answers(reader, model)).as("byte %d flipped", at).isEqualTo(expected);
            return true;
        } catch (CorruptionException e) {
            assertThat(e.file()).isEqualTo(file.toString());
            assertThat(e.offset()).isBetween(0L, Files.size(file));
            return false;
        } catch (UnsupportedFormatException e) {
            return fail("a flipped bit at " + at + " is damage, not another format", e);
        }
    }

    private void assertVerifyFinds(Path file, ReadOptions options, int at) throws IOException {
        try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, options, cache)) {
            reader.verifyAll();
            fail("verifyAll() did not notice the flipped byte at " + at);
        } catch (CorruptionException e) {
            assertThat(e.file()).isEqualTo(file.toString());
        }
    }

    private static byte read(FileChannel channel, long at) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        channel.read(one, at);
        return one.get(0);
    }

    private static void write(FileChannel channel, long at, byte value) throws IOException {
        channel.write(ByteBuffer.wrap(new byte[] {value}), at);
    }

    @Test
    void aTruncatedFileIsDamagedAtAnyLength() throws IOException {
        Path file = directory.resolve("1.sst");
        richModel().write(file, options(BlockCompression.LZ4));
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Path cut = directory.resolve("cut.sst");
            Files.write(cut, java.util.Arrays.copyOf(whole, length));
            Class<? extends IOException> expected = length > 0 && length < Long.BYTES ? UnsupportedFormatException.class
                    : CorruptionException.class;
            assertThatThrownBy(() -> SstableReader.open(NioVfs.INSTANCE, cut, ReadOptions.MMAP, cache)).isInstanceOf(expected)
                    .hasMessageContaining("cut.sst");
        }
    }

    @Test
    void aForeignFileIsNoSstable() throws IOException {
        Path file = directory.resolve("notes.txt");
        for (int length : new int[] {1, 20, 79, 80, 88, 5000}) {
            Files.write(file, "lorem ipsum ".repeat(1 + length / 12).substring(0, length).getBytes());
            assertThatThrownBy(() -> SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.PREAD, cache))
                    .isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("not an sstable")
                    .hasMessageContaining("notes.txt");
        }
    }

    @Test
    void aLaterVersionIsTooNewAndNotDamaged() throws IOException {
        Path file = directory.resolve("1.sst");
        richModel().write(file, options(BlockCompression.NONE));
        byte[] bytes = Files.readAllBytes(file);
        int footer = bytes.length - Footer.SIZE;
        Memory.putShort(bytes, Memory.ARRAY_BASE + footer + 64, (short) 9);
        Memory.putInt(bytes, Memory.ARRAY_BASE + footer + 68, Checksum.crc32c(bytes, footer, 68));
        Files.write(file, bytes);
        assertThatThrownBy(() -> SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.MMAP, cache))
                .isInstanceOf(UnsupportedFormatException.class).hasMessageContaining("too new").hasMessageContaining("version 9");
    }

    @Test
    void aFileWithSomethingAppendedIsDamaged() throws IOException {
        Path file = directory.resolve("1.sst");
        richModel().write(file, options(BlockCompression.NONE));
        byte[] bytes = Files.readAllBytes(file);
        // The footer of a whole file, after the front part of a longer one.
        Path glued = directory.resolve("glued.sst");
        Files.write(glued, bytes);
        Files.write(glued, java.util.Arrays.copyOfRange(bytes, bytes.length - Footer.SIZE, bytes.length), StandardOpenOption.APPEND);
        assertThatThrownBy(() -> SstableReader.open(NioVfs.INSTANCE, glued, ReadOptions.MMAP, cache))
                .isInstanceOf(CorruptionException.class).hasMessageContaining("another size");
    }

    /** A checksum that is right over numbers that are not: what a bug in a writer, or malice, would leave. */
    @Test
    void wrongNumbersUnderARightChecksumAreDamage() throws IOException {
        Path file = directory.resolve("1.sst");
        SstableModel model = richModel();
        model.write(file, options(BlockCompression.NONE));
        byte[] whole = Files.readAllBytes(file);
        List<BlockInfo> blocks;
        try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.PREAD, cache)) {
            blocks = reader.blocks();
        }
        Random random = new Random(3);
        for (BlockInfo block : blocks) {
            int offset = (int) block.handle().offset();
            int checked = block.handle().size() - SstableFormat.FRAME_CHECKSUM_SIZE;
            for (int i = 0; i < 60; i++) {
                byte[] bytes = whole.clone();
                int at = offset + SstableFormat.FRAME_HEADER_SIZE + random.nextInt(checked - SstableFormat.FRAME_HEADER_SIZE);
                bytes[at] = (byte) random.nextInt(256);
                Memory.putInt(bytes, Memory.ARRAY_BASE + offset + checked, Checksum.crc32c(bytes, offset, checked));
                Files.write(file, bytes);
                ReadOptions options = random.nextBoolean() ? ReadOptions.MMAP : ReadOptions.PREAD;
                try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, options, cache)) {
                    // The answers may be wrong here; they must come, from inside the file.
                    assertThat(answers(reader, model)).isNotEmpty();
                    reader.verifyAll();
                } catch (CorruptionException e) {
                    assertThat(e.file()).isEqualTo(file.toString());
                }
            }
        }
    }

    /**
     * In a process of its own that interprets: compiled code of this JVM reports a fault in a mapping late, at a place of its choosing
     * (see {@link BlockSource}), so there is nothing to assert there.
     */
    @Test
    void aFileThatIsCutWhileMappedIsDamagedAndDoesNotEndTheProcess() throws Exception {
        Path file = directory.resolve("1.sst");
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xint", "-Xmx64m", "-cp",
                System.getProperty("java.class.path"), MappedFault.class.getName(), file.toString()).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes());
        assertThat(child.waitFor()).as(output).isZero();
        assertThat(output).contains("changed or unreadable", "ends early", "1.sst").contains("the process goes on");
    }

    /** Reads a file, cuts it, reads it again. */
    static final class MappedFault {
        private MappedFault() {}

        public static void main(String[] args) throws IOException {
            Path file = Path.of(args[0]);
            SstableModel model = new SstableModel();
            for (int i = 0; i < 2000; i++) {
                model.put(key(i), 1, ValueKind.PUT, new byte[100]);
            }
            model.write(file, SstableOptions.builder().bloomBitsPerKey(0).build());
            BlockCache cache = new BlockCache(new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 20), 1 << 20);
            try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.MMAP, cache);
                    BlockPin pin = new BlockPin(); InternalIterator iterator = reader.iterator(KeyRange.ALL, ReadMode.CACHED)) {
                reader.get(Slice.of(key(1999)), 1, (trailer, value) -> false, pin);
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(4096);
                }
                try {
                    reader.get(Slice.of(key(1999)), 1, (trailer, value) -> value.toByteArray().length == 1, pin);
                } catch (CorruptionException e) {
                    System.out.println(e.getMessage());
                }
                try {
                    iterator.seek(Slice.of(key(1000)), Trailer.NEWEST);
                } catch (CorruptionException e) {
                    System.out.println(e.getMessage());
                }
                System.out.println("the process goes on");
            }
        }

        private static byte[] key(int i) {
            return String.format("key%09d", i).getBytes();
        }
    }
}
