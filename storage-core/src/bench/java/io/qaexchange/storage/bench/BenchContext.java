package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.Contender.Layout;
import io.qaexchange.storage.bench.Contender.Log;
import io.qaexchange.storage.bench.Contender.Setup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Shared by all measures: the records, the time to measure, the folder of stores, and the table. One thread. */
final class BenchContext {
    static final int OURS = 0;
    /** With its own default and Flink's: blocks of 4 KB. */
    static final int ROCKSDB = 1;
    static final int ROCKSDB_16K = 2;
    static final int LMDB = 3;
    static final int MVSTORE = 4;

    static final long USUAL_CACHE_BYTES = 512L << 20;

    final int records;
    /** Point reads of a measure. */
    final int reads;
    /** Whether the run is long enough to judge by. */
    final boolean full;
    final Workload workload;
    final Results results = new Results("rocksdb 4K", "rocksdb 16K");
    /** Who takes part where the size of blocks matters. */
    final List<Integer> contenders;
    final Layout layout;
    final long cacheBytes;
    final Path base;
    private final byte[] key = new byte[Workload.KEY_BYTES];
    private final byte[] value = new byte[Workload.VALUE_BYTES];
    /** Sums that keep measured work alive. */
    long kept;

    BenchContext(int records, boolean full, Path base, List<Integer> contenders, Layout layout, long cacheBytes) {
        this.contenders = List.copyOf(contenders);
        this.layout = layout;
        this.cacheBytes = cacheBytes;
        this.records = records;
        this.full = full;
        this.base = base;
        reads = Math.min(records, full ? 1_000_000 : 200_000);
        workload = new Workload(records);
    }

    /** A figure of each contender that takes part, at its place in a row; NaN for the others. */
    static double[] none() {
        return new double[] {Double.NaN, Double.NaN, Double.NaN};
    }

    /** A contender with a folder of its own, which goes with it. */
    final class Run implements AutoCloseable {
        final int which;
        final Path directory;
        Contender contender;

        private Run(int which, Path directory) {
            this.which = which;
            this.directory = directory;
        }

        /** Closes the store and opens it again as it was, or otherwise. */
        void reopen(Log log, boolean compressed) throws Exception {
            contender.close();
            contender = contender(which, new Setup(directory, log, compressed, false, layout, cacheBytes));
        }

        @Override
        public void close() throws Exception {
            contender.close();
            delete(directory);
        }
    }

    Run open(int which, Log log, boolean compressed) throws Exception {
        return open(which, log, compressed, false);
    }

    /** A contender that can tell what it wrote. */
    Run openCounted(int which, Log log) throws Exception {
        return open(which, log, false, true);
    }

    private Run open(int which, Log log, boolean compressed, boolean counted) throws Exception {
        Run run = new Run(which, Files.createTempDirectory(base, "engine-bench"));
        run.contender = contender(which, new Setup(run.directory, log, compressed, counted, layout, cacheBytes));
        return run;
    }

    static Contender contender(int which, Setup setup) throws Exception {
        return switch (which) {
            case OURS -> new LsmContender(setup);
            case ROCKSDB -> new RocksContender(setup, 4 << 10);
            case ROCKSDB_16K -> new RocksContender(setup, 16 << 10);
            case LMDB -> new LmdbContender(setup);
            default -> new MvStoreContender(setup);
        };
    }

    /** A contender that has taken in all records, at rest. */
    Run loaded(int which, boolean compressed) throws Exception {
        Run run = open(which, Log.NONE, compressed);
        for (int i = 0; i < records; i++) {
            put(run.contender, i);
        }
        run.contender.flush();
        run.contender.awaitIdle();
        return run;
    }

    void put(Contender contender, int i) throws Exception {
        workload.key(i, false, key);
        workload.value(i, value);
        contender.put(key, value);
    }

    void addToBatch(Contender contender, int i) throws Exception {
        workload.key(i, false, key);
        workload.value(i, value);
        contender.addToBatch(key, value);
    }

    /** The key of a record; the same array every time. */
    byte[] key(int i) {
        workload.key(i, false, key);
        return key;
    }

    byte[] absentKey(int i) {
        workload.key(i, true, key);
        return key;
    }

    double userBytes() {
        return (double) records * (Workload.KEY_BYTES + Workload.VALUE_BYTES);
    }

    long warmUpMillis() {
        return full ? 3_000 : 600;
    }

    Path newFolder() throws IOException {
        return Files.createTempDirectory(base, "engine-bench");
    }

    static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    static double tableBytes(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".sst")).mapToLong(file -> file.toFile().length()).sum();
        }
    }

    /** Tells why the puts of a run waited. */
    static void waits(Run run) {
        if (!run.contender.waits().isEmpty()) {
            System.err.println("    " + run.contender.waits());
        }
    }

    static void step(String name) {
        System.err.println("  " + name);
    }
}
