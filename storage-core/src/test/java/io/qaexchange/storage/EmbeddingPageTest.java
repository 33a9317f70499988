package io.qaexchange.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code on the page for those who embed the engine: it compiles, does what the page says, and stands there to the letter. */
class EmbeddingPageTest {

    private static final Path PAGE = Path.of("../docs/storage-core.md");
    private static final Path SOURCE = Path.of("src/test/java/io/qaexchange/storage/EmbeddingPageTest.java");

    @TempDir
    private Path temporary;

    @Test
    void theCodeOfThePageDoesWhatItSays() throws IOException {
        Path folder = temporary.resolve("quotes");
        Path backup = temporary.resolve("backup");
        Path restored = temporary.resolve("restored");
        long today = 1_767_657_600_000_000_000L;
        List<String> seen = new ArrayList<>();
        // page: open
        StoreOptions options = StoreOptions.builder().durability(Durability.GROUP_COMMIT).memtableBytes(64 << 20).build();
        try (Store store = LsmStore.open(folder, options)) {
            ColumnFamily quotes = store.createFamily(FamilyOptions.builder("quotes").eventTimeFromEnd(8)
                    .compactionStyle(CompactionStyle.TIME_WINDOW).build());
            // end
            // page: write
            store.put(quotes, key("rb2601", today), bytes("3798.0"));
            store.put(quotes, key("rb2601", today + 1_000_000), bytes("3799.0"));
            store.write(new WriteBatch()
                    .put(quotes, key("cu2602", today), bytes("71240"))
                    .put(quotes, key("au2606", today), bytes("612.3")));
            store.sync();                                       // the four survive a power cut from here on
            // end
            // page: read
            byte[] price = store.get(quotes, key("cu2602", today));
            try (StoreIterator rows = store.iterator(quotes, KeyRange.prefix(bytes("rb2601")), new TimeRange(today, Long.MAX_VALUE), null)) {
                for (rows.seekToFirst(); rows.valid(); rows.next()) {
                    seen.add(new String(rows.value().toByteArray(), StandardCharsets.UTF_8));
                }
            }
            // end
            assertThat(new String(price, StandardCharsets.UTF_8)).isEqualTo("71240");
            assertThat(seen).containsExactly("3798.0", "3799.0");
            // page: snapshot
            try (Snapshot before = store.snapshot(); StoreReader reader = store.reader(before)) {
                store.delete(quotes, key("au2606", today));
                boolean stillThere = reader.get(quotes, Slice.of(key("au2606", today)));
                // end
                assertThat(stillThere).isTrue();
            }
            assertThat(store.get(quotes, key("au2606", today))).isNull();
            // page: checkpoint
            try (Checkpoint checkpoint = store.checkpoint()) {  // pointers only; writing may go on
                checkpoint.writeTo(backup);
            }
            // end
            // page: drop
            store.dropBefore(quotes, KeyRange.of(bytes("a"), bytes("z")), today + 1_000_000);
            // end
            assertThat(store.get(quotes, key("cu2602", today))).isNull();
            assertThat(store.get(quotes, key("rb2601", today + 1_000_000))).isNotNull();
        }
        // page: restore
        try (Store store = LsmStore.restore(restored, options, List.of(CheckpointSource.whole(backup)))) {
            byte[] price = store.get(store.family("quotes"), key("cu2602", today));
            // end
            assertThat(new String(price, StandardCharsets.UTF_8)).isEqualTo("71240");
        }
    }

    // page: keys
    static byte[] key(String instrument, long eventTime) {
        byte[] name = bytes(instrument);
        return ByteBuffer.allocate(name.length + 1 + Long.BYTES).put(name).put((byte) 0).putLong(eventTime ^ Long.MIN_VALUE).array();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
    // end

    @Test
    void thePageShowsThisCode() throws IOException {
        String page = Files.readString(PAGE);
        List<String> snippet = null;
        int snippets = 0;
        for (String line : Files.readAllLines(SOURCE)) {
            String code = line.strip();
            if (code.startsWith("// page:")) {
                snippet = new ArrayList<>();
            } else if (code.equals("// end") && snippet != null) {
                assertThat(page).contains(String.join("\n", snippet).stripIndent().strip());
                snippet = null;
                snippets++;
            } else if (snippet != null) {
                snippet.add(line);
            }
        }
        assertThat(snippets).isEqualTo(8);
    }
}
