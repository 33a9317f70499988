package io.qaexchange.storage.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.checkpoint.CheckpointFile;
import io.qaexchange.storage.checkpoint.PieceReader;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.tool.StoreTool;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stores and checkpoints that an older build wrote, kept for ever: log, store manifest, {@code CURRENT}, log piece, {@code CHECKPOINT} and
 * sstables. Every later build must read them and give the same rows. A kept folder is written only if it is not there, which is for a new
 * format version; its expected text is rewritten by {@code -Dtest.rewrite=true}.
 */
class GoldenFilesTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final long NOW_MILLIS = 1_700_000_000_000L;

    @TempDir
    Path directory;

    private static StoreOptions options() {
        return StoreOptions.builder().durability(Durability.SYNC_EACH).executor(Runnable::run).clock(() -> NOW_MILLIS).build();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] event(String instrument, long time) {
        return ByteBuffer.allocate(instrument.length() + 8).put(bytes(instrument)).putLong(time ^ Long.MIN_VALUE).array();
    }

    /** Each kind of operation and each option of a family once, in files and in the log. */
    private static LsmStore write(Path folder) throws IOException {
        LsmStore store = LsmStore.open(folder, options());
        ColumnFamily state = store.createFamily(FamilyOptions.builder("state").blockBytes(256).memtableHashIndex(true)
                .compression(BlockCompression.NONE, BlockCompression.LZ4, BlockCompression.ZSTD).timeToLive(3_600_000, 0).build());
        ColumnFamily lists = store.createFamily(FamilyOptions.builder("lists").appendDelimiter((byte) ',').bloomBitsPerKey(0).build());
        ColumnFamily events = store.createFamily(FamilyOptions.builder("events").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(8)
                .windowNanos(100).build());
        ColumnFamily gone = store.createFamily(FamilyOptions.builder("gone").build());
        for (int i = 0; i < 60; i++) {
            store.put(state, bytes(String.format("key%03d", i)), ByteBuffer.allocate(24).putLong(NOW_MILLIS - i).putLong(i).array());
            store.append(lists, Slice.ofUtf8("list" + i % 3), Slice.ofUtf8("a" + i));
            store.put(events, event("IF2401", 10 * i), bytes("event " + i));
        }
        store.put(gone, bytes("gone"), bytes("gone"));
        store.flush();
        store.compact(state, KeyRange.ALL);
        store.dropFamily(gone);
        store.deleteRange(state, KeyRange.of(bytes("key010"), bytes("key015")));
        store.dropBefore(events, KeyRange.of(bytes("IF"), bytes("IG")), 120);
        store.delete(state, bytes("key020"));
        store.flush();
        store.write(new WriteBatch().put(state, bytes("batch1"), ByteBuffer.allocate(8).putLong(NOW_MILLIS).array()).delete(state, bytes("key021"))
                .append(lists, Slice.ofUtf8("list0"), Slice.ofUtf8("last")).deleteRange(state, KeyRange.of(bytes("key030"), bytes("key032")))
                .dropBefore(events, KeyRange.of(bytes("IF"), bytes("IG")), 150));
        store.put(events, event("IF2401", 700), bytes("in the log"));
        return store;
    }

    @Test
    void aStoreThatCrashedWithVersion1() throws IOException {
        Path kept = GOLDEN.resolve("store-v1");
        if (!Files.exists(kept)) {
            write(directory.resolve("new")).discard();
            keep(directory.resolve("new"), kept);
        }
        assertReads(kept, "store-v1.txt");
    }

    /** Its sstables are of version 2: narrow columns and short trailers. */
    @Test
    void aStoreThatCrashedWithVersion2() throws IOException {
        Path kept = GOLDEN.resolve("store-v2");
        if (!Files.exists(kept)) {
            write(directory.resolve("new")).discard();
            keep(directory.resolve("new"), kept);
        }
        assertReads(kept, "store-v2.txt");
    }

    /** Its sstables are of version 3: columns of one byte. */
    @Test
    void aStoreThatCrashedWithVersion3() throws IOException {
        Path kept = GOLDEN.resolve("store-v3");
        if (!Files.exists(kept)) {
            write(directory.resolve("new")).discard();
            keep(directory.resolve("new"), kept);
        }
        assertReads(kept, "store-v3.txt");
    }

    @Test
    void aStoreThatWasClosedWithVersion1() throws IOException {
        Path kept = GOLDEN.resolve("store-v1-closed");
        if (!Files.exists(kept)) {
            write(directory.resolve("new")).close();
            keep(directory.resolve("new"), kept);
        }
        assertThat(Files.readString(kept.resolve("CURRENT"))).contains(" closed manifest=");
        assertReads(kept, "store-v1-closed.txt");
    }

    @Test
    void aCheckpointOfVersion2() throws IOException {
        Path kept = GOLDEN.resolve("checkpoint-v2");
        if (!Files.exists(kept)) {
            try (LsmStore store = write(directory.resolve("new")); Checkpoint checkpoint = store.checkpoint()) {
                checkpoint.writeTo(directory.resolve("checkpoint"));
            }
            keep(directory.resolve("checkpoint"), kept);
        }
        StringBuilder text = new StringBuilder();
        text.append(tool("checkpoint", kept.toString()));
        CheckpointFile file = CheckpointFile.read(NioVfs.INSTANCE, kept);
        for (LogPiece piece : file.pieces()) {
            text.append(piece).append('\n');
            PieceReader.read(NioVfs.INSTANCE, kept, piece, (family, trailer, key, value) -> text.append("  #").append(Trailer.sequence(trailer))
                    .append(' ').append(ValueKind.name(Trailer.kind(trailer))).append(" family=").append(family).append(" key=").append(key)
                    .append(" value=").append(value).append('\n'));
        }
        try (LsmStore restored = LsmStore.restore(directory.resolve("restored"), options(), List.of(CheckpointSource.whole(kept)))) {
            text.append(rows(restored));
        }
        assertText("checkpoint-v2.txt", text.toString());
    }

    private void assertReads(Path kept, String expected) throws IOException {
        StringBuilder text = new StringBuilder();
        text.append(tool("manifest", "dump", kept.toString()));
        for (Path file : files(kept)) {
            if (file.toString().endsWith(".wal")) {
                text.append(tool("wal", "dump", file.toString()));
            }
        }
        text.append(tool("levels", kept.toString())).append(tool("check", kept.toString()));
        Path copy = directory.resolve("copy");
        keep(kept, copy);
        try (LsmStore store = LsmStore.open(copy, options())) {
            text.append(rows(store));
            // Entries that are read are also flushed and compacted.
            store.flush();
            store.awaitIdle();
            assertThat(text).endsWith(rows(store));
        }
        assertText(expected, text.toString());
    }

    private static String rows(LsmStore store) throws IOException {
        StringBuilder text = new StringBuilder();
        for (ColumnFamily family : store.families()) {
            text.append(family.options()).append('\n');
            try (StoreIterator rows = store.iterator(family)) {
                for (rows.seekToFirst(); rows.valid(); rows.next()) {
                    text.append("  ").append(rows.key()).append(" = ").append(rows.value()).append('\n');
                }
            }
        }
        return text.toString();
    }

    private static String tool(String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        int code = new StoreTool(NioVfs.INSTANCE, print, print).run(words);
        String text = out.toString(StandardCharsets.UTF_8);
        assertThat(code).as(text).isZero();
        return "$ store " + String.join(" ", words).replace(GOLDEN + "/", "") + "\n" + text;
    }

    private static void assertText(String name, String actual) throws IOException {
        Path expected = GOLDEN.resolve(name);
        if (Boolean.getBoolean("test.rewrite")) {
            Files.writeString(expected, actual);
        }
        assertThat(actual).isEqualTo(Files.readString(expected));
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static void keep(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (Path file : files(from)) {
            if (!file.getFileName().toString().equals("LOCK")) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        }
    }
}
