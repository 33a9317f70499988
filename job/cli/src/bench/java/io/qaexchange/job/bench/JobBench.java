package io.qaexchange.job.bench;

import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.state.LsmStateBackend;
import io.qaexchange.state.LsmStateOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.state.rocksdb.RocksDBOptions;
import org.apache.flink.util.FileUtils;

/**
 * Runs the whole job on each backend and its ceiling, each in a process of its own ({@link BenchWorker}), in turn and several times, and
 * prints a table; of the rounds the best counts, as a shared machine disturbs but does not help. Before the first round that counts every
 * process takes the whole feed some times: a job that runs for days has compiled its code long ago.
 *
 * <p>{@code JobBench [--messages N] [--warm-ups N] [--rounds N] [--quick] [--json FILE] [--dir D] [--only BACKEND]}. Exit code 0 if it ran,
 * whatever the figures; 2 if it could not.
 */
public final class JobBench {

    private static final int PARALLELISM = 2;
    private static final List<String> BACKENDS = List.of("lsm", "rocksdb", "hashmap");
    private static final int KAFKA_WARM_UPS = 3;
    private static final long BYTES_PER_MB = 1_000_000L;
    private static final long STORED_BYTES_PER_MESSAGE = 100;
    private static final MemorySize MEMORY_PER_OPERATOR = MemorySize.ofMebiBytes(128);
    private static final double WANTED_OF_ROCKSDB = 2;
    private static final double WANTED_OF_CEILING = 0.85;
    private static final double WANTED_OF_HASHMAP = 0.8;
    private static final double WANTED_WITH_LEDGER = 0.8;
    private static final double WANTED_ARCHIVING_MB = 100;
    private static final double WANTED_PAUSE_MS = 5;
    private static final double WANTED_PARQUET = 0.4;
    private static final double WANTED_RECOVERY_MS = 2000;
    private static final double WANTED_LOCAL_RECOVERY_MS = 1000;

    private final Settings settings;
    private final Path folder;
    private final String only;
    private final Map<String, BenchWorker> workers = new LinkedHashMap<>();
    private final JobResults results = new JobResults();

    private JobBench(Settings settings, Path folder, String only) {
        this.settings = settings;
        this.folder = folder;
        this.only = only;
    }

