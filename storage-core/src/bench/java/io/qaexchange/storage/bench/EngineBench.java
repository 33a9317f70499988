package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.Contender.Layout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Runs each measure on our engine and on RocksDB, on the same records in one process, and prints a table.
 *
 * <p>{@code EngineBench [--records N] [--quick] [--only WHAT] [--codec NAME] [--contenders LIST] [--leveled] [--cache MB] [--memory MB] [--sizes LIST [--svg FILE]] [--reference] [--json FILE] [--dir D]}. Exit code 0 if it ran, whatever the figures; 2
 * if it could not.
 */
public final class EngineBench {
    private static final String USAGE = """
            bin/bench engine [--records N] [--quick] [--only WHAT] [--codec NAME] [--contenders LIST] [--leveled] [--cache MB] [--memory MB] [--sizes LIST [--svg FILE]] [--reference] [--json FILE] [--dir D]
              --records N   how many (default 3,000,000)
              --quick       400,000 records, under a minute
              --only WHAT   puts (with and without log), reads (puts without log, then reads), or other; all without this
              --codec NAME  of puts and reads: none or lz4; both without this
              --contenders LIST   of ours, 4k and 16k (RocksDB with blocks of this size): who takes part in puts and reads; all without this
              --leveled     our events in levels, without event time, as a state of Flink has them; without this in windows of event time
              --cache MB    size of the block cache (default 512), to read data that is larger than it
              --memory MB   memory of the whole process, cached pages of files included (a cgroup, made by bin/bench), to read data that is larger than it
              --sizes LIST  costs per row at these numbers of records, ascending, instead; of the codec that --codec names, else none
              --svg FILE    with --sizes, a chart of them
              --reference   the workloads of the reference system instead, beside its own figures
              --json FILE   the table for programs
              --dir D       where the stores go
            """;

    private static final List<Integer> CONTENDERS = List.of(BenchContext.OURS, BenchContext.ROCKSDB, BenchContext.ROCKSDB_16K);

    private EngineBench() {}

    public static void main(String[] args) throws Exception {
        int records = 3_000_000;
        boolean quick = false;
        boolean reference = false;
        String only = "";
        String codec = "";
        List<Integer> contenders = CONTENDERS;
        Layout layout = Layout.WINDOWS;
        long cacheBytes = BenchContext.USUAL_CACHE_BYTES;
        List<Integer> sizes = List.of();
        Path svg = null;
        Path json = null;
        Path base = Path.of(System.getProperty("java.io.tmpdir"));
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--records" -> records = number(argument(args, ++i));
                case "--quick" -> quick = true;
                case "--only" -> only = argument(args, ++i);
                case "--cache" -> cacheBytes = (long) number(argument(args, ++i)) << 20;
                case "--sizes" -> sizes = Arrays.stream(argument(args, ++i).split(",")).map(EngineBench::number).sorted().toList();
                case "--svg" -> svg = Path.of(argument(args, ++i));
                case "--leveled" -> layout = Layout.LEVELS;
                case "--codec" -> codec = argument(args, ++i);
                case "--contenders" -> contenders = contenders(argument(args, ++i));
                case "--reference" -> reference = true;
                case "--json" -> json = Path.of(argument(args, ++i));
                case "--dir" -> base = Path.of(argument(args, ++i));
                case "--help" -> {
                    System.out.print(USAGE);
                    return;
                }
                default -> fail("unknown option " + args[i] + "; --help tells which there are");
            }
        }
        if (!Set.of("", "puts", "reads", "other").contains(only)) {
            fail("--only takes puts, reads or other, not " + only);
        }
        if (!Set.of("", "none", "lz4").contains(codec)) {
            fail("--codec takes none or lz4, not " + codec);
        }
        if (!Files.isDirectory(base)) {
            fail("there is no folder " + base);
        }
        if (!sizes.isEmpty()) {
            SizeMeasures measures = new SizeMeasures(base, contenders, layout, cacheBytes, codec.equals("lz4"));
            measures.run(sizes);
            System.out.print(measures.table());
            if (svg != null) {
                Files.writeString(svg, measures.svg());
            }
            return;
        }
        Results results;
        if (reference) {
            results = new ReferenceWorkloads(base, quick).run();
        } else {
            BenchContext bench = new BenchContext(quick ? Math.min(records, 400_000) : records, !quick, base, contenders, layout, cacheBytes);
            run(bench, only, codec);
            results = bench.results;
        }
        System.out.print(results.table());
        if (json != null) {
            Files.writeString(json, results.json());
        }
    }

    private static void run(BenchContext bench, String only, String codec) throws Exception {
        System.err.printf("%,d records of %d + %d bytes, %d cores%n", bench.records, Workload.KEY_BYTES, Workload.VALUE_BYTES,
                Runtime.getRuntime().availableProcessors());
        WriteMeasures writes = new WriteMeasures(bench);
        writes.warmUp();
        for (boolean compressed : new boolean[] {false, true}) {
            if (!only.equals("other") && !codec.equals(compressed ? "none" : "lz4")) {
                new StoreMeasures(bench, compressed).run(!only.equals("puts"));
            }
        }
        if (!only.equals("other") && !only.equals("reads") && codec.isEmpty()) {
            writes.logged();
        }
        if (only.isEmpty() || only.equals("other")) {
            new ReadMeasures(bench).run(only.isEmpty());
        }
        if (only.isEmpty() || only.equals("other")) {
            writes.syncedBatches();
            writes.groupCommit();
            writes.appends();
            writes.checkpoints();
            new MemoryMeasures(bench).run();
        }
        System.err.println("(" + bench.kept + ")");
    }

    private static List<Integer> contenders(String text) {
        List<Integer> all = new ArrayList<>();
        for (String name : text.split(",")) {
            int which = List.of("ours", "4k", "16k").indexOf(name);
            if (which < 0) {
                fail("--contenders takes a list of ours, 4k and 16k, not " + text);
            }
            all.add(which);
        }
        return all;
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text.replace(",", "").replace("_", ""));
        } catch (NumberFormatException e) {
            fail("not a number: " + text);
            return 0;
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
}
