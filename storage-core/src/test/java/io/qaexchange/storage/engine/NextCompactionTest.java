package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreLevel;
import io.qaexchange.storage.StoreOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store says what it would compact next, why, and how old its files are. */
@Timeout(60)
class NextCompactionTest {

    @TempDir
    private Path directory;

    @Test
    void namesFilesLevelAndReasonAsLongAsSomethingIsDue() throws Exception {
        Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
        StoreOptions options = StoreOptions.builder().durability(Durability.NO_LOG).level0(2, 20, 40).executor(waiting::add).build();
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            assertThat(store.explainPick()).contains("f: nothing is due");
            for (int i = 0; i < 2; i++) {
                store.put(family, "key".getBytes(StandardCharsets.US_ASCII), new byte[] {(byte) i});
                store.flush();
            }
            assertThat(store.explainPick()).containsPattern("f: 2 files with [\\d,]+ B are merged into level 1: .*level=0").contains("  level=0 score=1.00");
            StoreLevel level = store.levels().get(0);
            assertThat(level.fileNumbers()).hasSameSizeAs(level.fileBytes()).doesNotHaveDuplicates();
            while (!waiting.isEmpty()) {
                waiting.remove().run();
            }
            assertThat(store.explainPick()).contains("f: nothing is due");
        }
    }
}
