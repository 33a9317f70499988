package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.FaultyVfs;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thread.interrupt closes Java's file channels; it must stop no store, lose no write, and leave the flag set for whoever looks at it. */
class InterruptedThreadsTest {
    private static final FamilyOptions FAMILY = FamilyOptions.builder("f").fileBytes(64 << 10).levelBaseBytes(256 << 10).build();

    @TempDir
    Path directory;

    private interface Work {
        void run() throws Exception;
    }

    private static StoreOptions.Builder options(Durability durability, StoreOptions.ReadMode mode) {
        return StoreOptions.builder().durability(durability).readMode(mode).memtableBytes(1 << 20).blockCacheBytes(1 << 20);
    }

    private static byte[] key(int i) {
        return String.format("key%06d", i).getBytes(StandardCharsets.US_ASCII);
    }

    /** Runs the work in a thread whose flag is set before each step; it must still be set after it. */
    private static void interrupted(Work... steps) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            for (int i = 0; i < steps.length && failure.get() == null; i++) {
                Thread.currentThread().interrupt();
                try {
                    steps[i].run();
                    assertThat(Thread.currentThread().isInterrupted()).as("flag after step " + i).isTrue();
                } catch (Throwable e) {
                    failure.set(e);
                }
            }
        });
        thread.start();
        thread.join();
        assertThat(failure.get()).isNull();
    }

    private static int count(LsmStore store) throws IOException {
        int count = 0;
        try (StoreIterator rows = store.iterator(store.family("f"))) {
            for (rows.seekToFirst(); rows.valid(); rows.next()) {
                count++;
            }
        }
        return count;
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void anInterruptedThreadWritesReadsAndKeepsItsFlag(Durability durability) throws Exception {
        for (StoreOptions.ReadMode mode : StoreOptions.ReadMode.values()) {
            StoreOptions options = options(durability, mode).build();
            Path folder = directory.resolve(mode.name());
            LsmStore[] opened = new LsmStore[1];
            interrupted(() -> opened[0] = LsmStore.open(folder, options));
            LsmStore store = opened[0];
            ColumnFamily[] family = new ColumnFamily[1];
            interrupted(() -> family[0] = store.createFamily(FAMILY),
                    () -> store.put(family[0], key(1), key(1)),
                    () -> store.write(new WriteBatch().put(family[0], key(2), key(2)).put(family[0], key(3), key(3))),
                    store::sync,
                    store::flush,
                    () -> assertThat(store.get(family[0], key(2))).isEqualTo(key(2)),
                    () -> assertThat(count(store)).isEqualTo(3),
                    () -> store.put(family[0], key(1), key(4)),
                    store::flush,
                    () -> store.compact(family[0], KeyRange.ALL),
                    store::awaitIdle,
                    () -> assertThat(count(store)).isEqualTo(3),
                    () -> assertThat(store.approximateSize(family[0], KeyRange.ALL).entries()).isPositive(),
                    () -> store.put(family[0], key(5), key(5)),
                    () -> writeCheckpoint(store, directory.resolve(mode + "-checkpoint")),
                    () -> restoreAndCount(directory.resolve(mode + "-checkpoint"), directory.resolve(mode + "-restored"), options));
            store.put(family[0], key(6), key(6));
            interrupted(store::close);
            try (LsmStore again = LsmStore.open(folder, options)) {
                assertThat(count(again)).isEqualTo(5);
                assertThat(again.get(again.family("f"), key(1))).isEqualTo(key(4));
            }
        }
    }

    private static void writeCheckpoint(LsmStore store, Path target) throws IOException {
        try (Checkpoint checkpoint = store.checkpoint()) {
            checkpoint.writeTo(target);
        }
    }

    private static void restoreAndCount(Path checkpoint, Path target, StoreOptions options) throws IOException {
        try (LsmStore restored = LsmStore.restore(target, options, List.of(CheckpointSource.whole(checkpoint)))) {
            assertThat(count(restored)).isEqualTo(4);
        }
    }

    /** Interruptions that come in the middle of reads, writes, syncs and waits, again and again. */
    @ParameterizedTest
    @EnumSource(Durability.class)
    void interruptionsInTheMiddleOfAnythingLoseNothing(Durability durability) throws Exception {
        StoreOptions options = options(durability, StoreOptions.ReadMode.PREAD).build();
        LsmStore store = LsmStore.open(directory, options);
        ColumnFamily family = store.createFamily(FAMILY);
        int rows = 3000;
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread worker = new Thread(() -> {
            try {
                putAll(store, family, rows);
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        Thread reader = new Thread(() -> {
            try {
                readWhile(worker, store, family, rows);
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        worker.start();
        reader.start();
        while (worker.isAlive() || reader.isAlive()) {
            worker.interrupt();
            reader.interrupt();
            Thread.onSpinWait();
        }
        assertThat(failure.get()).isNull();
        store.close();
        try (LsmStore again = LsmStore.open(directory, options)) {
            assertThat(count(again)).isEqualTo(rows);
        }
    }

    private static void putAll(LsmStore store, ColumnFamily family, int rows) throws IOException {
        byte[] value = new byte[1000];
        for (int i = 0; i < rows; ) {
            try {
                store.put(family, key(i), value);
                i++;
            } catch (InterruptedIOException e) {
                // Interrupted while it waited for memory: nothing was written. Flink's tasks end here; this one tries again.
                Thread.interrupted();
            }
            if (i % 200 == 0) {
                store.sync();
            }
            if (i % 700 == 0) {
                store.flush();
            }
        }
    }

    private static void readWhile(Thread writing, LsmStore store, ColumnFamily family, int rows) throws IOException {
        try (StoreReader reader = store.reader()) {
            for (int i = 0; writing.isAlive(); i = (i + 7) % rows) {
                if (reader.get(family, Slice.of(key(i)))) {
                    assertThat(reader.value().length()).isEqualTo(1000);
                }
            }
        }
    }

    /** So Flink's task threads end when a job is cancelled in the middle of a stall. */
    @Test
    void aWriteThatWaitsForMemoryGivesUpAndTheStoreGoesOn() throws Exception {
        Queue<Runnable> waiting = new ArrayDeque<>();
        FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
        StoreOptions options = StoreOptions.builder().durability(Durability.GROUP_COMMIT).vfs(vfs).memtableBytes(1 << 20).maxFrozenMemtables(1)
                .executor(waiting::add).build();
        Object released = new Object();
        boolean[] open = {false};
        try (LsmStore store = LsmStore.open(Path.of("/store"), options)) {
            ColumnFamily family = store.createFamily(FAMILY);
            CountDownLatch flushStands = new CountDownLatch(1);
            vfs.before((kind, path) -> {
                if (kind == FaultyVfs.Kind.CREATE && path.toString().endsWith(".sst")) {
                    flushStands.countDown();
                    synchronized (released) {
                        while (!open[0]) {
                            try {
                                released.wait();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        }
                    }
                }
            });
            byte[] value = new byte[10_000];
            int written = 0;
            while (waiting.isEmpty()) {
                store.put(family, key(written++), value);
            }
            // The flush is claimed by a thread that stands still; the writer that fills the next memtable has to wait.
            Thread flushing = new Thread(waiting.remove());
            flushing.start();
            flushStands.await();
            int[] put = {written};
            AtomicReference<Throwable> outcome = new AtomicReference<>();
            Thread writer = new Thread(() -> {
                try {
                    while (true) {
                        store.put(family, key(put[0]), value);
                        put[0]++;
                    }
                } catch (Throwable e) {
                    outcome.set(e);
                    assertThat(Thread.currentThread().isInterrupted()).isTrue();
                }
            });
            writer.start();
            while (writer.getState() != Thread.State.TIMED_WAITING) {
                assertThat(writer.isAlive()).as("the writer waits; it ended with " + outcome.get()).isTrue();
                Thread.onSpinWait();
            }
            writer.interrupt();
            writer.join();
            assertThat(outcome.get()).isInstanceOf(InterruptedIOException.class);
            synchronized (released) {
                open[0] = true;
                released.notifyAll();
            }
            flushing.join();
            store.put(family, key(put[0]), value);
            assertThat(count(store)).isEqualTo(put[0] + 1);
        }
    }

    @Test
    void aMergeOnTheCallersThreadGoesOnWithItsRate() throws Exception {
        StoreOptions options = options(Durability.NO_LOG, StoreOptions.ReadMode.MMAP).executor(Runnable::run).compactionBytesPerSecond(50 << 20).build();
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(FAMILY);
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 5000; i++) {
                    store.put(family, key(i), new byte[200]);
                }
                store.flush();
            }
            interrupted(() -> store.compact(family, KeyRange.ALL));
            store.put(family, key(1), key(1));
            assertThat(count(store)).isEqualTo(5000);
        }
    }

    @Test
    void closeSaysWhichWritesAreLost() throws IOException {
        FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
        LsmStore store = LsmStore.open(Path.of("/store"), StoreOptions.builder().vfs(vfs).durability(Durability.GROUP_COMMIT).executor(Runnable::run).build());
        ColumnFamily family = store.createFamily(FAMILY);
        store.put(family, key(1), key(1));
        store.sync();
        store.put(family, key(2), key(2));
        store.put(family, key(3), key(3));
        vfs.before((kind, path) -> {
            if (kind == FaultyVfs.Kind.APPEND && path.toString().endsWith(".wal")) {
                throw new IOException("no space left on device");
            }
        });
        assertThatThrownBy(store::sync).hasMessageContaining("no space left");
        assertThatThrownBy(() -> store.put(family, key(4), key(4))).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(store::close).isInstanceOf(StoreException.class).hasMessageContaining("sequence numbers 2 to 3")
                .hasStackTraceContaining("no space left");
    }
}
