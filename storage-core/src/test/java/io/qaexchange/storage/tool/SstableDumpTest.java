package io.qaexchange.storage.tool;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.SstableOptions;
import io.qaexchange.storage.sstable.SstableWriter;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The tool on whole, damaged and foreign files, and a file of each format version kept for ever. {@code -Dtest.rewrite=true} writes the
 * expected texts anew; the kept file itself is written only if it is not there.
 */
class SstableDumpTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        out.reset();
        err.reset();
        return new SstableDump(NioVfs.INSTANCE, new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8)).run(args);
    }

    private static void write(Path file) throws IOException {
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, SstableOptions.builder().blockSizeBytes(256)
                .indexBlockSizeBytes(256).restartInterval(4).compression(BlockCompression.LZ4).createdBy("golden").build())) {
            for (int i = 0; i < 60; i++) {
                String value = i < 30 ? "value" : "value ".repeat(1 + i % 5);
                writer.add(Slice.ofUtf8(String.format("key%03d", i)), Trailer.of(1000 + i, ValueKind.PUT), Slice.ofUtf8(value));
                if (i % 10 == 0) {
                    writer.add(Slice.ofUtf8(String.format("key%03d", i)), Trailer.of(i, ValueKind.DELETE), new Slice());
                }
            }
            writer.addRangeTombstone(new RangeTombstone(KeyRange.of("key01".getBytes(), "key02".getBytes()), 77));
            writer.finish();
        }
    }

    /** Keys of one length, in blocks with columns: evenly spread ones, ones in clusters, and ones of which one lies far off. */
    private static void writeColumns(Path file) throws IOException {
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, SstableOptions.builder().blockSizeBytes(2048).indexBlockSizeBytes(256)
                .compression(BlockCompression.LZ4).createdBy("golden").build())) {
            long number = 0;
            for (int i = 0; i < 120; i++) {
                number += i < 50 ? 1000 + i % 7 : i == 80 ? 1L << 40 : i % 10 == 0 ? 1 << 20 : 1;
                byte[] key = ByteBuffer.allocate(12).putInt(7).putLong(number).array();
                writer.add(Slice.of(key), Trailer.of(1000 + i, ValueKind.PUT), Slice.ofUtf8(String.format("value %04d ", i).repeat(4)));
            }
            writer.finish();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 layout", "1 scan", "1 verify", "1 layout --hex", "2 layout", "2 scan", "2 verify", "2 layout --hex", "2-columns scan",
            "2-columns verify", "2-columns layout --hex", "3-columns scan", "3-columns verify", "3-columns layout --hex"})
    void aFileOfAnyVersionReadsAsItAlwaysDid(String versionAndCommand) throws IOException {
        String[] words = versionAndCommand.split(" ", 2);
        Path kept = GOLDEN.resolve("sstable-v" + words[0] + ".sst");
        if (!Files.exists(kept)) {
            if (words[0].endsWith("-columns")) {
                writeColumns(kept);
            } else {
                write(kept);
            }
        }
        String[] command = words[1].split(" ");
        int code = command.length == 1 ? run(command[0], kept.toString()) : run(command[0], kept.toString(), command[1]);
        assertThat(code).isEqualTo(SstableDump.CLEAN);
        Path expected = GOLDEN.resolve("sstable-v" + words[0] + "." + words[1].replace(" --", "-") + ".txt");
        if (Boolean.getBoolean("test.rewrite")) {
            Files.write(expected, out.toByteArray());
        }
        assertThat(out).hasToString(Files.readString(expected));
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void whatIsWholeInADamagedFileIsShownAndTheRestNamed() throws IOException {
        Path file = directory.resolve("1.sst");
        write(file);
        run("scan", file.toString());
        long whole = out.toString().lines().count();
        byte[] bytes = Files.readAllBytes(file);
        bytes[300] ^= 1;
        Files.write(file, bytes);
        assertThat(run("verify", file.toString())).isEqualTo(SstableDump.DAMAGED);
        assertThat(err.toString()).contains("checksum mismatch").contains("entries that can still be read");
        assertThat(run("scan", file.toString())).isEqualTo(SstableDump.DAMAGED);
        assertThat(out.toString().lines().count()).isBetween(whole - 20, whole - 1);
        assertThat(run("layout", file.toString(), "--hex")).isEqualTo(SstableDump.DAMAGED);
        assertThat(out.toString()).contains("DAMAGED");
    }

    @Test
    void aFileWithoutAFooterIsReadFromItsBlocks() throws IOException {
        Path file = directory.resolve("1.sst");
        write(file);
        run("scan", file.toString());
        String whole = out.toString();
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 40));
        assertThat(run("scan", file.toString())).isEqualTo(SstableDump.DAMAGED);
        assertThat(out).hasToString(whole);
        assertThat(err.toString()).contains("truncated");
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        assertThat(run("scan", file.toString())).isEqualTo(SstableDump.DAMAGED);
        assertThat(whole).startsWith(out.toString());
        assertThat(out.toString().lines().count()).isGreaterThan(10);
    }

    @Test
    void everyByteBelongsToAPartWhateverIsDamaged() throws IOException {
        Path file = directory.resolve("1.sst");
        write(file);
        byte[] bytes = Files.readAllBytes(file);
        for (int at = 0; at < bytes.length; at += 3) {
            byte[] damaged = bytes.clone();
            damaged[at] ^= 0x10;
            Files.write(file, damaged);
            assertThat(run("verify", file.toString())).as("byte %d", at).isEqualTo(SstableDump.DAMAGED);
            int code = run("layout", file.toString());
            assertThat(code).isIn(SstableDump.DAMAGED);
            long end = 0;
            for (String line : out.toString().lines().filter(line -> line.startsWith("offset=")).toList()) {
                String[] words = line.split("[= ]");
                assertThat(Long.parseLong(words[1])).isEqualTo(end);
                end += Long.parseLong(words[3]);
            }
            assertThat(end).isEqualTo(bytes.length);
        }
    }

    @Test
    void mistakesAreExplained() throws IOException {
        assertThat(run("look", "x")).isEqualTo(SstableDump.UNUSABLE);
        assertThat(err.toString()).contains("usage: sst layout|scan|verify FILE");
        assertThat(run("scan", directory.resolve("none.sst").toString())).isEqualTo(SstableDump.UNUSABLE);
        assertThat(err.toString()).contains("no such file");
        Path foreign = directory.resolve("notes.txt");
        Files.writeString(foreign, "these are notes ".repeat(20));
        for (String command : new String[] {"scan", "layout", "verify"}) {
            assertThat(run(command, foreign.toString())).isEqualTo(SstableDump.UNUSABLE);
            assertThat(err.toString()).contains("not an sstable");
        }
    }
}
