package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.checkpoint.CheckpointFile;
import io.qaexchange.storage.vfs.NioVfs;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint whose log is so long that several threads write pieces of it. */
class LongCheckpointTest {
    private static final int ROWS = 400;
    private static final int VALUE_BYTES = 100_000;

    @TempDir
    Path directory;

    private static byte[] key(int row) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(row).array();
    }

    private static byte[] value(int row, int round) {
        byte[] value = new byte[VALUE_BYTES];
        new Random(31L * row + round).nextBytes(value);
        return value;
    }

    @Test
    void isRestoredExactlyThoughWritingGoesOn() throws Exception {
        StoreOptions options = StoreOptions.builder().vfs(NioVfs.UNSYNCED).durability(Durability.NO_LOG).memtableBytes(128 << 20).build();
        Path saved = directory.resolve("checkpoint");
        try (LsmStore store = LsmStore.open(directory.resolve("store"), options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            for (int row = 0; row < ROWS; row++) {
                store.put(family, key(row), value(row, 0));
            }
            for (int row = 0; row < ROWS; row += 3) {
                store.put(family, key(row), value(row, 1));
            }
            try (Checkpoint checkpoint = store.checkpoint()) {
                for (int row = 0; row < ROWS; row += 2) {
                    store.put(family, key(row), value(row, 2));
                }
                checkpoint.writeTo(saved);
                List<LogPiece> pieces = CheckpointFile.read(NioVfs.UNSYNCED, saved).pieces();
                assertThat(pieces).as("53 MB of log").hasSizeGreaterThan(1);
                assertThat(pieces.get(pieces.size() - 1).lastSequence()).isEqualTo(checkpoint.sequence());
            }
        }
        try (LsmStore restored = LsmStore.restore(directory.resolve("restored"), options, List.of(CheckpointSource.whole(saved)))) {
            assertThat(restored.lastSequence()).isEqualTo(ROWS + (ROWS + 2) / 3);
            for (int row = 0; row < ROWS; row++) {
                assertThat(restored.get(restored.family("f"), key(row))).as("row %d", row).isEqualTo(value(row, row % 3 == 0 ? 1 : 0));
            }
        }
    }

    /** The store's threads end with it; the checkpoint holds on to all that it needs. */
    @Test
    void isWrittenThoughTheStoreIsClosed() throws Exception {
        StoreOptions options = StoreOptions.builder().vfs(NioVfs.UNSYNCED).durability(Durability.NO_LOG).memtableBytes(128 << 20).build();
        Path saved = directory.resolve("checkpoint");
        LsmStore store = LsmStore.open(directory.resolve("store"), options);
        ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
        for (int row = 0; row < ROWS; row++) {
            store.put(family, key(row), value(row, 0));
        }
        try (Checkpoint checkpoint = store.checkpoint()) {
            store.close();
            checkpoint.writeTo(saved);
        }
        try (LsmStore restored = LsmStore.restore(directory.resolve("restored"), options, List.of(CheckpointSource.whole(saved)))) {
            for (int row = 0; row < ROWS; row++) {
                assertThat(restored.get(restored.family("f"), key(row))).as("row %d", row).isEqualTo(value(row, 0));
            }
        }
    }
}
