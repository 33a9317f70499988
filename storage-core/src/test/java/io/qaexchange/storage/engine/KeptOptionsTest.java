package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.memory.Slice;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options of families as they are found again. */
class KeptOptionsTest {
    private static final FamilyOptions LOG = FamilyOptions.builder("log").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(8).windowNanos(7)
            .compression(BlockCompression.ZSTD).build();
    private static final FamilyOptions STATE = FamilyOptions.builder("state").bloomBitsPerKey(3).blockBytes(777).levelBaseBytes(8).fileBytes(9)
            .memtableHashIndex(true).build();

    @TempDir
    Path directory;

    @Test
    void areFoundAgainAfterReopening() throws Exception {
        Path folder = directory.resolve("store");
        try (LsmStore store = LsmStore.open(folder, StoreOptions.builder().build())) {
            store.createFamily(LOG);
            store.createFamily(STATE);
        }
        try (LsmStore store = LsmStore.open(folder, StoreOptions.builder().build())) {
            assertThat(store.families()).extracting(ColumnFamily::options).containsExactly(LOG, STATE);
        }
    }

    @Test
    void mayBeChangedIfNothingStoredDependsOnThem() throws Exception {
        Path folder = directory.resolve("store");
        FamilyOptions changed = FamilyOptions.builder("state").memtableHashIndex(false).build();
        try (LsmStore store = LsmStore.open(folder, StoreOptions.builder().build())) {
            ColumnFamily before = store.createFamily(STATE);
            store.put(before, Slice.ofUtf8("key"), Slice.ofUtf8("by hash"));
            ColumnFamily after = store.createFamily(changed);
            store.put(after, Slice.ofUtf8("key"), Slice.ofUtf8("also"));
            store.flush();
            store.put(after, Slice.ofUtf8("key"), Slice.ofUtf8("by order"));
            assertThat(store.get(after, "key".getBytes(java.nio.charset.StandardCharsets.UTF_8))).asString().isEqualTo("by order");
        }
        try (LsmStore store = LsmStore.open(folder, StoreOptions.builder().build())) {
            assertThat(store.family("state").options()).isEqualTo(changed);
        }
    }
}
