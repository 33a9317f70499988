package io.qaexchange.storage.bench;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import org.HdrHistogram.Histogram;

/**
 * The workloads that the reference system was measured with, on our engine; its figures stand beside ours as they were taken on a
 * machine of two cores whose disk synced in about 0.3 ms: what this disk takes stands in the first row, and every synced write is to be
 * read against it. One record is an order: 16 bytes of instrument, time and number as key, user, instrument, price, volume, time
 * as value. One thread, unless it says otherwise.
 */
final class ReferenceWorkloads {
    private static final int FLUSHED = 262_144;
    private static final long LONGEST_SETTLE_NANOS = 5_000_000_000L;

    private final Path base;
    private final boolean quick;
    private final Results results = new Results("reference");
    private long usualSyncNanos = Long.MAX_VALUE / 2;
    private final Slice key = Slice.of(new byte[32]);
    private final Slice value = Slice.of(new byte[72]);

    ReferenceWorkloads(Path base, boolean quick) {
        this.base = base;
        this.quick = quick;
    }

    private interface Work {
        void run(LsmStore store, ColumnFamily family) throws Exception;
    }

    private interface Step {
        void run(int i) throws Exception;
    }

    Results run() throws Exception {
        warmUp();
        Histogram sync = WriteMeasures.syncLatency(base);
        usualSyncNanos = sync.getValueAtPercentile(90);
        row("fdatasync of this disk, p50", "us", micros(sync, 50), 300, false);
        results.bound("fdatasync of this disk, p99", "us", micros(sync, 99), Double.NaN, false, Double.NaN, false);
        singleWrites();
        batches();
        memtable();
        table();
        ranges();
        smallMemtable();
        tenThreads();
        recovery();
        compaction();
        subscriber();
        return results;
    }

    /** @param reference what the reference system took or reached */
    private void row(String measure, String unit, double ours, double reference, boolean higherIsBetter) {
        results.compare(measure, unit, ours, reference, higherIsBetter, 1);
    }

    private StoreOptions.Builder options(Durability durability) {
        return StoreOptions.builder().durability(durability);
    }

    /**
     * Waits, not for ever, until the disk syncs about as fast as at the beginning: what the step before wrote and deleted would be
     * measured with every synced write of the next one.
     */
    private void settle() throws Exception {
        long end = System.nanoTime() + LONGEST_SETTLE_NANOS;
        while (System.nanoTime() < end && WriteMeasures.syncLatency(base).getValueAtPercentile(90) > 2 * usualSyncNanos) {
            BenchContext.step("  (the disk is busy)");
        }
    }

    private void withSettled(StoreOptions.Builder options, Work work) throws Exception {
        settle();
        with(options, work);
    }

    private void with(StoreOptions.Builder options, Work work) throws Exception {
        Path folder = java.nio.file.Files.createTempDirectory(base, "reference-bench");
        try (LsmStore store = LsmStore.open(folder, options.build())) {
            work.run(store, store.createFamily(FamilyOptions.builder("orders").build()));
        } finally {
            BenchContext.delete(folder);
        }
    }

    private void order(int instrument, long i) {
        byte[] keyBytes = (byte[]) key.base();
        Arrays.fill(keyBytes, 0, 16, (byte) (2 + instrument));
        Memory.putLong(keyBytes, Memory.ARRAY_BASE + 16, Long.reverseBytes(1000 + i));
        Memory.putLong(keyBytes, Memory.ARRAY_BASE + 24, Long.reverseBytes(i));
        byte[] valueBytes = (byte[]) value.base();
        Arrays.fill(valueBytes, 0, 32, (byte) 1);
        Arrays.fill(valueBytes, 32, 48, (byte) (2 + instrument));
        Memory.putLong(valueBytes, Memory.ARRAY_BASE + 48, Double.doubleToLongBits(100 + i));
        Memory.putLong(valueBytes, Memory.ARRAY_BASE + 56, Double.doubleToLongBits(10));
        Memory.putLong(valueBytes, Memory.ARRAY_BASE + 64, 1000 + i);
    }

