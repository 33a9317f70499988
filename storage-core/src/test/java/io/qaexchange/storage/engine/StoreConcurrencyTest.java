package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One writer, several readers, flushes and merges under them all. */
class StoreConcurrencyTest {
    private static final int KEYS = 50;
    private static final int ROUNDS = 3_000;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(StoreOptions.ReadMode.class)
    void readersSeeWholeBatchesInOrder(StoreOptions.ReadMode mode) throws Exception {
        StoreOptions options = StoreOptions.builder().durability(Durability.NONE).arenaChunkBytes(4096).memtableBytes(40_000).level0(2, 20, 40)
                .readMode(mode).blockCacheBytes(100_000).build();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (LsmStore store = LsmStore.open(directory.resolve(mode.name()), options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").blockBytes(512).levelBaseBytes(20_000).fileBytes(8_000)
                    .memtableHashIndex(true).build());
            AtomicBoolean done = new AtomicBoolean();
            CountDownLatch reading = new CountDownLatch(3);
            List<Future<Long>> readers = new ArrayList<>();
            writeRound(store, family, 0);
            readers.add(threads.submit(() -> scanWhile(store, family, done, reading)));
            readers.add(threads.submit(() -> getWhile(store, family, done, reading)));
            readers.add(threads.submit(() -> snapshotWhile(store, family, done, reading)));
            assertThat(reading.await(60, TimeUnit.SECONDS)).isTrue();
            for (int round = 1; round <= ROUNDS; round++) {
                writeRound(store, family, round);
            }
            done.set(true);
            for (Future<Long> reader : readers) {
                assertThat(reader.get(60, TimeUnit.SECONDS)).isPositive();
            }
            store.awaitIdle();
            assertThat(store.statistics().get(StoreMetric.FLUSHES)).isGreaterThan(5);
            assertThat(store.statistics().get(StoreMetric.COMPACTIONS)).isPositive();
        } finally {
            threads.shutdownNow();
        }
        assertThat(options.memoryPool().usedBytes()).isZero();
    }

    /** All keys get the same number, in one batch; every third round through a deletion of the whole range. */
    private static void writeRound(LsmStore store, ColumnFamily family, int round) throws Exception {
        WriteBatch batch = new WriteBatch();
        if (round % 3 == 0) {
            batch.deleteRange(family, KeyRange.of(key(0), key(KEYS)));
        }
        byte[] value = new byte[64];
        Memory.putInt(value, Memory.ARRAY_BASE, round);
        for (int i = 0; i < KEYS; i++) {
            batch.put(family, key(i), value);
        }
        store.write(batch);
    }

    private static long scanWhile(LsmStore store, ColumnFamily family, AtomicBoolean done, CountDownLatch reading) throws Exception {
        long scans = 0;
        int newest = 0;
        while (!done.get()) {
            try (StoreIterator iterator = store.iterator(family)) {
                newest = Math.max(newest, oneRound(iterator, newest, scans % 2 == 0));
            }
            if (scans++ == 0) {
                reading.countDown();
            }
        }
        return scans;
    }

    /** @return the number that all keys have */
    private static int oneRound(StoreIterator iterator, int atLeast, boolean forward) throws Exception {
        int rows = 0;
        int round = -1;
        for (first(iterator, forward); iterator.valid(); move(iterator, forward)) {
            int seen = iterator.value().getInt(0);
            assertThat(round == -1 || round == seen).as("rounds %d and %d in one scan", round, seen).isTrue();
            round = seen;
            rows++;
        }
        assertThat(rows).isEqualTo(KEYS);
        assertThat(round).isGreaterThanOrEqualTo(atLeast);
        return round;
    }

    private static void first(StoreIterator iterator, boolean forward) throws Exception {
        if (forward) {
            iterator.seekToFirst();
        } else {
            iterator.seekToLast();
        }
    }

    private static void move(StoreIterator iterator, boolean forward) throws Exception {
        if (forward) {
            iterator.next();
        } else {
            iterator.previous();
        }
    }

    private static long getWhile(LsmStore store, ColumnFamily family, AtomicBoolean done, CountDownLatch reading) throws Exception {
        long gets = 0;
        int newest = 0;
        try (StoreReader reader = store.reader()) {
            while (!done.get()) {
                for (int i = 0; i < KEYS; i++) {
                    assertThat(reader.get(family, Slice.of(key((int) (gets % KEYS))))).isTrue();
                    int seen = reader.value().getInt(0);
                    assertThat(seen).as("time does not run backward").isGreaterThanOrEqualTo(newest);
                    newest = seen;
                    gets++;
                }
                reading.countDown();
            }
        }
        return gets;
    }

    private static long snapshotWhile(LsmStore store, ColumnFamily family, AtomicBoolean done, CountDownLatch reading) throws Exception {
        long snapshots = 0;
        while (!done.get()) {
            try (Snapshot snapshot = store.snapshot(); StoreReader reader = store.reader(snapshot)) {
                assertThat(reader.get(family, Slice.of(key(7)))).isTrue();
                int round = reader.value().getInt(0);
                for (int pass = 0; pass < 3; pass++) {
                    try (StoreIterator iterator = store.iterator(family, KeyRange.ALL, snapshot)) {
                        assertThat(oneRound(iterator, round, pass % 2 == 0)).as("a snapshot stays as it is").isEqualTo(round);
                    }
                }
            }
            if (snapshots++ == 0) {
                reading.countDown();
            }
        }
        return snapshots;
    }

    @Test
    void refusesASecondWriterAtTheSameMoment() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        // The clock is asked for while a write has its turn: a writer that is held there.
        StoreOptions options = StoreOptions.builder().durability(Durability.NONE).clock(() -> {
            if (Thread.currentThread().getName().equals("held")) {
                inside.countDown();
                awaitUninterrupted(leave);
            }
            return 1;
        }).build();
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            Thread held = new Thread(() -> putQuietly(store, family), "held");
            held.start();
            assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();
            assertThatThrownBy(() -> store.put(family, key(1), key(2))).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("one writer at a time");
            leave.countDown();
            held.join();
            store.put(family, key(1), key(2));
            assertThat(store.get(family, key(0))).isEqualTo(key(0));
            assertThat(store.get(family, key(1))).isEqualTo(key(2));
        }
    }

    private static void putQuietly(LsmStore store, ColumnFamily family) {
        try {
            store.put(family, key(0), key(0));
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void groupCommitSyncsAlsoWhenNoFurtherWriteComes() throws Exception {
        try (LsmStore store = LsmStore.open(directory, StoreOptions.builder().durability(Durability.GROUP_COMMIT).groupCommit(5, 1000).build())) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            long sequence = store.put(family, key(1), key(2));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (store.durableSequence() < sequence && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertThat(store.durableSequence()).isEqualTo(sequence);
            assertThat(store.statistics().get(StoreMetric.WAL_SYNCS)).isPositive();
        }
    }

    @Test
    void aStoreIsLockedForOthersAndSaysSo() throws Exception {
        StoreOptions options = StoreOptions.builder().build();
        try (LsmStore store = LsmStore.open(directory, options)) {
            assertThatThrownBy(() -> LsmStore.open(directory, options)).hasMessageContaining("the store is in use").hasMessageContaining("LOCK");
            assertThat(store.families()).isEmpty();
        }
        LsmStore.open(directory, options).close();
    }

    private static byte[] key(int i) {
        return String.format("key-%05d", i).getBytes(StandardCharsets.UTF_8);
    }
}
