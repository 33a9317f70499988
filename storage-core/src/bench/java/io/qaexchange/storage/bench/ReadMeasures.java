package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.BenchContext.Run;
import io.qaexchange.storage.bench.Contender.Log;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;

/** Point reads, scans, reads while another thread writes, reads after range deletes, opening. */
final class ReadMeasures {
    private final BenchContext bench;

    ReadMeasures(BenchContext bench) {
        this.bench = bench;
    }

    /** @param withOthers whether stores that are here for orientation take part */
    void run(boolean withOthers) throws Exception {
        atRest(false);
        atRest(true);
        if (withOthers) {
            forOrientation();
        }
        whileWriting();
        afterRangeDeletes();
    }

    private void atRest(boolean compressed) throws Exception {
        String suffix = compressed ? ", LZ4" : "";
        BenchContext.step("reads" + suffix);
        try (Run ours = bench.loaded(BenchContext.OURS, compressed); Run theirs = bench.loaded(BenchContext.ROCKSDB, compressed)) {
            List<Contender> both = List.of(ours.contender, theirs.contender);
            List<Measured> present = present(both);
            List<Measured> absent = absent(both);
            List<Measured> scans = scans(both, 100);
            List<Measured> small = scans(both, 10);
            double[] rows = fullScan(both);
            Results results = bench.results;
            results.compare("get present, cached" + suffix, "ops/s", present.get(0).perSecond(), present.get(1).perSecond(), true, 4);
            results.bound("get present, cached, p99" + suffix, "us", present.get(0).micros(99), present.get(1).micros(99), false, 3, true);
            results.compare("get present, allocated" + suffix, "B/op", present.get(0).bytesPerOperation(), present.get(1).bytesPerOperation(), false, 0);
            results.compare("get absent" + suffix, "ops/s", absent.get(0).perSecond(), absent.get(1).perSecond(), true, 3);
            results.compare("scan of 100 rows" + suffix, "scans/s", scans.get(0).perSecond(), scans.get(1).perSecond(), true, compressed ? 3 : 8);
            results.compare("scan of 100 rows, p50" + suffix, "us", scans.get(0).micros(50), scans.get(1).micros(50), false, 0);
            results.compare("scan of 100 rows, p99" + suffix, "us", scans.get(0).micros(99), scans.get(1).micros(99), false, 0);
            results.compare("scan of 100 rows, iterator made anew, allocated" + suffix, "B/op", scans.get(0).bytesPerOperation(), scans.get(1).bytesPerOperation(), false, 0);
            results.compare("scan of 10 rows" + suffix, "scans/s", small.get(0).perSecond(), small.get(1).perSecond(), true, 0);
            results.compare("full scan" + suffix, "rows/s", rows[0], rows[1], true, compressed ? 3 : 8);
            results.compare("disk" + suffix, "MB", BenchContext.tableBytes(ours.directory) / 1e6, BenchContext.tableBytes(theirs.directory) / 1e6, false, 0);
            double[] millis = {reopen(ours, compressed), reopen(theirs, compressed)};
            results.bound("reopen and first get, all in files" + suffix, "ms", millis[0], millis[1], false, 300, true);
        }
    }

    private List<Measured> present(List<Contender> contenders) throws Exception {
        return Measured.sideBySide(contenders, bench.reads, bench.warmUpMillis(), new Gets(7, false) {
            @Override
            void check(Contender contender, int found) {
                if (found != Workload.VALUE_BYTES) {
                    throw new AssertionError("a record is missing in " + contender.name());
                }
            }
        });
    }

    private List<Measured> absent(List<Contender> contenders) throws Exception {
        return Measured.sideBySide(contenders, bench.reads, bench.warmUpMillis(), new Gets(8, true) {
            @Override
            void check(Contender contender, int found) {
                if (found >= 0) {
                    throw new AssertionError("a record that was never written is in " + contender.name());
                }
            }
        });
    }

    /**
     * Gets of records in random order. Which record it is, and so its key, comes from an array as large as the processor's caches: made
     * within the measure it would be one more wait for memory, on both sides alike.
     */
    private class Gets implements Measured.Operation {
        private final SplittableRandom random;
        private final boolean absent;
        private final byte[][] keys = new byte[Measured.PREPARED][Workload.KEY_BYTES];

        Gets(long seed, boolean absent) {
            random = new SplittableRandom(seed);
            this.absent = absent;
        }

        @Override
        public void prepare() {
            for (byte[] key : keys) {
                bench.workload.key(random.nextInt(bench.records), absent, key);
            }
        }

        @Override
        public void run(Contender contender, int i) throws Exception {
            check(contender, contender.get(keys[i % keys.length]));
        }

        void check(Contender contender, int found) {
            bench.kept += found;
        }
    }