    private static Histogram timed(int operations, Step step) throws Exception {
        Histogram latency = new Histogram(60_000_000_000L, 3);
        for (int i = 0; i < operations; i++) {
            long started = System.nanoTime();
            step.run(i);
            latency.recordValue(System.nanoTime() - started);
        }
        return latency;
    }

    private static double seconds(Step step, int operations) throws Exception {
        long started = System.nanoTime();
        for (int i = 0; i < operations; i++) {
            step.run(i);
        }
        return (System.nanoTime() - started) / 1e9;
    }

    private static double micros(Histogram latency, double percentile) {
        return latency.getValueAtPercentile(percentile) / 1e3;
    }

    private void warmUp() throws Exception {
        BenchContext.step("warm-up");
        with(options(Durability.NONE), (store, family) -> {
            try (StoreReader reader = store.reader()) {
                for (int round = 0; round < 3; round++) {
                    for (int i = 0; i < 100_000; i++) {
                        order(0, i);
                        store.put(family, key, value);
                        reader.get(family, key);
                    }
                    store.flush();
                    for (int i = 0; i < 100_000; i++) {
                        order(0, i);
                        reader.get(family, key);
                    }
                    scan(store, family, 100_000);
                }
            }
        });
    }

    private static long scan(LsmStore store, ColumnFamily family, int rows) throws Exception {
        long sum = 0;
        try (StoreIterator iterator = store.iterator(family)) {
            int left = rows;
            for (iterator.seekToFirst(); iterator.valid() && left > 0; iterator.next(), left--) {
                sum += iterator.value().getByte(0);
            }
        }
        return sum;
    }

    private void singleWrites() throws Exception {
        BenchContext.step("W1, B1, B2 single synced writes");
        withSettled(options(Durability.SYNC_EACH), (store, family) -> {
            Step put = i -> {
                order(0, i);
                store.put(family, key, value);
            };
            seconds(put, 100);
            Histogram latency = timed(1000, put);
            row("W1 single append, synced, p50", "us", micros(latency, 50), 304, false);
            row("W1 single append, synced, p99", "us", micros(latency, 99), 1_650, false);
            row("B1 single write, average", "us", latency.getMean() / 1e3, 439, false);
            row("B1 single write, p99", "us", micros(latency, 99), 4_334, false);
            row("B2 single writes, 1,000", "ops/s", 1_000 / seconds(put, 1_000), 1_621, true);
            if (!quick) {
                row("B2 single writes, 10,000", "ops/s", 10_000 / seconds(put, 10_000), 2_118, true);
            }
        });
        with(options(Durability.GROUP_COMMIT), (store, family) -> {
            double seconds = seconds(i -> {
                order(0, i);
                store.put(family, key, value);
            }, 10_000);
            store.sync();
            row("B2 single writes, group commit, 10,000", "ops/s", 10_000 / seconds, 2_118, true);
        });
    }

    private void batches() throws Exception {
        BenchContext.step("W2 batches");
        int[] sizes = {100, 1_000, 10_000};
        double[] reference = {130_000, 218_711, 208_000};
        for (int at = 0; at < sizes.length; at++) {
            int size = sizes[at];
            double theirs = reference[at];
            withSettled(options(Durability.SYNC_EACH), (store, family) -> {
                WriteBatch batch = new WriteBatch();
                Step write = run -> {
                    batch.clear();
                    for (int i = 0; i < size; i++) {
                        order(0, (long) run * size + i);
                        batch.put(family, key, value);
                    }
                    store.write(batch);
                };
                seconds(write, 3);
                row(String.format("W2 synced batches of %,d", size), "records/s", 20 * size / seconds(write, 20), theirs, true);
            });
        }
    }

    private void memtable() throws Exception {
        BenchContext.step("W3, W4 memtable");
        // Without a log the write path is another one: it is warmed up by itself.
        with(options(Durability.NO_LOG), (store, family) -> {
            try (StoreReader reader = store.reader()) {
                for (int i = 0; i < 300_000; i++) {
                    order(0, i);
                    store.put(family, key, value);
                    reader.get(family, key);
                }
            }
        });
        with(options(Durability.NO_LOG), (store, family) -> {
            Histogram puts = timed(10_000, i -> {
                order(0, i);
                store.put(family, key, value);
            });
            row("W3 memtable insert, p50", "ns", puts.getValueAtPercentile(50), 308, false);
            row("W3 memtable insert, p99", "ns", puts.getValueAtPercentile(99), 27_900, false);
            SplittableRandom random = new SplittableRandom(1);
            try (StoreReader reader = store.reader()) {
                Histogram gets = timed(10_000, i -> {
                    order(0, random.nextInt(10_000));
                    reader.get(family, key);
                });
                row("W4 memtable get, p50", "ns", gets.getValueAtPercentile(50), 354, false);
                row("W4 memtable get, p99", "ns", gets.getValueAtPercentile(99), 877, false);
            }
        });
    }

