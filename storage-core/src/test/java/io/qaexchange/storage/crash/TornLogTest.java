package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.wal.WalFormat;
import io.qaexchange.storage.wal.WalReader;
import io.qaexchange.storage.wal.WalWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Log segments with ends that a crash left: large ones are judged quickly, and only what was durable is damage. */
class TornLogTest {
    private static final Path FILE = Path.of("/log/000001.wal");

    private final MemoryVfs disk = new MemoryVfs();

    @BeforeEach
    void writeThreeRecords() throws IOException {
        disk.createDirectories(FILE.getParent());
        try (WalWriter writer = WalWriter.open(disk, FILE.getParent(), new WalWriter.SegmentNames() {
            @Override
            public long nextId() {
                return 1;
            }

            @Override
            public Path path(Path directory, long id) {
                return FILE;
            }
        }, 1 << 20, 1, 0, 0, 0)) {
            for (int sequence = 1; sequence <= 3; sequence++) {
                byte[] data = new byte[40];
                data[0] = WalFormat.TYPE_BATCH;
                writer.append(7, data, data.length, sequence);
                writer.drain(true);
            }
        }
    }

    private int records(boolean complete) throws IOException {
        int batches = 0;
        try (WalReader reader = WalReader.open(disk, FILE, 1, complete)) {
            while (reader.next()) {
                batches += reader.type() == WalFormat.TYPE_BATCH ? 1 : 0;
            }
        }
        return batches;
    }

    /** Two bytes that repeat look like a record of 458,759 bytes at every other place: a checksum for each would take minutes. */
    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void aLargeTornTailIsJudgedQuickly() throws IOException {
        byte[] good = disk.contents(FILE);
        byte[] torn = Arrays.copyOf(good, good.length + (4 << 20));
        for (int i = good.length; i < torn.length; i += 2) {
            torn[i] = 7;
        }
        disk.replace(FILE, torn);
        assertThat(records(false)).isEqualTo(3);
        assertThatThrownBy(() -> records(true)).isInstanceOf(CorruptionException.class).hasMessageContaining("000001.wal");
    }

    @Test
    void damageBeforeASyncedRecordIsAnError() throws IOException {
        byte[] bad = disk.contents(FILE);
        bad[WalFormat.MAGIC_BYTES + 100] ^= 4;
        disk.replace(FILE, bad);
        assertThatThrownBy(() -> records(false)).isInstanceOf(CorruptionException.class).hasMessageContaining("000001.wal");
    }

    @Test
    void everyCutLeavesTheRecordsBeforeIt() throws IOException {
        byte[] good = disk.contents(FILE);
        int last = 0;
        for (int size = 0; size <= good.length; size++) {
            disk.replace(FILE, Arrays.copyOf(good, size));
            int records = records(false);
            assertThat(records).as("records in %s bytes", size).isBetween(last, last + 1);
            last = records;
        }
        assertThat(last).isEqualTo(3);
    }
}