    private List<Measured> scans(List<Contender> contenders, int rows) throws Exception {
        SplittableRandom random = new SplittableRandom(9);
        return Measured.sideBySide(contenders, bench.reads / 10, bench.warmUpMillis(),
                (contender, i) -> bench.kept += contender.scan(bench.key(random.nextInt(bench.records)), rows));
    }

    /** Rows per second, the best of several passes: the first ones measure the compiler, any may measure a neighbour. */
    private double[] fullScan(List<Contender> contenders) throws Exception {
        double[] best = new double[contenders.size()];
        for (int pass = 0; pass < 5; pass++) {
            for (int which = 0; which < best.length; which++) {
                long started = System.nanoTime();
                bench.kept += contenders.get(which).scan(new byte[0], Integer.MAX_VALUE);
                best[which] = Math.max(best[which], bench.records / ((System.nanoTime() - started) / 1e9));
            }
        }
        return best;
    }

    private double reopen(Run run, boolean compressed) throws Exception {
        run.contender.close();
        long started = System.nanoTime();
        run.reopen(Log.NONE, compressed);
        bench.kept += run.contender.get(bench.key(bench.records - 1));
        return (System.nanoTime() - started) / 1e6;
    }

    /** LMDB and MVStore: other designs, without targets. Not in a quick run, and not where they would take all the time. */
    private void forOrientation() throws Exception {
        if (!bench.full || bench.records > 3_000_000) {
            return;
        }
        for (int which : new int[] {BenchContext.LMDB, BenchContext.MVSTORE}) {
            try (Run run = bench.open(which, Log.NONE, false)) {
                BenchContext.step("for orientation: " + run.contender.name());
                String name = run.contender.name();
                Measured puts = Measured.of(run.contender, bench.records, bench::put);
                run.contender.flush();
                List<Contender> alone = List.of(run.contender);
                Measured present = present(alone).get(0);
                bench.results.alsoMeasured("put, no WAL", name, puts.perSecond());
                bench.results.alsoMeasured("get present, cached", name, present.perSecond());
                bench.results.alsoMeasured("get present, cached, p99", name, present.micros(99));
                bench.results.alsoMeasured("get absent", name, absent(alone).get(0).perSecond());
                bench.results.alsoMeasured("scan of 100 rows", name, scans(alone, 100).get(0).perSecond());
                bench.results.alsoMeasured("full scan", name, fullScan(alone)[0]);
            }
        }
    }

    /** One thread reads what is there while another writes as fast as the store lets it. */
    private void whileWriting() throws Exception {
        BenchContext.step("get while writing");
        Measured[] reads = new Measured[2];
        double[] written = new double[2];
        for (int which = 0; which < 2; which++) {
            try (Run run = bench.loaded(which, false)) {
                AtomicBoolean stop = new AtomicBoolean();
                FutureTask<Double> writer = new FutureTask<>(writing(run.contender, stop));
                Thread thread = new Thread(writer, "bench-writer");
                thread.start();
                try {
                    reads[which] = Measured.sideBySide(List.of(run.contender), bench.reads, bench.warmUpMillis(), new Gets(11, false)).get(0);
                } finally {
                    stop.set(true);
                    written[which] = writer.get();
                }
            }
        }
        bench.results.compare("get present while writing at full speed", "ops/s", reads[0].perSecond(), reads[1].perSecond(), true, 0);
        bench.results.compare("get present while writing, p99", "us", reads[0].micros(99), reads[1].micros(99), false, 0);
        bench.results.compare("put at full speed while reading", "ops/s", written[0], written[1], true, 0);
    }

    private Callable<Double> writing(Contender contender, AtomicBoolean stop) {
        byte[] key = new byte[Workload.KEY_BYTES];
        byte[] value = new byte[Workload.VALUE_BYTES];
        return () -> {
            long started = System.nanoTime();
            long count = 0;
            while (!stop.get()) {
                int record = (int) (count++ % bench.records);
                bench.workload.key(record, false, key);
                bench.workload.value(record, value);
                contender.put(key, value);
            }
            return count / ((System.nanoTime() - started) / 1e9);
        };
    }

    /** A thousand ranges are deleted, then everything is read. */
    private void afterRangeDeletes() throws Exception {
        BenchContext.step("reads after range deletes");
        try (Run ours = bench.loaded(BenchContext.OURS, false); Run theirs = bench.loaded(BenchContext.ROCKSDB, false)) {
            List<Contender> both = List.of(ours.contender, theirs.contender);
            for (Contender contender : both) {
                for (int i = 0; i < 1000; i++) {
                    byte[] lower = bench.key(i * (bench.records / 1000)).clone();
                    byte[] upper = lower.clone();
                    upper[18]++;
                    contender.deleteRange(lower, upper);
                }
            }
            List<Measured> gets = Measured.sideBySide(both, bench.reads / 4, bench.warmUpMillis(), new Gets(9, false));
            bench.results.compare("get after 1,000 range deletes", "ops/s", gets.get(0).perSecond(), gets.get(1).perSecond(), true, 4);
        }
    }
}