    private void table() throws Exception {
        BenchContext.step("W5 to W7 one sstable");
        with(options(Durability.NO_LOG).memtableBytes(256L << 20), (store, family) -> {
            for (int i = 0; i < FLUSHED; i++) {
                order(0, 2L * i);
                store.put(family, key, value);
            }
            row("W5 flush of 262,144 records", "s", seconds(i -> store.flush(), 1), 0.63, false);
            SplittableRandom random = new SplittableRandom(1);
            try (StoreReader reader = store.reader()) {
                for (int which = 0; which < 2; which++) {
                    int absent = which;
                    Step get = i -> {
                        order(0, 2L * random.nextInt(FLUSHED) + absent);
                        reader.get(family, key);
                    };
                    seconds(get, 50_000);
                    Histogram gets = timed(10_000, get);
                    String name = "W6 get from it, " + (absent == 0 ? "hit" : "miss");
                    row(name + ", p50", "us", micros(gets, 50), absent == 0 ? 15_100 : 32_400, false);
                    row(name + ", p99", "us", micros(gets, 99), absent == 0 ? 36_800 : 49_300, false);
                }
            }
            Step scan = i -> {
                order(0, 2L * random.nextInt(FLUSHED - 100));
                try (StoreIterator iterator = store.iterator(family)) {
                    iterator.seek(key);
                    for (int row = 0; row < 100; row++) {
                        iterator.next();
                    }
                }
            };
            seconds(scan, 20_000);
            row("W7 range of 100 rows, p50", "us", micros(timed(1_000, scan), 50), 31_900, false);
        });
    }

    private void ranges() throws Exception {
        BenchContext.step("B3 ranges");
        with(options(Durability.NO_LOG), (store, family) -> {
            for (int i = 0; i < 10_000; i++) {
                order(0, i);
                store.put(family, key, value);
            }
            int[] sizes = {100, 1_000, 5_000};
            double[] reference = {20, 327, 12_649};
            for (int at = 0; at < sizes.length; at++) {
                int rows = sizes[at];
                row(String.format("B3 range of %,d rows in memory, p50", rows), "us", micros(timed(200, i -> scan(store, family, rows)), 50), reference[at], false);
            }
        });
    }

    private void smallMemtable() throws Exception {
        BenchContext.step("B4 a memtable of 1 MB");
        int writes = quick ? 4_096 : 20_480;
        withSettled(options(Durability.SYNC_EACH).memtableBytes(1 << 20), (store, family) -> {
            long[] longest = new long[1];
            double seconds = seconds(i -> {
                order(0, i);
                long started = System.nanoTime();
                store.put(family, key, value);
                longest[0] = Math.max(longest[0], System.nanoTime() - started);
            }, writes);
            row("B4 single writes, 1 MB memtables", "ops/s", writes / seconds, 2_315, true);
            row("B4 longest write", "ms", longest[0] / 1e6, 32, false);
        });
    }

    private void tenThreads() throws Exception {
        BenchContext.step("B5 ten threads");
        int each = quick ? 200 : 1_000;
        withSettled(options(Durability.SYNC_EACH), (store, family) -> {
            Object turn = new Object();
            List<FutureTask<Void>> threads = new ArrayList<>();
            long started = System.nanoTime();
            for (int thread = 0; thread < 10; thread++) {
                int instrument = thread;
                FutureTask<Void> task = new FutureTask<>(() -> {
                    for (int i = 0; i < each; i++) {
                        // A store has one writer at a time.
                        synchronized (turn) {
                            order(instrument, i);
                            store.put(family, key, value);
                        }
                    }
                    return null;
                });
                threads.add(task);
                new Thread(task, "bench-writer-" + thread).start();
            }
            for (FutureTask<Void> thread : threads) {
                thread.get();
            }
            row("B5 ten instruments, ten threads, one store", "ops/s", 10.0 * each / ((System.nanoTime() - started) / 1e9), 5_262, true);
        });
    }

