package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.PowerCut;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Defects that the enumeration of crashes and faults found in this engine, each in its shortest form. */
class FoundDefectsTest {
    private static final byte[] KEY = "key".getBytes(StandardCharsets.UTF_8);

    private MemoryVfs disk = new MemoryVfs();

    private LsmStore open(Durability durability) throws IOException {
        return LsmStore.open(SimulatedStore.FOLDER, SimulatedStore.options(disk, durability).build());
    }

    /** The store numbered on from writes that no file and no log covered any more, and refused to open. */
    @Test
    void logOfADroppedFamilyLeavesNoGapInTheNumbers() throws IOException {
        try (LsmStore store = open(Durability.SYNC_EACH)) {
            ColumnFamily state = store.createFamily(SimulatedStore.STATE);
            ColumnFamily spare = store.createFamily(SimulatedStore.SPARE);
            store.put(state, KEY, KEY);
            store.put(spare, KEY, KEY);
            store.dropFamily(spare);
            disk = disk.afterPowerCut(PowerCut.KEEPS_SYNCED);
        }
        for (int i = 0; i < 3; i++) {
            try (LsmStore store = open(Durability.SYNC_EACH)) {
                assertThat(store.lastSequence()).isEqualTo(2 + i);
                store.put(store.family("state"), KEY, KEY);
            }
        }
    }

    /** Recovered writes had survived the kill in memory only; the next segment was synced and relied on them. */
    @Test
    void writesRecoveredAfterAKillSurviveAPowerCut() throws IOException {
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, SimulatedStore.options(disk, Durability.NONE).memtableBytes(1 << 20).build())) {
            ColumnFamily state = store.createFamily(SimulatedStore.STATE);
            // More than the log keeps in memory while nobody asks for it to be synced.
            for (int i = 0; i < 80; i++) {
                store.put(state, ("key" + i).getBytes(StandardCharsets.UTF_8), new byte[500]);
            }
            disk = disk.afterKill();
        }
        long recovered;
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, SimulatedStore.options(disk, Durability.SYNC_EACH)
                .executor(work -> { }).build())) {
            recovered = store.put(store.family("state"), KEY, KEY);
            assertThat(recovered).isGreaterThan(1);
            disk = disk.afterPowerCut(PowerCut.KEEPS_SYNCED);
        }
        try (LsmStore store = open(Durability.SYNC_EACH)) {
            assertThat(store.lastSequence()).isEqualTo(recovered);
        }
    }
}
