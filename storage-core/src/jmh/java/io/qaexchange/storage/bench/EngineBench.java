package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.Contender.Log;
import io.qaexchange.storage.bench.Contender.Setup;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * Runs each measure on both contenders, one after the other on the same records, and prints a table.
 *
 * <p>{@code EngineBench [--records N] [--quick] [--json FILE] [--dir D]}. Exit code 0 if it ran, whatever the figures; 2 if it could
 * not.
 */
public final class EngineBench {
    private static final int BATCH = 1000;

    private final int records;
    private final int reads;
    private final boolean full;
    private final Path base;
    private final Workload workload;
    private final Results results = new Results();
    private final byte[] key = new byte[Workload.KEY_BYTES];
    private final byte[] value = new byte[Workload.VALUE_BYTES];
    private long kept;

    private EngineBench(int records, boolean full, Path base) {
        this.records = records;
        this.full = full;
        this.base = base;
        reads = Math.min(records, full ? 1_000_000 : 200_000);
        workload = new Workload(records);
    }

    public static void main(String[] args) throws Exception {
        int records = 3_000_000;
        boolean quick = false;
        Path json = null;
        Path base = Path.of(System.getProperty("java.io.tmpdir"));
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--records" -> records = Integer.parseInt(argument(args, ++i));
                case "--quick" -> quick = true;
                case "--json" -> json = Path.of(argument(args, ++i));
                case "--dir" -> base = Path.of(argument(args, ++i));
                case "--help" -> {
                    System.out.println("bin/bench engine [--records N (default 3,000,000)] [--quick (400,000 records, under a minute)] [--json FILE] [--dir D]");
                    return;
                }
                default -> fail("unknown option " + args[i] + "; --help tells which there are");
            }
        }
        EngineBench bench = new EngineBench(quick ? Math.min(records, 400_000) : records, !quick, base);
        bench.run();
        System.out.print(bench.results.table());
        if (json != null) {
            Files.writeString(json, bench.results.json());
        }
    }

    private static String argument(String[] args, int at) {
        if (at >= args.length) {
            fail(args[at - 1] + " needs a value");
        }
        return args[at];
    }

    private static void fail(String message) {
        System.err.println("bench: " + message);
        System.exit(2);
    }

    private void run() throws Exception {
        System.err.printf("%,d records of %d + %d bytes, %d cores%n", records, Workload.KEY_BYTES, Workload.VALUE_BYTES,
                Runtime.getRuntime().availableProcessors());
        warmUp();
        putWithoutLog(false);
        reads(false);
        reads(true);
        putLogged();
        syncedBatches();
        appends();
        rangeDeletes();
        System.err.println("(" + kept + ")");
    }

    /** Both contenders on a small store, so that neither measures the compiler. */
    private void warmUp() throws Exception {
        step("warm-up");
        int small = Math.min(records, 150_000);
        for (int round = 0; round < 2; round++) {
            for (int which = 0; which < 2; which++) {
                try (Run run = open(which, Log.values()[round], false)) {
                    for (int i = 0; i < small; i++) {
                        put(run.contender, i);
                    }
                    run.contender.flush();
                    for (int i = 0; i < small; i++) {
                        workload.key(i, (i & 1) == 0, key);
                        kept += run.contender.get(key);
                    }
                    kept += run.contender.scan(key(0), small);
                }
            }
        }
    }

    /** A contender with a folder of its own, which goes with it. */
    private final class Run implements AutoCloseable {
        final Path directory;
        Contender contender;

        Run(Path directory) {
            this.directory = directory;
        }

        @Override
        public void close() throws Exception {
            contender.close();
            delete(directory);
        }
    }

    private Run open(int which, Log log, boolean compressed) throws Exception {
        Run run = new Run(Files.createTempDirectory(base, "engine-bench"));
        run.contender = contender(which, new Setup(run.directory, log, compressed));
        return run;
    }

    private static Contender contender(int which, Setup setup) throws Exception {
        return which == 0 ? new LsmContender(setup, true) : new RocksContender(setup);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void step(String name) {
        System.err.println("  " + name);
    }

    private void put(Contender contender, int i) throws Exception {
        workload.key(i, false, key);
        workload.value(i, value);
        contender.put(key, value);
    }

    private byte[] key(int i) {
        workload.key(i, false, key);
        return key;
    }

    private void putWithoutLog(boolean compressed) throws Exception {
        step("put without WAL");
        Measured[] measured = new Measured[2];
        double[] amplification = new double[2];
        for (int which = 0; which < 2; which++) {
            try (Run run = open(which, Log.NONE, compressed)) {
                Contender contender = run.contender;
                measured[which] = Measured.of(contender, records, this::put);
                contender.flush();
                contender.awaitIdle();
                amplification[which] = contender.bytesWritten() / ((double) records * (Workload.KEY_BYTES + Workload.VALUE_BYTES));
            }
        }
        results.compare("put, no WAL", "ops/s", measured[0].perSecond(), measured[1].perSecond(), true, 2);
        results.compare("put, no WAL, p99", "us", measured[0].micros(99), measured[1].micros(99), false, 0);
        results.compare("put, no WAL, allocated", "B/op", measured[0].bytesPerOperation(), measured[1].bytesPerOperation(), false, 0);
        results.bound("write amplification, no WAL", "x", amplification[0], amplification[1], false, 1.4, records >= 30_000_000);
    }

    private void putLogged() throws Exception {
        step("put with WAL");
        Measured[] measured = new Measured[2];
        double[] amplification = new double[2];
        double[] reopenMillis = new double[2];
        for (int which = 0; which < 2; which++) {
            try (Run run = open(which, Log.BUFFERED, false)) {
                Contender contender = run.contender;
                measured[which] = Measured.of(contender, records, this::put);
                contender.awaitIdle();
                amplification[which] = contender.bytesWritten() / ((double) records * (Workload.KEY_BYTES + Workload.VALUE_BYTES));
                contender.close();
                long started = System.nanoTime();
                run.contender = contender(which, new Setup(run.directory, Log.BUFFERED, false));
                kept += run.contender.get(key(records - 1));
                reopenMillis[which] = (System.nanoTime() - started) / 1e6;
            }
        }
        results.compare("put, WAL, not synced per write", "ops/s", measured[0].perSecond(), measured[1].perSecond(), true, 3);
        results.bound("put, WAL, p99", "us", measured[0].micros(99), measured[1].micros(99), false, 3, true);
        results.compare("put, WAL, p99.9", "us", measured[0].micros(99.9), measured[1].micros(99.9), false, 0);
        results.bound("write amplification, WAL", "x", amplification[0], amplification[1], false, 2.5, records >= 30_000_000);
        results.compare("reopen and first get, WAL to replay", "ms", reopenMillis[0], reopenMillis[1], false, 0);
    }

    private void syncedBatches() throws Exception {
        step("synced batches");
        int batches = full ? 500 : 60;
        Measured[] measured = new Measured[2];
        for (int which = 0; which < 2; which++) {
            try (Run run = open(which, Log.SYNCED, false)) {
                Contender contender = run.contender;
                measured[which] = Measured.of(contender, batches, (on, batch) -> {
                    for (int i = 0; i < BATCH; i++) {
                        int record = (batch * BATCH + i) % records;
                        workload.key(record, false, key);
                        workload.value(record, value);
                        on.addToBatch(key, value);
                    }
                    on.writeBatch();
                });
            }
        }
        results.bound("put in synced batches of 1,000", "records/s", measured[0].perSecond() * BATCH, measured[1].perSecond() * BATCH, true, 800_000, full);
        results.compare("synced batch of 1,000, p99", "us", measured[0].micros(99), measured[1].micros(99), false, 0);
    }

    private void reads(boolean compressed) throws Exception {
        String suffix = compressed ? ", LZ4" : "";
        step("reads" + suffix);
        try (Run ours = loaded(0, compressed); Run theirs = loaded(1, compressed)) {
            List<Contender> both = List.of(ours.contender, theirs.contender);
            SplittableRandom random = new SplittableRandom(7);
            List<Measured> present = Measured.sideBySide(both, reads, warmUpMillis(), (contender, i) -> {
                workload.key(random.nextInt(records), false, key);
                if (contender.get(key) != Workload.VALUE_BYTES) {
                    throw new AssertionError("a record is missing in " + contender.name());
                }
            });
            List<Measured> absent = Measured.sideBySide(both, reads, warmUpMillis(), (contender, i) -> {
                workload.key(random.nextInt(records), true, key);
                if (contender.get(key) >= 0) {
                    throw new AssertionError("a record that was never written is in " + contender.name());
                }
            });
            List<Measured> scans = Measured.sideBySide(both, reads / 10, warmUpMillis(),
                    (contender, i) -> kept += contender.scan(key(random.nextInt(records)), 100));
            double[] rowsPerSecond = fullScan(both);
            String get = "get present, cached";
            results.compare(get + suffix, "ops/s", present.get(0).perSecond(), present.get(1).perSecond(), true, 4);
            results.bound(get + ", p99" + suffix, "us", present.get(0).micros(99), present.get(1).micros(99), false, 3, true);
            results.compare("get present, allocated" + suffix, "B/op", present.get(0).bytesPerOperation(), present.get(1).bytesPerOperation(), false, 0);
            results.compare("get absent" + suffix, "ops/s", absent.get(0).perSecond(), absent.get(1).perSecond(), true, 3);
            results.compare("scan of 100 rows" + suffix, "scans/s", scans.get(0).perSecond(), scans.get(1).perSecond(), true, compressed ? 3 : 8);
            results.compare("scan of 100 rows, p50" + suffix, "us", scans.get(0).micros(50), scans.get(1).micros(50), false, 0);
            results.compare("scan of 100 rows, p99" + suffix, "us", scans.get(0).micros(99), scans.get(1).micros(99), false, 0);
            results.compare("full scan" + suffix, "rows/s", rowsPerSecond[0], rowsPerSecond[1], true, compressed ? 3 : 8);
            results.compare("disk" + suffix, "MB", diskBytes(ours.directory) / 1e6, diskBytes(theirs.directory) / 1e6, false, 0);
        }
    }

    private long warmUpMillis() {
        return full ? 3_000 : 1_000;
    }

    /** A contender that has taken in all records, at rest. */
    private Run loaded(int which, boolean compressed) throws Exception {
        Run run = open(which, Log.NONE, compressed);
        for (int i = 0; i < records; i++) {
            put(run.contender, i);
        }
        run.contender.flush();
        run.contender.awaitIdle();
        return run;
    }

    /** Rows per second, the best of several passes: the first ones measure the compiler, any may measure a neighbour. */
    private double[] fullScan(List<Contender> contenders) throws Exception {
        double[] best = new double[contenders.size()];
        for (int pass = 0; pass < 5; pass++) {
            for (int which = 0; which < best.length; which++) {
                long started = System.nanoTime();
                kept += contenders.get(which).scan(new byte[0], Integer.MAX_VALUE);
                best[which] = Math.max(best[which], records / ((System.nanoTime() - started) / 1e9));
            }
        }
        return best;
    }

    private static double diskBytes(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> all = new ArrayList<>(files.filter(file -> file.toString().endsWith(".sst")).toList());
            long bytes = 0;
            for (Path file : all) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }

    private void appends() throws Exception {
        step("list append");
        int operations = Math.min(records, 1_000_000);
        byte[] element = new byte[16];
        Measured[] measured = new Measured[2];
        for (int which = 0; which < 2; which++) {
            try (Run run = open(which, Log.NONE, false)) {
                Contender contender = run.contender;
                measured[which] = Measured.of(contender, operations, (on, i) -> on.append(key(i % 10_000), element));
            }
        }
        results.compare("list append, no WAL", "ops/s", measured[0].perSecond(), measured[1].perSecond(), true, 2);
    }

    /** A thousand ranges are deleted, then everything is read. */
    private void rangeDeletes() throws Exception {
        step("reads after range deletes");
        int some = Math.min(records, 1_000_000);
        try (Run ours = loaded(0, false); Run theirs = loaded(1, false)) {
            List<Contender> both = List.of(ours.contender, theirs.contender);
            for (Contender contender : both) {
                for (int i = 0; i < 1000; i++) {
                    byte[] lower = key(i * (some / 1000)).clone();
                    byte[] upper = lower.clone();
                    upper[18]++;
                    contender.deleteRange(lower, upper);
                }
            }
            SplittableRandom random = new SplittableRandom(9);
            List<Measured> gets = Measured.sideBySide(both, reads / 4, warmUpMillis(), (contender, i) -> kept += contender.get(key(random.nextInt(some))));
            results.compare("get after 1,000 range deletes", "ops/s", gets.get(0).perSecond(), gets.get(1).perSecond(), true, 4);
        }
    }
}