    private void recovery() throws Exception {
        BenchContext.step("B6, W8 recovery");
        int[] sizes = {10_000, 100_000};
        double[] reference = {445_000, 293_000};
        for (int at = 0; at < sizes.length; at++) {
            row(String.format("B6 recovery of %,d records", sizes[at]), "records/s", recover(sizes[at])[0], reference[at], true);
        }
        int large = quick ? 500_000 : 7_000_000;
        double[] recovered = recover(large);
        row(String.format("W8 log of %,d records, replayed into memtables", large), "records/s", recovered[0], 1_360_000, true);
        row("W8 the same", "MB/s of log", recovered[1], 1_850, true);
    }

    /** @return records and megabytes of log per second */
    private double[] recover(int records) throws Exception {
        Path folder = java.nio.file.Files.createTempDirectory(base, "reference-bench");
        // The memtable is large enough for all of it, so that nothing is flushed.
        StoreOptions.Builder options = options(Durability.NONE).memtableBytes(Math.max(64L << 20, records * 220L)).blockCacheBytes(1 << 20);
        try {
            long bytes;
            try (LsmStore store = LsmStore.open(folder, options.build())) {
                ColumnFamily family = store.createFamily(FamilyOptions.builder("orders").build());
                for (int i = 0; i < records; i++) {
                    order(0, i);
                    store.put(family, key, value);
                }
                store.sync();
                bytes = store.statistics().get(StoreMetric.WAL_BYTES_WRITTEN);
            }
            long started = System.nanoTime();
            try (LsmStore store = LsmStore.open(folder, options.build())) {
                double seconds = (System.nanoTime() - started) / 1e9;
                if (store.lastSequence() != records) {
                    throw new AssertionError("recovered up to " + store.lastSequence() + " of " + records);
                }
                return new double[] {records / seconds, bytes / 1e6 / seconds};
            }
        } finally {
            BenchContext.delete(folder);
        }
    }

    private void compaction() throws Exception {
        BenchContext.step("W9 compaction");
        int[] sizes = {32_768, 262_144};
        double[] reference = {0.21, 4.1};
        for (int at = 0; at < sizes.length; at++) {
            int entries = sizes[at];
            double theirs = reference[at];
            with(options(Durability.NO_LOG).memtableBytes(128L << 20).level0(100, 200, 300), (store, family) -> {
                for (int file = 0; file < 4; file++) {
                    for (int i = file; i < entries; i += 4) {
                        order(0, i);
                        store.put(family, key, value);
                    }
                    store.flush();
                }
                row(String.format("W9 compaction of 4 files, %,d entries", entries), "s", seconds(i -> store.compact(family, KeyRange.ALL), 1), theirs, false);
            });
        }
    }

    private void subscriber() throws Exception {
        BenchContext.step("W10 subscriber");
        int[] instruments = {1, 4, 10};
        double[] reference = {110_000, 34_600, 12_500};
        double[] referenceP99 = {2.2, 10, 27};
        for (int at = 0; at < instruments.length; at++) {
            int count = instruments[at];
            double theirs = reference[at];
            double theirP99 = referenceP99[at];
            withSettled(options(Durability.SYNC_EACH), (store, family) -> {
                WriteBatch batch = new WriteBatch();
                Step write = run -> {
                    batch.clear();
                    for (int i = 0; i < 100; i++) {
                        order(i % count, run * 100L + i);
                        batch.put(family, key, value);
                    }
                    store.write(batch);
                };
                seconds(write, count == 1 ? 200 : 20);
                long started = System.nanoTime();
                Histogram latency = timed(300, write);
                row("W10 batches of 100 over " + count + " instruments", "records/s", 30_000 / ((System.nanoTime() - started) / 1e9), theirs, true);
                row("W10 the same, batch p99", "ms", latency.getValueAtPercentile(99) / 1e6, theirP99, false);
            });
        }
    }
}
