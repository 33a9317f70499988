package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which groups of keys are copied, and which are left to a scan. */
class PrefixCopyTest {
    @TempDir
    Path directory;

    private LsmStore store;
    private StoreReader reader;
    private ColumnFamily family;

    @BeforeEach
    void open() throws IOException {
        store = LsmStore.open(directory.resolve("store"), options());
        reader = store.reader();
        family = store.createFamily(FamilyOptions.builder("map").build());
    }

    private static StoreOptions options() {
        return StoreOptions.builder().durability(Durability.NO_LOG).executor(Runnable::run).build();
    }

    @AfterEach
    void close() throws IOException {
        reader.close();
        store.discard();
    }

    private void put(int prefix, int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            store.put(family, key(prefix, i), new byte[] {(byte) i});
        }
    }

    private static byte[] key(int prefix, int i) {
        return new byte[] {(byte) prefix, (byte) i};
    }

    /** How many entries are copied; -1 if a scan has to look. */
    private int copied(int prefix) throws IOException {
        CopiedEntries entries = reader.copy(family, Slice.of((byte) prefix), true);
        return entries == null ? -1 : entries.count();
    }

    @Test
    void sixtyFourEntriesAreFewAndOneMoreIsNot() throws Exception {
        put(1, 0, CopiedEntries.MOST);
        assertThat(copied(1)).isEqualTo(CopiedEntries.MOST);
        store.flush();
        assertThat(copied(1)).isEqualTo(CopiedEntries.MOST);
        put(1, CopiedEntries.MOST, CopiedEntries.MOST + 1);
        assertThat(copied(1)).isEqualTo(-1);
        store.compact(family, KeyRange.ALL);
        assertThat(copied(1)).isEqualTo(-1);
        assertThat(copied(2)).isZero();
    }

    @Test
    void entriesOfAllSourcesAreMergedAndTheNewestStands() throws Exception {
        put(1, 0, 6);
        store.compact(family, KeyRange.ALL);
        store.put(family, key(1, 2), new byte[] {92});
        store.flush();
        store.put(family, key(1, 2), new byte[] {93});
        store.delete(family, key(1, 0));
        store.put(family, key(1, 9), new byte[] {99});
        CopiedEntries entries = reader.copy(family, Slice.of((byte) 1), true);
        assertThat(entries.toByteArray()).containsExactly(1, 1, 2, 93, 3, 3, 4, 4, 5, 5, 9, 99);
        assertThat(entries.toEnds()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        CopiedEntries keys = reader.copy(family, Slice.of((byte) 1), false);
        assertThat(keys.toByteArray()).containsExactly(1, 2, 3, 4, 5, 9);
        assertThat(keys.toEnds()).containsExactly(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6);
    }

    @Test
    void manyBytesAreNotCopied() throws Exception {
        store.put(family, key(1, 0), new byte[20 << 10]);
        store.put(family, key(1, 1), new byte[20 << 10]);
        assertThat(copied(1)).isEqualTo(2);
        store.put(family, key(1, 2), new byte[1]);
        assertThat(copied(1)).isEqualTo(-1);
    }

    /** The reader would keep the memory for it. */
    @Test
    void aLargeValueIsNotCopiedButItsKeyIs() throws Exception {
        store.put(family, key(1, 0), new byte[1 << 20]);
        assertThat(copied(1)).isEqualTo(-1);
        store.flush();
        assertThat(copied(1)).isEqualTo(-1);
        assertThat(reader.copy(family, Slice.of((byte) 1), false).count()).isEqualTo(1);
    }

    @Test
    void deletionsOfRangesAreLeftToAScanUntilTheyAreMergedAway() throws Exception {
        put(1, 0, 5);
        put(2, 0, 5);
        store.flush();
        store.deleteRange(family, KeyRange.of(key(1, 2), key(1, 4)));
        assertThat(copied(1)).isEqualTo(-1);
        store.flush();
        assertThat(copied(1)).isEqualTo(-1);
        assertThat(copied(2)).as("beside it").isEqualTo(5);
        store.compact(family, KeyRange.ALL);
        assertThat(copied(1)).isEqualTo(3);
    }

    @Test
    void familiesThatAppendAreLeftToAScan() throws Exception {
        family = store.createFamily(FamilyOptions.builder("list").appendDelimiter((byte) ',').build());
        put(1, 0, 2);
        assertThat(copied(1)).isEqualTo(-1);
    }

    @Test
    void aPrefixAcrossTheBorderOfAClippedFileIsLeftToAScan() throws Exception {
        put(1, 0, 5);
        put(2, 0, 5);
        put(3, 0, 5);
        Path saved = directory.resolve("checkpoint");
        store.flush();
        try (Checkpoint checkpoint = store.checkpoint()) {
            checkpoint.writeTo(saved);
        }
        List<CheckpointSource> part = List.of(new CheckpointSource(saved, KeyRange.of(new byte[] {1}, key(2, 3))));
        try (LsmStore restored = LsmStore.restore(directory.resolve("restored"), options(), part); StoreReader ofPart = restored.reader()) {
            ColumnFamily there = restored.family("map");
            assertThat(ofPart.copy(there, Slice.of((byte) 1), true).count()).isEqualTo(5);
            assertThat(ofPart.copy(there, Slice.of((byte) 2), true)).isNull();
            assertThat(ofPart.copy(there, Slice.of((byte) 3), true).count()).isZero();
        }
    }
}
