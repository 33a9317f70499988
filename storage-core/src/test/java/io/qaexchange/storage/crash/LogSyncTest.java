package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.PowerCut;
import io.qaexchange.storage.wal.WalFormat;
import io.qaexchange.storage.wal.WalReader;
import io.qaexchange.storage.wal.WalWriter;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A log that nobody asks to be synced. */
class LogSyncTest {
    private static final Path FOLDER = Path.of("/log");
    private static final Path FILE = FOLDER.resolve("000001.wal");
    private static final int RECORD_BYTES = 100_000;

    /** Else the end of a segment would have all of it to sync, for which writers wait. */
    @Test
    void isSyncedWheneverEightMegabytesAreNot() throws IOException {
        MemoryVfs disk = new MemoryVfs();
        disk.createDirectories(FOLDER);
        try (WalWriter writer = WalWriter.open(disk, FOLDER, new WalWriter.SegmentNames() {
            @Override
            public long nextId() {
                return 1;
            }

            @Override
            public Path path(Path directory, long id) {
                return FILE;
            }
        }, 64 << 20, 1, 0, 0, 0)) {
            for (int sequence = 1; sequence <= 200; sequence++) {
                byte[] data = new byte[RECORD_BYTES];
                data[0] = WalFormat.TYPE_BATCH;
                writer.append(7, data, data.length, sequence);
                writer.drain(false);
                assertThat(writer.syncCount()).as("after record %d", sequence).isEqualTo((long) sequence * RECORD_BYTES / (8 << 20));
                assertThat(writer.durableSequence()).as("nothing is promised").isZero();
            }
            assertThat(batches(disk.afterPowerCut(PowerCut.KEEPS_SYNCED))).isBetween(2 * 83, 200);
        }
    }

    private static int batches(MemoryVfs disk) throws IOException {
        int batches = 0;
        try (WalReader reader = WalReader.open(disk, FILE, 1, false)) {
            while (reader.next()) {
                batches += reader.type() == WalFormat.TYPE_BATCH ? 1 : 0;
            }
        }
        return batches;
    }
}
