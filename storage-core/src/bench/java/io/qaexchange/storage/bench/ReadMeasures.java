package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.BenchContext.Run;
import io.qaexchange.storage.bench.Contender.Log;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;

/** Reads while another thread writes, reads after range deletes, and other engines for orientation. RocksDB here has blocks of 4 KB. */
final class ReadMeasures {
    private final BenchContext bench;
    private final Reads reads;

    ReadMeasures(BenchContext bench) {
        this.bench = bench;
        reads = new Reads(bench);
    }

    /** @param withOthers whether stores that are here for orientation take part */
    void run(boolean withOthers) throws Exception {
        if (withOthers) {
            forOrientation();
        }
        whileWriting();
        afterRangeDeletes();
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
                Measured present = reads.present(alone).get(0);
                bench.results.alsoMeasured("put, no WAL", name, puts.perSecond());
                bench.results.alsoMeasured("get present", name, present.perSecond());
                bench.results.alsoMeasured("get present, p99", name, present.micros(99));
                bench.results.alsoMeasured("get absent", name, reads.absent(alone).get(0).perSecond());
                bench.results.alsoMeasured("scan of 100 rows", name, reads.scans(alone, 100).get(0).perSecond());
                bench.results.alsoMeasured("full scan", name, reads.fullScan(alone)[0]);
            }
        }
    }

    /** One thread reads what is there while another writes as fast as the store lets it. */
    private void whileWriting() throws Exception {
        BenchContext.step("get while writing");
        Measured[] measured = new Measured[2];
        double[] written = new double[2];
        for (int which = 0; which < 2; which++) {
            try (Run run = bench.loaded(which, false)) {
                AtomicBoolean stop = new AtomicBoolean();
                FutureTask<Double> writer = new FutureTask<>(writing(run.contender, stop));
                Thread thread = new Thread(writer, "bench-writer");
                thread.start();
                try {
                    measured[which] = Measured.sideBySide(List.of(run.contender), bench.reads, bench.warmUpMillis(), reads.new Gets(11, false)).get(0);
                } finally {
                    stop.set(true);
                    written[which] = writer.get();
                }
            }
        }
        bench.results.compare("get present while writing at full speed", "ops/s", measured[0].perSecond(), measured[1].perSecond(), true, 0);
        bench.results.compare("get present while writing, p99", "us", measured[0].micros(99), measured[1].micros(99), false, 0);
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
            List<Measured> gets = Measured.sideBySide(both, bench.reads / 4, bench.warmUpMillis(), reads.new Gets(9, false));
            bench.results.compare("get after 1,000 range deletes", "ops/s", gets.get(0).perSecond(), gets.get(1).perSecond(), true, 4);
        }
    }
}
