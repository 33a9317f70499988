package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.BenchContext.Run;
import io.qaexchange.storage.bench.Contender.Log;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One store of each contender, with one codec, from its first put to its last read: puts without log, a checkpoint right after them, then, at rest,
 * what it takes on disk, point reads, scans, opening. Each store is filled once, so that 100 million records can be measured in an hour.
 */
final class StoreMeasures {
    private final BenchContext bench;
    private final Reads reads;
    private final boolean compressed;
    private final String suffix;

    StoreMeasures(BenchContext bench, boolean compressed) {
        this.bench = bench;
        this.compressed = compressed;
        reads = new Reads(bench);
        suffix = compressed ? ", LZ4" : "";
    }

    /** @param withReads whether to read the stores as well */
    void run(boolean withReads) throws Exception {
        BenchContext.step("put" + suffix);
        List<Run> runs = new ArrayList<>();
        try {
            fill(runs);
            if (withReads) {
                BenchContext.step("reads" + suffix);
                read(runs);
            }
        } finally {
            for (Run run : runs) {
                run.close();
            }
        }
    }

    private void fill(List<Run> runs) throws Exception {
        Measured[] puts = new Measured[BenchContext.none().length];
        double[] perSecond = BenchContext.none();
        double[] allocated = BenchContext.none();
        double[] amplification = BenchContext.none();
        double[] hiccups = BenchContext.none();
        double[] checkpoints = BenchContext.none();
        double[] disk = BenchContext.none();
        for (int which : bench.contenders) {
            Run run = bench.open(which, Log.NONE, compressed);
            runs.add(run);
            Hiccups machine = Hiccups.begin();
            puts[which] = Measured.of(run.contender, bench.records, bench::put);
            hiccups[which] = machine.end();
            perSecond[which] = puts[which].perSecond();
            allocated[which] = puts[which].bytesPerOperation();
            checkpoints[which] = checkpointMillis(run);
            BenchContext.waits(run);
            run.contender.flush();
            run.contender.awaitIdle();
            amplification[which] = run.contender.bytesWritten() / bench.userBytes();
            disk[which] = BenchContext.tableBytes(run.directory) / 1e6;
        }
        Results results = bench.results;
        results.compare("put, no WAL" + suffix, "ops/s", perSecond, true, 2);
        results.compare("put, no WAL, p99" + suffix, "us", Measured.micros(puts, 99), false, 0);
        results.compare("put, no WAL, p99.9" + suffix, "us", Measured.micros(puts, 99.9), false, 0);
        results.bound("put, no WAL, p99.99" + suffix, "us", Measured.micros(puts, 99.99), false, 5_000, bench.full);
        results.bound("put, no WAL, longest" + suffix, "us", Measured.micros(puts, 100), false, 50_000, bench.full);
        results.compare("longest time meanwhile that another thread waited for a core" + suffix, "us", hiccups, false, 0);
        results.compare("put, no WAL, allocated" + suffix, "B/op", allocated, false, 0);
        results.compare("checkpoint to its end, right after the puts" + suffix, "ms", checkpoints, false, 1 / 1.5);
        results.bound("write amplification, no WAL" + suffix, "x", amplification, false, compressed ? Double.NaN : 1.4, bench.records >= 30_000_000);
        results.compare("disk" + suffix, "MB", disk, false, 1 / 1.05);
    }

    private double checkpointMillis(Run run) throws Exception {
        Path folder = bench.newFolder();
        Files.delete(folder);
        long started = System.nanoTime();
        run.contender.checkpointToEnd(folder);
        double millis = (System.nanoTime() - started) / 1e6;
        BenchContext.delete(folder);
        return millis;
    }

    private void read(List<Run> runs) throws Exception {
        List<Contender> contenders = runs.stream().map(run -> run.contender).toList();
        Results results = bench.results;
        results.compare("get present, of blocks that were not read since they were written" + suffix, "ops/s", each(reads.present(contenders), Measured::perSecond), true, 0);
        reads.everyBlock(contenders);
        List<Measured> present = reads.present(contenders);
        results.compare("get present" + suffix, "ops/s", each(present, Measured::perSecond), true, bench.records >= 30_000_000 ? 2.5 : 4);
        results.bound("get present, p99" + suffix, "us", each(present, measured -> measured.micros(99)), false, bench.records >= 30_000_000 ? Double.NaN : 3, true);
        results.compare("get present, allocated" + suffix, "B/op", each(present, Measured::bytesPerOperation), false, 0);
        List<Measured> arrays = reads.arrays(contenders);
        results.compare("get present, byte array" + suffix, "ops/s", each(arrays, Measured::perSecond), true, bench.records >= 30_000_000 ? 2.5 : 0);
        List<Measured> absent = reads.absent(contenders);
        results.compare("get absent" + suffix, "ops/s", each(absent, Measured::perSecond), true, bench.records >= 30_000_000 ? 2 : 3);
        List<Measured> scans = reads.scans(contenders, 100);
        double wanted = bench.records >= 30_000_000 ? 4 : compressed ? 3 : 8;
        results.compare("scan of 100 rows" + suffix, "scans/s", each(scans, Measured::perSecond), true, wanted);
        results.compare("scan of 100 rows, p50" + suffix, "us", each(scans, measured -> measured.micros(50)), false, 0);
        results.compare("scan of 100 rows, p99" + suffix, "us", each(scans, measured -> measured.micros(99)), false, 0);
        results.compare("scan of 100 rows, new iterator, allocated" + suffix, "B/op", each(scans, Measured::bytesPerOperation), false, 0);
        results.compare("scan of 10 rows" + suffix, "scans/s", each(reads.scans(contenders, 10), Measured::perSecond), true, 0);
        results.compare("full scan" + suffix, "rows/s", placed(reads.fullScan(contenders)), true, bench.records >= 30_000_000 ? 6 : compressed ? 3 : 8);
        double[] millis = new double[runs.size()];
        for (int i = 0; i < millis.length; i++) {
            millis[i] = reopen(runs.get(i));
        }
        results.bound("reopen and first get, all in files" + suffix, "ms", placed(millis), false, 300, true);
    }

    private double[] each(List<Measured> measured, ToDoubleFunction<Measured> figure) {
        return placed(measured.stream().mapToDouble(figure).toArray());
    }

    /** Figures of the contenders that take part, each at its place in a row. */
    private double[] placed(double[] figures) {
        double[] row = BenchContext.none();
        for (int i = 0; i < figures.length; i++) {
            row[bench.contenders.get(i)] = figures[i];
        }
        return row;
    }

    private double reopen(Run run) throws Exception {
        run.contender.close();
        long started = System.nanoTime();
        run.reopen(Log.NONE, compressed);
        bench.kept += run.contender.get(bench.key(bench.records - 1));
        return (System.nanoTime() - started) / 1e6;
    }
}
