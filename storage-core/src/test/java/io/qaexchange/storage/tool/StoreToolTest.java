package io.qaexchange.storage.tool;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreToolTest {
    @TempDir
    Path folder;

    private Path directory;
    private Path checkpoint;
    private String printed = "";

    @BeforeEach
    void makeStore() throws Exception {
        directory = folder.resolve("store");
        checkpoint = folder.resolve("checkpoint");
        StoreOptions options = StoreOptions.builder().durability(Durability.NONE).executor(Runnable::run).clock(() -> 1_000_000).build();
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("orders").build());
            for (int i = 0; i < 100; i++) {
                store.put(family, bytes("order-" + i), bytes("value-" + i));
            }
            store.flush();
            store.write(new WriteBatch().put(family, bytes("late"), bytes("x")).deleteRange(family, KeyRange.of(bytes("order-1"), bytes("order-2"))));
            try (Checkpoint pinned = store.checkpoint()) {
                pinned.writeTo(checkpoint);
            }
        }
    }

    @Test
    void showsLevelsAndWhatWouldBeMerged() {
        assertThat(run("levels", directory)).isZero();
        assertThat(printed).contains("orders: LEVELED, 1 files").contains("level 0");
        assertThat(run("explain-pick", directory)).isZero();
        assertThat(printed).contains("orders: nothing is due").contains("level=0 score=0.25 depth=1 trigger=4");
    }

    @Test
    void checksACleanStore() {
        assertThat(run("check", directory)).isZero();
        assertThat(printed).contains("1 sstables, epoch 1, flushed up to #100: clean");
    }

    @Test
    void dumpsTheLogByRecordAndOperation() throws Exception {
        assertThat(run("wal dump", file(".wal"))).isZero();
        assertThat(printed).contains("#101 count=2").contains("#101 PUT family=1 key=late value=1 bytes")
                .contains("#102 DELETE_RANGE family=1 key=order-1").contains("synced");
    }

    @Test
    void dumpsTheManifestByEdit() {
        assertThat(run("manifest dump", directory)).isZero();
        assertThat(printed).contains("family=1:orders").contains("flushed=100");
    }

    @Test
    void showsACheckpoint() {
        assertThat(run("checkpoint", checkpoint)).isZero();
        assertThat(printed).contains("sequence 102  epoch 1").contains("files 1").contains("#101 to #102  2 operations");
        assertThat(run("checkpoint", directory)).isEqualTo(2);
        assertThat(printed).contains("there is no checkpoint in");
    }

    @Test
    void namesDamageAndSalvagesAroundIt() throws Exception {
        Path table = file(".sst");
        byte[] bytes = Files.readAllBytes(table);
        bytes[bytes.length / 4] ^= 1;
        Files.write(table, bytes);
        assertThat(run("check", directory)).isEqualTo(1);
        assertThat(printed).contains(table.getFileName().toString()).contains("offset=").contains("1 damaged");
        assertThat(run("salvage", directory)).isEqualTo(1);
        assertThat(printed).contains("1 batches up to #102").contains("edits, 1 files");
    }

    @Test
    void damageInTheMiddleOfTheLogIsNotATornTail() throws Exception {
        Path segment = file(".wal");
        byte[] bytes = Files.readAllBytes(segment);
        bytes[100] ^= 1;
        Files.write(segment, bytes);
        assertThat(run("wal dump", segment)).isEqualTo(1);
        assertThat(printed).contains("DAMAGED").contains(segment.toString());
    }

    @Test
    void tellsWhatIsNoStore() {
        assertThat(run("levels", folder)).isEqualTo(2);
        assertThat(printed).contains("is not a store");
        assertThat(run("salvage", folder)).isEqualTo(2);
        assertThat(run("nonsense", folder)).isEqualTo(2);
        assertThat(printed).contains("usage: store COMMAND");
        assertThat(run("wal dump", folder.resolve("000001.wal"))).isEqualTo(2);
        assertThat(printed).contains("there is no file");
    }

    private int run(String command, Path path) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        int code = new StoreTool(NioVfs.INSTANCE, out, out).run((command + " " + path).split(" "));
        printed = bytes.toString(StandardCharsets.UTF_8);
        return code;
    }

    private Path file(String ending) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(path -> path.toString().endsWith(ending)).reduce((a, b) -> b).orElseThrow();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
