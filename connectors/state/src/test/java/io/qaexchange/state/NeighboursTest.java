package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.state.memory.OperatorMemory;
import io.qaexchange.state.memory.SlotResources;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreEvent;
import io.qaexchange.storage.StoreListener;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Operators of one slot: what an idle one holds goes to disk when the others need the memory. */
@Timeout(60)
class NeighboursTest {
    private static final long BUDGET = 8 << 20;
    private static final int CHUNK = 64 << 10;

    @TempDir
    Path folder;

    private final CountDownLatch flushed = new CountDownLatch(1);

    private StateStore open(OperatorMemory memory, String name) throws Exception {
        StoreListener listener = event -> {
            if (event instanceof StoreEvent.FlushEvent) {
                flushed.countDown();
            }
        };
        StateStore store = StateStore.open(folder.resolve(name),
                memory.configure(StoreOptions.builder()).durability(Durability.NO_LOG).vfs(NioVfs.UNSYNCED), listener);
        memory.serve(store);
        return store;
    }

    private static void write(StateStore store, ColumnFamily family, int keys) throws Exception {
        byte[] value = new byte[500];
        for (int i = 0; i < keys; i++) {
            store.put(family, Slice.of(ByteBuffer.allocate(4).putInt(i).array()), value, value.length);
        }
    }

    private static void takeUntilBeyond(SlotResources slot, OperatorMemory memory, List<Chunk> taken) {
        while (slot.usedBytes() <= slot.budgetBytes()) {
            taken.add(memory.allocate(CHUNK));
        }
    }

    @Test
    void idleOperatorsMemtableIsFlushedWhenTheSlotIsFull() throws Exception {
        try (SlotResources slot = new SlotResources(BUDGET, 1); OperatorMemory idle = slot.newOperator(0.3, 0);
                OperatorMemory small = slot.newOperator(0.3, 0); OperatorMemory busy = slot.newOperator(0.3, 0);
                StateStore idleStore = open(idle, "idle"); StateStore smallStore = open(small, "small")) {
            ColumnFamily family = idleStore.createFamily(FamilyOptions.builder("f").build());
            write(idleStore, family, 1_500);
            write(smallStore, smallStore.createFamily(FamilyOptions.builder("f").build()), 100);
            long held = idleStore.activeBytes();
            assertThat(held).isGreaterThan(700_000);

            List<Chunk> taken = new ArrayList<>();
            takeUntilBeyond(slot, busy, taken);
            assertThat(flushed.await(30, TimeUnit.SECONDS)).as("a flush that nobody of the operator's own asked for").isTrue();

            assertThat(idleStore.activeBytes()).isLessThan(held / 2);
            assertThat(idleStore.engine().statistics().get(StoreMetric.MEMTABLE_FREEZES)).isEqualTo(1);
            assertThat(smallStore.engine().statistics().get(StoreMetric.MEMTABLE_FREEZES)).as("of the smaller one").isZero();
            for (int i = 0; i < 1_500; i++) {
                assertThat(idleStore.get(family, Slice.of(ByteBuffer.allocate(4).putInt(i).array()))).isNotNull();
            }
            taken.forEach(busy::free);
        }
    }

    @Test
    void operatorThatEndsIsNotTouchedAnyMore() throws Exception {
        try (SlotResources slot = new SlotResources(BUDGET, 1); OperatorMemory busy = slot.newOperator(0.3, 0)) {
            List<Chunk> taken = new ArrayList<>();
            try (OperatorMemory ending = slot.newOperator(0.3, 0); StateStore store = open(ending, "ending")) {
                write(store, store.createFamily(FamilyOptions.builder("f").build()), 500);
                ending.retire();
                takeUntilBeyond(slot, busy, taken);
                slot.background().submit(() -> { }).get(30, TimeUnit.SECONDS);
                assertThat(store.engine().statistics().get(StoreMetric.MEMTABLE_FREEZES)).isZero();
            }
            taken.forEach(busy::free);
            assertThat(slot.usedBytes()).isZero();
        }
    }
}
