package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Queues whose heads are taken away one by one: a scan from the beginning must not walk over what is gone for ever. */
class TombstoneRunsTest {
    private static final int QUEUED = 5_000;
    private static final int TAKEN = 4_000;

    private LsmStore store;
    private ColumnFamily queue;

    @BeforeEach
    void fillAQueueAndTakeItsHeads() throws Exception {
        store = LsmStore.open(Path.of("/store"),
                StoreOptions.builder().vfs(new MemoryVfs()).durability(Durability.NO_LOG).executor(Runnable::run).build());
        queue = store.createFamily(FamilyOptions.builder("queue").build());
        for (int i = 0; i < QUEUED; i++) {
            store.put(queue, key(i), Slice.of(new byte[20]));
        }
        store.flush();
    }

    @AfterEach
    void close() throws Exception {
        store.close();
    }

    @Test
    void tombstonesInARowLeaveTheFilesWithWhatTheyHide() throws Exception {
        takeHeads();
        store.flush();
        store.awaitIdle();
        assertThat(entries()).as("entries that a scan may walk").isEqualTo(QUEUED - TAKEN);
        assertThat(first()).isEqualTo(key(TAKEN));
        long merges = store.statistics().get(StoreMetric.COMPACTIONS);
        store.flush();
        store.awaitIdle();
        assertThat(store.statistics().get(StoreMetric.COMPACTIONS)).as("what was thinned out is left alone").isEqualTo(merges);
    }

    @Test
    void theyStayWhileASnapshotSeesWhatTheyHide() throws Exception {
        try (Snapshot before = store.snapshot()) {
            takeHeads();
            store.flush();
            store.awaitIdle();
            assertThat(entries()).isEqualTo(QUEUED + TAKEN);
            try (StoreIterator all = store.iterator(queue, KeyRange.ALL, before)) {
                all.seekToFirst();
                assertThat(all.key()).isEqualTo(key(0));
            }
        }
        store.awaitIdle();
        assertThat(entries()).isEqualTo(QUEUED - TAKEN);
    }

    @Test
    void deletionsScatteredAmongTheLivingAreNoReasonToMerge() throws Exception {
        for (int i = 0; i < QUEUED; i += 2) {
            store.delete(queue, key(i));
            store.put(queue, key(i + 1), Slice.of(new byte[30]));
        }
        store.flush();
        store.awaitIdle();
        assertThat(store.statistics().get(StoreMetric.COMPACTIONS)).isZero();
    }

    private void takeHeads() throws Exception {
        for (int i = 0; i < TAKEN; i++) {
            store.delete(queue, key(i));
        }
    }

    private Slice first() throws Exception {
        try (StoreIterator all = store.iterator(queue, KeyRange.ALL, null)) {
            all.seekToFirst();
            return Slice.of(all.key().toByteArray());
        }
    }

    private long entries() throws Exception {
        return store.approximateSize(queue, KeyRange.ALL).entries();
    }

    private static Slice key(int i) {
        return Slice.of(String.format("timer %08d", i).getBytes(StandardCharsets.US_ASCII));
    }
}