    /** How much there is to run. */
    private record Settings(int messages, int warmUps, int rounds, List<Integer> rates, int seconds) {
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        int messages = 2_000_000;
        // The one thread of the optimizing compiler on two cores is busy for more than a minute of them.
        int warmUps = 8;
        int rounds = 3;
        List<Integer> rates = List.of(50_000, 100_000);
        // Some thousand pauses, so that there are some beyond the 99.9%.
        int seconds = 60;
        Path json = null;
        Path base = Path.of(System.getProperty("java.io.tmpdir"));
        String only = null;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--messages" -> messages = Integer.parseInt(argument(args, ++i));
                case "--warm-ups" -> warmUps = Integer.parseInt(argument(args, ++i));
                case "--rounds" -> rounds = Integer.parseInt(argument(args, ++i));
                case "--quick" -> {
                    messages = 300_000;
                    warmUps = 2;
                    rounds = 2;
                    seconds = 15;
                }
                case "--rate" -> rates = Arrays.stream(argument(args, ++i).split(",")).map(Integer::valueOf).toList();
                case "--seconds" -> seconds = Integer.parseInt(argument(args, ++i));
                case "--hot-megabytes" -> messages = messagesFor(Integer.parseInt(argument(args, ++i)));
                case "--json" -> json = Path.of(argument(args, ++i));
                case "--dir" -> base = Path.of(argument(args, ++i));
                case "--only" -> only = argument(args, ++i);
                case "--help" -> {
                    System.out.println("bin/bench job [--messages N (default 2,000,000)] [--warm-ups N (8; fewer measure the compiler)] [--rounds N (3)] [--quick (300,000 messages, 2 warm-ups, 2 rounds)] "
                            + "[--hot-megabytes N (instead of --messages: so many that this much is stored)] "
                            + "[--rate PER_SECOND,PER_SECOND (pauses at such a rate of input; 50,000 and 100,000)] [--seconds N (for each of them; 60, with --quick 15)] "
                            + "[--json FILE] [--dir D] [--only lsm|rocksdb|hashmap|ceiling|no-ledger|archiving|ledger|pauses|recovery|publisher, or several with commas (from memory only, for profiling)]");
                    return;
                }
                default -> fail("unknown option " + args[i] + "; --help tells which there are");
            }
        }
        Files.createDirectories(base);
        Path folder = Files.createTempDirectory(base, "qaexchange-bench");
        JobBench bench = new JobBench(new Settings(messages, warmUps, rounds, rates, seconds), folder, only);
        try {
            bench.run();
        } finally {
            delete(folder);
        }
        System.out.print(bench.results.table());
        if (json != null) {
            Files.writeString(json, bench.results.json());
        }
        System.exit(0);
    }

    /** Messages for that many stored bytes: partitions are cut to the smallest, and some messages are not stored. */
    private static int messagesFor(int hotMegabytes) {
        return Math.toIntExact(hotMegabytes * BYTES_PER_MB / STORED_BYTES_PER_MESSAGE);
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
        if (only == null) {
            whole();
            return;
        }
        switch (only) {
            case "archiving" -> {
                BenchMessages.generate(settings.messages(), PARALLELISM);
                archivingCost();
            }
            case "ledger" -> {
                BenchMessages.generate(settings.messages(), PARALLELISM);
                ledgerCost();
            }
            case "pauses" -> {
                BenchMessages.generate(settings.messages(), PARALLELISM);
                try (EmbeddedKafka kafka = broker()) {
                    pausesWhenPaced(new JobRuns(folder, PARALLELISM, kafka.bootstrapServers()));
                }
            }
            case "publisher" -> Publishing.measure(results);
            case "recovery" -> {
                BenchMessages.generate(settings.messages(), PARALLELISM);
                try (EmbeddedKafka kafka = broker()) {
                    JobRuns runs = new JobRuns(folder, PARALLELISM, kafka.bootstrapServers());
                    runs.fillTopic();
                    recovery(runs, List.of("lsm"));
                }
            }
            default -> {
                try (EmbeddedKafka kafka = broker()) {
                    fromMemory(kafka);
                } finally {
                    endWorkers();
                }
            }
        }
    }

    private EmbeddedKafka broker() throws IOException {
        EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"));
        kafka.createTopic("dead-letters", 1);
        kafka.createTopic(BenchMessages.TOPIC, PARALLELISM);
        return kafka;
    }

    private void whole() throws Exception {
        try (EmbeddedKafka kafka = broker()) {
            Map<String, JobRuns.Run> memory = fromMemory(kafka);
            BenchMessages.generate(settings.messages(), PARALLELISM);
            JobRuns runs = new JobRuns(folder, PARALLELISM, kafka.bootstrapServers());
            runs.fillTopic();
            // Another source is other code in the same threads, part of what was compiled for the first is given up.
            for (String contender : contenders()) {
                warmUp(contender, BenchWorker.FROM_KAFKA, Math.min(settings.warmUps(), KAFKA_WARM_UPS));
            }
            rates("from Kafka", best("from Kafka", BenchWorker.FROM_KAFKA));
            endWorkers();
            archiving(memory);
            recovery(runs, BACKENDS);
            pausesWhenPaced(runs);
            Publishing.measure(results);
        } finally {
            endWorkers();
        }
    }

    private Map<String, JobRuns.Run> fromMemory(EmbeddedKafka kafka) throws Exception {
        for (String contender : contenders()) {
            workers.put(contender, BenchWorker.start(contender, settings.messages(), PARALLELISM, folder.resolve(contender),
                    kafka.bootstrapServers()));
            warmUp(contender, BenchWorker.FROM_MEMORY, settings.warmUps());
        }
        Map<String, JobRuns.Run> memory = best("from memory", BenchWorker.FROM_MEMORY);
        rates("from memory", memory);
        pauses(memory);
        return memory;
    }

    private void warmUp(String contender, String source, int times) throws Exception {
        for (int i = 1; i <= times; i++) {
            JobRuns.Run run = workers.get(contender).run(source);
            say(String.format(Locale.ROOT, "%s, warm-up %d of %d from %s, not counted: %,d messages, %.2f us of processor each, %.2f of all compiling",
                    contender, i, times, source, run.events(), run.cpuMicros(), run.micros(ThreadTimes.COMPILING)));
        }
    }

    private void endWorkers() throws IOException {
        for (BenchWorker worker : workers.values()) {
            worker.close();
        }
        workers.clear();
    }

    private List<String> contenders() {
        return only == null ? JobResults.CONTENDERS : List.of(only.split(","));
    }

    private Map<String, JobRuns.Run> best(String what, String source) throws Exception {
        Map<String, JobRuns.Run> best = new LinkedHashMap<>();
        for (int round = 1; round <= settings.rounds(); round++) {
            for (String contender : contenders()) {
                JobRuns.Run run = workers.get(contender).run(source);
                say(String.format(Locale.ROOT, "%s, round %d, %s: %,.0f events/s in, %.2f us of processor each, %,.0f events/s with all archived", what,
                        round, contender, run.eventsPerSecond(), run.cpuMicros(), run.wholePerSecond()));
                say("  us of processor per event, whole run: " + ThreadTimes.text(run.threads(), run.events()));
                best.merge(contender, run, (a, b) -> a.eventsPerSecond() >= b.eventsPerSecond() ? a : b);
            }
        }
        return best;
    }

    private void rates(String what, Map<String, JobRuns.Run> best) {
        Map<String, Double> rate = figures(best, JobRuns.Run::eventsPerSecond);
        if (only != null) {
            results.add("events " + what, "1/s", rate);
        } else {
            double wanted = Math.min(WANTED_OF_ROCKSDB * rate.get("rocksdb"), WANTED_OF_CEILING * rate.get("ceiling"));
            boolean met = rate.get("lsm") >= wanted && rate.get("lsm") >= WANTED_OF_HASHMAP * rate.get("hashmap");
            results.add("events " + what, "1/s", rate,
                    String.format(Locale.ROOT, "lsm >= %,.0f (min of 2 rocksdb, 85%% ceiling) and >= 80%% hashmap", wanted), met);
        }
        results.add("processor time per event " + what, "us", figures(best, JobRuns.Run::cpuMicros));
        results.add("events " + what + " until all is archived", "1/s", figures(best, JobRuns.Run::wholePerSecond));
        results.add("processor time of the job's threads, all", "us", figures(best, JobRuns.Run::jobMicros));
        results.add("collecting garbage, all", "us", figures(best, run -> run.micros(ThreadTimes.COLLECTING)));
        results.add("compiling, all", "us", figures(best, run -> run.micros(ThreadTimes.COMPILING)));
        ledger(what, best);
    }

    /** The throughput of the job with the ledger: by the clock, and by processor time, which neighbours on the machine disturb less. */
    private void ledger(String what, Map<String, JobRuns.Run> best) {
        JobRuns.Run with = best.get("lsm");
        JobRuns.Run without = best.get(JobRuns.WITHOUT_LEDGER);
        if (with != null && without != null) {
            double share = with.eventsPerSecond() / without.eventsPerSecond();
            results.add("events with the ledger of those without, " + what, "", Map.of("lsm", share), "lsm >= 0.8", share >= WANTED_WITH_LEDGER);
            results.add("the same until all is archived", "", Map.of("lsm", with.wholePerSecond() / without.wholePerSecond()));
            results.add("the same by processor time of the job's threads", "", Map.of("lsm", without.jobMicros() / with.jobMicros()));
        }
    }

    /** The event store alone, archiving all that comes in; of the rounds the last counts, with the backends in turn. */
    private void archivingCost() throws Exception {
        List<IncomingEvent> events = BenchMessages.storedEvents();
        Map<String, ArchiveCost.Cost> costs = new LinkedHashMap<>();
        for (int round = 1; round <= settings.warmUps() + settings.rounds(); round++) {
            for (String backend : BACKENDS) {
                Path own = Files.createTempDirectory(folder, backend);
                ArchiveCost.Cost cost = ArchiveCost.of(events, backend(backend, own), own);
                delete(own);
                say(String.format(Locale.ROOT, "archiving, round %d, %s: task thread %.0f MB/s, writer thread %.0f, both on one core %.1f", round, backend,
                        cost.taskMbPerSecond(), cost.writerMbPerSecond(), cost.mbPerSecond()));
                if (round > settings.warmUps()) {
                    costs.merge(backend, cost, (a, b) -> a.mbPerSecond() >= b.mbPerSecond() ? a : b);
                }
            }
        }
        results.add("archiving alone: task thread, raw", "MB/s", costOf(costs, ArchiveCost.Cost::taskMbPerSecond));
        results.add("archiving alone: writer thread, raw", "MB/s", costOf(costs, ArchiveCost.Cost::writerMbPerSecond));
        Map<String, Double> both = costOf(costs, ArchiveCost.Cost::mbPerSecond);
        results.add("archiving alone: both on one core, raw", "MB/s", both, "lsm >= 100 MB/s", both.get("lsm") >= WANTED_ARCHIVING_MB);
        results.add("Parquet size of raw bytes", "", costOf(costs, ArchiveCost.Cost::fileShare));
    }

    private static StateBackend backend(String name, Path local) throws IOException {
        Configuration configuration = new Configuration();
        ClassLoader loader = JobBench.class.getClassLoader();
        switch (name) {
            case "lsm" -> {
                configuration.set(LsmStateOptions.MANAGED_MEMORY, false);
                configuration.set(LsmStateOptions.FIXED_PER_OPERATOR, MEMORY_PER_OPERATOR);
                configuration.set(LsmStateOptions.LOCAL_DIRECTORY, local.toString());
                return new LsmStateBackend().configure(configuration, loader);
            }
            case "rocksdb" -> {
                configuration.set(RocksDBOptions.USE_MANAGED_MEMORY, false);
                configuration.set(RocksDBOptions.FIX_PER_SLOT_MEMORY_SIZE, MEMORY_PER_OPERATOR);
                EmbeddedRocksDBStateBackend rocks = new EmbeddedRocksDBStateBackend(true).configure(configuration, loader);
                rocks.setDbStoragePath(local.toUri().toString());
                return rocks;
            }
            default -> {
                return new HashMapStateBackend();
            }
        }
    }

    /** The ledger alone, in one thread. */
    private void ledgerCost() throws Exception {
        List<IncomingEvent> events = BenchMessages.storedEvents();
        Map<String, Supplier<StateBackend>> backends = new LinkedHashMap<>();
        backends.put("lsm", LsmStateBackend::new);
        backends.put("hashmap", HashMapStateBackend::new);
        Map<String, LedgerCost.Cost> costs = new LinkedHashMap<>();
        for (Map.Entry<String, Supplier<StateBackend>> backend : backends.entrySet()) {
            costs.put(backend.getKey(), LedgerCost.of(events, backend.getValue(), folder));
        }
        results.add("ledger, instruments, thread time per event", "ns", costOf(costs, LedgerCost.Cost::instrumentsNs));
        results.add("ledger, instruments, allocated per event", "B", costOf(costs, LedgerCost.Cost::instrumentsBytes));
        results.add("ledger, accounts, thread time per event", "ns", costOf(costs, LedgerCost.Cost::accountsNs));
        results.add("ledger, messages to accounts per event", "", costOf(costs, LedgerCost.Cost::messages));
        results.add("ledger, longest snapshot", "ms", costOf(costs, LedgerCost.Cost::flushMs));
    }

    private static <C> Map<String, Double> costOf(Map<String, C> costs, ToDoubleFunction<C> figure) {
        Map<String, Double> figures = new LinkedHashMap<>();
        costs.forEach((backend, cost) -> figures.put(backend, figure.applyAsDouble(cost)));
        return figures;
    }

    private static Map<String, Double> figures(Map<String, JobRuns.Run> best, ToDoubleFunction<JobRuns.Run> figure) {
        Map<String, Double> figures = new LinkedHashMap<>();
        best.forEach((contender, run) -> figures.put(contender, figure.applyAsDouble(run)));
        return figures;
    }

    /** The time for which the thread of the event store is held up, apart from its events. */
    private void pauses(Map<String, JobRuns.Run> memory) {
        Map<String, JobRuns.Run> stores = new LinkedHashMap<>(memory);
        stores.remove("ceiling");
        Map<String, Double> pause = figures(stores, JobRuns.Run::pauseMs);
        if (pause.containsKey("lsm")) {
            results.add("pause by archiving at full speed, p99.9", "ms", pause, "lsm <= 5 ms", pause.get("lsm") <= WANTED_PAUSE_MS);
        }
        results.add("the same in processor time of the thread", "ms", figures(stores, JobRuns.Run::pauseCpuMs));
        results.add("pause by writing the ledger, p99.9, processor time", "ms", figures(stores, JobRuns.Run::ledgerPauseMs));
    }

    /** As at full speed, but with input at a rate that leaves the cores some time, as a job that runs has it; after warm-ups at full speed. */
    private void pausesWhenPaced(JobRuns runs) throws Exception {
        for (int i = 1; i <= settings.warmUps(); i++) {
            JobRuns.Run run = runs.fromMemory("lsm");
            say(String.format(Locale.ROOT, "pauses, warm-up %d of %d, not counted: %,.0f events/s", i, settings.warmUps(), run.eventsPerSecond()));
        }
        for (int rate : settings.rates()) {
            BenchMessages.generate(rate * settings.seconds(), PARALLELISM);
            // The messages go to the old generation now, and not while pauses are measured.
            System.gc();
            JobRuns.Paced paced = runs.paced(rate);
            String at = String.format(Locale.ROOT, "pause by archiving at %,d events/s", rate);
            say(String.format(Locale.ROOT, "%s: %,.0f events/s came, %,d pauses in %,d rounds, median %.2f ms, p99 %.2f, archiving %.0f%% of the time; load %.1f, "
                    + "%d collections of %.0f ms on average, which stop all threads", at, paced.eventsPerSecond(), paced.pauses(), paced.rounds(),
                    paced.medianMs(), paced.p99Ms(), 100 * paced.archivingShare(), paced.load(), paced.collections(), paced.collectionMs()));
            results.add(at + ", p99.9", "ms", Map.of("lsm", paced.p999Ms()), "lsm <= 5 ms", paced.p999Ms() <= WANTED_PAUSE_MS);
            results.add("the same in processor time of the thread", "ms", Map.of("lsm", paced.p999CpuMs()));
        }
    }

    private void archiving(Map<String, JobRuns.Run> memory) {
        Map<String, JobRuns.Run> stores = new LinkedHashMap<>(memory);
        stores.remove("ceiling");
        stores.remove(JobRuns.WITHOUT_LEDGER);
        Map<String, Double> size = figures(stores, run -> (double) run.parquetBytes() / run.rawBytes());
        results.add("Parquet size of raw bytes", "", size, "lsm <= 0.4", size.get("lsm") <= WANTED_PARQUET);
        Map<String, Double> task = figures(stores, JobRuns.Run::taskMbPerSecond);
        results.add("archiving: task thread, raw, processor time", "MB/s", task);
        Map<String, Double> writer = figures(stores, JobRuns.Run::writerMbPerSecond);
        results.add("archiving: writer thread, raw, processor time", "MB/s", writer);
        Map<String, Double> both = new LinkedHashMap<>();
        task.forEach((contender, speed) -> both.put(contender, 1 / (1 / speed + 1 / writer.get(contender))));
        results.add("archiving: both on one core, raw", "MB/s", both, "lsm >= 100 MB/s", both.get("lsm") >= WANTED_ARCHIVING_MB);
    }

    private void recovery(JobRuns runs, List<String> backends) throws Exception {
        for (boolean local : new boolean[] {false, true}) {
            Map<String, Double> ms = new LinkedHashMap<>();
            double hotMb = 0;
            for (String backend : backends) {
                JobRuns.Recovery recovery = runs.recovery(backend, local);
                say(String.format(Locale.ROOT, "recovery, %s, %s: %.0f ms with %.0f MB hot", backend, local ? "local" : "from the checkpoint",
                        recovery.ms(), recovery.hotMb()));
                ms.put(backend, recovery.ms());
                hotMb = recovery.hotMb();
            }
            double wanted = local ? WANTED_LOCAL_RECOVERY_MS : WANTED_RECOVERY_MS;
            results.add(String.format(Locale.ROOT, "recovery of %.0f MB hot, %s", hotMb, local ? "local state" : "checkpoint"), "ms", ms,
                    String.format(Locale.ROOT, "lsm <= %.0f ms (target at 1,000 MB)", wanted), ms.get("lsm") <= wanted);
        }
    }

    static void say(String line) {
        System.err.println("== " + line);
    }

    /** Deletes a folder, in which background work of a job that has ended may still delete files too. */
    static void delete(Path folder) throws IOException {
        FileUtils.deleteDirectory(folder.toFile());
    }
}
