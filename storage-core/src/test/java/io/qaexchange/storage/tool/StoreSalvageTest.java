package io.qaexchange.storage.tool;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole parts of a damaged store become a store again. */
class StoreSalvageTest {
    @TempDir
    Path folder;

    private final StoreOptions options = StoreOptions.builder().durability(Durability.NONE).executor(Runnable::run).build();
    private final TreeMap<String, String> written = new TreeMap<>();
    private Path directory;
    private Path saved;
    private String printed = "";

    @BeforeEach
    void makeStore() throws Exception {
        directory = folder.resolve("store");
        saved = folder.resolve("saved");
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily orders = store.createFamily(FamilyOptions.builder("orders").blockBytes(1000).compression(BlockCompression.LZ4).build());
            ColumnFamily events = store.createFamily(FamilyOptions.builder("events").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(8)
                    .blockBytes(1000).windowNanos(Long.MAX_VALUE).build());
            for (int i = 0; i < 2000; i++) {
                put(store, orders, i, "order " + i);
                put(store, events, i, "event " + i);
            }
            store.deleteRange(orders, KeyRange.of(key(500), key(600)));
            written.keySet().removeIf(key -> key.compareTo("orders 000500") >= 0 && key.compareTo("orders 000600") < 0);
            store.flush();
            for (int i = 2000; i < 2100; i++) {
                put(store, orders, i, "only in the log " + i);
            }
        }
    }

    private void put(LsmStore store, ColumnFamily family, int i, String value) throws Exception {
        store.put(family, key(i), value.getBytes(StandardCharsets.UTF_8));
        written.put(family.name() + String.format(" %06d", i), value);
    }

    private static byte[] key(int i) {
        return String.format("%08d", i).getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void aWholeStoreIsCopiedAsItIs() throws Exception {
        assertThat(salvage()).as(printed).isZero();
        assertThat(printed).contains("nothing was lost");
        assertThat(contents()).isEqualTo(written);
    }

    @Test
    void aDamagedBlockCostsItsEntriesAlone() throws Exception {
        for (Path table : files(FileNames::isSstable)) {
            damage(table, 5000);
        }
        assertThat(salvage()).as(printed).isEqualTo(SstableDump.DAMAGED);
        TreeMap<String, String> left = contents();
        assertThat(written.entrySet()).containsAll(left.entrySet());
        assertThat(left.size()).isBetween(written.size() - 300, written.size() - 2);
        assertThat(printed).contains("checksum mismatch", "entries are saved", "may be seen again");
    }

    @Test
    void aTableWithoutFooterIsReadBlockByBlock() throws Exception {
        for (Path table : files(FileNames::isSstable)) {
            byte[] bytes = Files.readAllBytes(table);
            Files.write(table, Arrays.copyOf(bytes, bytes.length - 20));
        }
        assertThat(salvage()).as(printed).isEqualTo(SstableDump.DAMAGED);
        assertThat(contents()).isEqualTo(written);
    }

    @Test
    void theLogIsTakenUpToItsDamage() throws Exception {
        List<Path> segments = files(FileNames::isWal);
        Path last = segments.get(segments.size() - 1);
        damage(last, (int) Files.size(last) / 2);
        assertThat(salvage()).as(printed).isEqualTo(SstableDump.DAMAGED);
        TreeMap<String, String> left = contents();
        assertThat(written.entrySet()).containsAll(left.entrySet());
        assertThat(left).containsKey("orders 002010").doesNotContainKey("orders 002099");
        assertThat(printed).contains("log record is damaged").contains("the log ends there now");
    }

    @Test
    void aMissingTableAndADamagedCurrentAreReported() throws Exception {
        Files.delete(files(FileNames::isSstable).get(0));
        Files.writeString(directory.resolve(CurrentFile.NAME), "nonsense");
        assertThat(salvage()).as(printed).isEqualTo(SstableDump.DAMAGED);
        assertThat(contents()).containsEntry("orders 002050", "only in the log 2050");
        assertThat(printed).contains("CURRENT: ").contains("0 of ");
    }

    @Test
    void withoutAnyManifestTheAnswerSaysWhatToDo() throws Exception {
        for (Path manifest : files(FileNames::isManifest)) {
            damage(manifest, 20);
        }
        assertThat(salvage()).isEqualTo(SstableDump.UNUSABLE);
        assertThat(printed).contains("no manifest can be read").contains("sst scan");
    }

    @Test
    void aTargetThatIsNotEmptyIsRefused() throws Exception {
        Files.createDirectories(saved);
        Files.writeString(saved.resolve("mine.txt"), "x");
        assertThat(salvage()).isEqualTo(SstableDump.UNUSABLE);
        assertThat(printed).contains("empty folder").contains("saved");
        assertThat(saved).isDirectoryContaining(path -> path.endsWith("mine.txt"));
    }

    @Test
    void anyBytesMayBeWrongAndTheResultOpens() throws Exception {
        Random random = new Random(5);
        for (int round = 0; round < 20; round++) {
            saved = folder.resolve("saved" + round);
            Path file = files(name -> FileNames.isSstable(name) || FileNames.isWal(name)).get(random.nextInt(3));
            byte[] before = Files.readAllBytes(file);
            byte[] bytes = before.clone();
            for (int i = 0; i < 3; i++) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, bytes);
            assertThat(salvage()).as(printed).isLessThanOrEqualTo(SstableDump.DAMAGED);
            TreeMap<String, String> left = contents();
            left.keySet().removeIf(key -> key.compareTo("orders 000500") >= 0 && key.compareTo("orders 000600") < 0);
            assertThat(written.entrySet()).containsAll(left.entrySet());
            Files.write(file, before);
        }
    }

    private int salvage() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        int code = new StoreTool(NioVfs.INSTANCE, stream, stream).run("salvage", directory.toString(), "--to", saved.toString());
        printed = bytes.toString(StandardCharsets.UTF_8);
        return code;
    }

    private TreeMap<String, String> contents() throws Exception {
        TreeMap<String, String> contents = new TreeMap<>();
        try (LsmStore store = LsmStore.open(saved, options)) {
            for (ColumnFamily family : store.families()) {
                try (StoreIterator iterator = store.iterator(family)) {
                    for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                        int key = Integer.parseInt(new String(iterator.key().toByteArray(), StandardCharsets.US_ASCII));
                        contents.put(family.name() + String.format(" %06d", key), new String(iterator.value().toByteArray(), StandardCharsets.UTF_8));
                    }
                }
            }
        }
        return contents;
    }

    private List<Path> files(java.util.function.Predicate<String> which) throws Exception {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> which.test(path.getFileName().toString())).sorted().toList();
        }
    }

    private static void damage(Path file, int at) throws Exception {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 0x40;
        Files.write(file, bytes);
    }
}
