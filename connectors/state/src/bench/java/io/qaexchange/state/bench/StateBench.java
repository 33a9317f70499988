package io.qaexchange.state.bench;

import io.qaexchange.state.bench.BenchBackend.Kind;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.util.FileUtils;

/**
 * The operations of Flink's public state benchmark on HashMap, RocksDB and ours: 500,000 keys, lists of 100 values, maps of 10 entries,
 * keys at random, each as likely as any other or, with {@code --zipf 0.99}, some much likelier. All contenders take turns in rounds of a fixed time on the processor, so that a busy
 * neighbour meets all of them; the median round counts, as operations per second of the thread's processor time. Wanted: three times
 * RocksDB or 0.8 times the heap, and in any case half of the heap. State that the heap cannot hold is left to ours and RocksDB, with a fifth of its estimated size as memory for each.
 */
public final class StateBench {
    private static final int LIST_VALUES = 100;
    private static final int MAP_ENTRIES = 10;
    private static final int ROUNDS = 5;
    private static final int DRAWN = 1 << 20;
    private static final String USAGE = "bench state [--quick] [--keys N] [--millis PER_ROUND] [--ttl true] [--zipf EXPONENT] [--only OPERATION,OPERATION] [--memory MB] [--dir D] [--json FILE]";
    /** Estimated bytes of all states of a key, as they are stored. */
    private static final long STORED_BYTES = 500;
    /** Estimated bytes of all states of a key, as objects. */
    private static final long HEAP_BYTES = 3_000;
    private static final int PARTS_IN_MEMORY = 5;
    private static final long LEAST_MEMORY = 512L << 20;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final int keys;
    private final long roundNanos;
    private final boolean timeToLive;
    private final List<Kind> kinds;
    private final long memoryBytes;
    private final List<Measure> measures;
    /** Keys in the order in which they are asked for, again and again; empty if any is as likely as any other. */
    private final int[] drawn;
    private final int[] drawnOfLists;

    private StateBench(int keys, long roundNanos, boolean timeToLive, List<Measure> measures, double zipf, long memoryBytes) {
        this.measures = measures;
        this.memoryBytes = memoryBytes;
        kinds = keys * HEAP_BYTES < Runtime.getRuntime().maxMemory() ? List.of(Kind.OURS, Kind.ROCKSDB, Kind.HASHMAP) : List.of(Kind.OURS, Kind.ROCKSDB);
        this.drawn = zipf > 0 ? draw(keys, zipf) : new int[0];
        this.drawnOfLists = zipf > 0 ? draw(keys / 10, zipf) : new int[0];
        this.keys = keys;
        this.roundNanos = roundNanos;
        this.timeToLive = timeToLive;
    }

    /** One operation on the state of the current key. */
    @FunctionalInterface
    private interface Operation {
        /** @param n counts operations */
        Object run(Contender contender, long n) throws Exception;
    }

    private record Measure(String name, Operation operation, boolean newKeys) {
        static Measure of(String name, Operation operation) {
            return new Measure(name, operation, false);
        }
    }

    private static final class Contender implements AutoCloseable {
        private static final long FIRST_NEW_KEY = 1L << 40;

        final BenchBackend backend;
        final ValueState<Long> value;
        final ListState<Long> list;
        final MapState<Long, Double> map;
        final ReducingState<Long> sum;
        final SplittableRandom random = new SplittableRandom(1);
        long newKey = FIRST_NEW_KEY;
        /** New keys below are gone again. */
        long cleared = FIRST_NEW_KEY / 4;
        long draws;
        Object sink;

        Contender(Kind kind, Path folder, boolean timeToLive, long memoryBytes) throws Exception {
            backend = BenchBackend.open(kind.make(folder, memoryBytes), KeyGroupRange.of(0, BenchBackend.KEY_GROUPS - 1), List.of());
            value = state(new ValueStateDescriptor<>("value", LongSerializer.INSTANCE), timeToLive);
            list = state(new ListStateDescriptor<>("list", LongSerializer.INSTANCE), timeToLive);
            map = state(new MapStateDescriptor<>("map", LongSerializer.INSTANCE,
                    org.apache.flink.api.common.typeutils.base.DoubleSerializer.INSTANCE), timeToLive);
            sum = state(new ReducingStateDescriptor<>("sum", Long::sum, LongSerializer.INSTANCE), timeToLive);
        }

        private <S extends State> S state(StateDescriptor<S, ?> descriptor, boolean timeToLive) throws Exception {
            if (timeToLive) {
                descriptor.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofHours(1)).build());
            }
            return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
        }

        /** The keys that a round added go again: the heap would fill up with them. */
        void clearNewKeys() throws Exception {
            for (; cleared < (newKey + 3) / 4; cleared++) {
                backend.keyed.setCurrentKey(cleared);
                value.clear();
                list.clear();
                map.clear();
            }
        }

        @Override
        public void close() throws Exception {
            backend.close();
        }
    }

    public static void main(String[] args) throws Exception {
        BenchOptions options = BenchOptions.parse(args, USAGE, List.of("keys", "millis", "ttl", "zipf", "only", "memory", "dir", "json"));
        int keys = (int) options.number("keys", options.quick() ? 200_000 : 500_000);
        long memoryBytes = options.number("memory", Math.max(LEAST_MEMORY, keys * STORED_BYTES / PARTS_IN_MEMORY) >> 20) << 20;
        new StateBench(keys, options.number("millis", options.quick() ? 150 : 500) * 1_000_000, Boolean.parseBoolean(options.text("ttl", "false")),
                named(options.text("only", "")), Double.parseDouble(options.text("zipf", "0")), memoryBytes)
                .run(Path.of(options.text("dir", System.getProperty("java.io.tmpdir"))), options.text("json", null));
    }

    /** @param only names of operations with commas between them; empty for all */
    private static List<Measure> named(String only) {
        if (only.isEmpty()) {
            return measures();
        }
        List<Measure> named = new ArrayList<>();
        for (String name : only.split(",")) {
            List<Measure> found = measures().stream().filter(measure -> measure.name().equals(name.strip())).toList();
            if (found.isEmpty()) {
                System.err.println("--only: no operation " + name + "; there are " + String.join(", ", measures().stream().map(Measure::name).toList()));
                System.exit(2);
            }
            named.addAll(found);
        }
        return named;
    }

    /** Keys of which the n-th likeliest is as likely as 1 / n^exponent; which key that is says nothing of its neighbours. */
    private static int[] draw(int keys, double exponent) {
        double[] upTo = new double[keys];
        double sum = 0;
        for (int n = 0; n < keys; n++) {
            sum += 1 / Math.pow(n + 1, exponent);
            upTo[n] = sum;
        }
        SplittableRandom random = new SplittableRandom(7);
        int[] places = new int[keys];
        for (int n = 0; n < keys; n++) {
            int other = random.nextInt(n + 1);
            places[n] = places[other];
            places[other] = n;
        }
        int[] drawn = new int[DRAWN];
        for (int i = 0; i < DRAWN; i++) {
            int n = Arrays.binarySearch(upTo, random.nextDouble() * sum);
            drawn[i] = places[Math.min(keys - 1, n < 0 ? -n - 1 : n)];
        }
        return drawn;
    }

    private void run(Path base, @Nullable String json) throws Exception {
        BenchFigures figures = new BenchFigures();
        Path folder = Files.createTempDirectory(base, "state-bench");
        System.err.printf(Locale.ROOT, "%,d keys, %,d MB of memory off the heap for each%s%n", keys, memoryBytes >> 20,
                kinds.contains(Kind.HASHMAP) ? "" : "; without HashMap, whose heap could not hold them");
        List<Contender> contenders = new ArrayList<>();
        try {
            for (Kind kind : kinds) {
                Path own = Files.createDirectories(folder.resolve(kind.name()));
                Contender contender = new Contender(kind, own, timeToLive, memoryBytes);
                contenders.add(contender);
                long begin = System.nanoTime();
                fill(contender);
                System.err.printf(Locale.ROOT, "%s filled in %,.0f s, %,d MB on disk%n", kind, (System.nanoTime() - begin) / 1e9, BenchBackend.sizeOf(own)[0] >> 20);
            }
            for (Measure measure : measures) {
                double[] perSecond = measure(contenders, measure);
                for (int which = 0; which < kinds.size(); which++) {
                    figures.higherIsBetter(measure.name(), "ops/s", kinds.get(which), perSecond[which]);
                }
                double wanted = kinds.contains(Kind.HASHMAP) ? Math.max(Math.min(3 * perSecond[1], 0.8 * perSecond[2]), 0.5 * perSecond[2]) : 2 * perSecond[1];
                figures.target(measure.name(), String.format(Locale.ROOT, "ours >= %,.0f", wanted), ours -> ours >= wanted);
                System.err.println(measure.name());
            }
            figures.report(json);
        } finally {
            for (Contender contender : contenders) {
                contender.close();
            }
            FileUtils.deleteDirectory(folder.toFile());
        }
    }

    private void fill(Contender contender) throws Exception {
        List<Long> values = new ArrayList<>();
        for (long i = 0; i < LIST_VALUES; i++) {
            values.add(i);
        }
        for (long key = 0; key < keys; key++) {
            contender.backend.keyed.setCurrentKey(key);
            contender.value.update(key);
            contender.sum.add(key);
            if (key < keys / 10) {
                contender.list.addAll(values);
            }
            for (long i = 0; i < MAP_ENTRIES; i++) {
                contender.map.put(i, (double) i);
            }
        }
    }

    private static List<Measure> measures() {
        return List.of(
                Measure.of("value get", (c, n) -> c.value.value()),
                Measure.of("value update", (c, n) -> {
                    c.value.update(n);
                    return null;
                }),
                new Measure("value add", (c, n) -> {
                    c.value.update(n);
                    return null;
                }, true),
                Measure.of("map get", (c, n) -> c.map.get(n % MAP_ENTRIES)),
                Measure.of("map put", (c, n) -> {
                    c.map.put(n % MAP_ENTRIES, (double) n);
                    return null;
                }),
                Measure.of("map contains", (c, n) -> c.map.contains(n % (2 * MAP_ENTRIES))),
                Measure.of("map isEmpty", (c, n) -> c.map.isEmpty()),
                Measure.of("map iterate", (c, n) -> {
                    double sum = 0;
                    for (Map.Entry<Long, Double> entry : c.map.entries()) {
                        sum += entry.getKey() + entry.getValue();
                    }
                    return sum;
                }),
                Measure.of("map keys", (c, n) -> {
                    long sum = 0;
                    for (long key : c.map.keys()) {
                        sum += key;
                    }
                    return sum;
                }),
                Measure.of("map values", (c, n) -> {
                    double sum = 0;
                    for (double value : c.map.values()) {
                        sum += value;
                    }
                    return sum;
                }),
                new Measure("map add", (c, n) -> {
                    c.map.put(n % MAP_ENTRIES, (double) n);
                    return null;
                }, true),
                Measure.of("map remove", (c, n) -> {
                    c.map.remove(n % MAP_ENTRIES);
                    return null;
                }),
                Measure.of("reducing add", (c, n) -> {
                    c.sum.add(n);
                    return null;
                }),
                Measure.of("list get", (c, n) -> c.list.get()),
                Measure.of("list iterate", (c, n) -> {
                    long sum = 0;
                    Iterable<Long> values = c.list.get();
                    if (values != null) {
                        for (long value : values) {
                            sum += value;
                        }
                    }
                    return sum;
                }),
                new Measure("list add", (c, n) -> {
                    c.list.add(n);
                    return null;
                }, true),
                new Measure("list addAll", (c, n) -> {
                    c.list.addAll(List.of(n, n + 1, n + 2, n + 3, n + 4));
                    return null;
                }, true),
                new Measure("list update", (c, n) -> {
                    c.list.update(List.of(n, n + 1, n + 2, n + 3, n + 4));
                    return null;
                }, true));
    }

    private double[] measure(List<Contender> contenders, Measure measure) throws Exception {
        double[][] rounds = new double[contenders.size()][ROUNDS];
        for (int round = -1; round < ROUNDS; round++) {
            for (int which = 0; which < contenders.size(); which++) {
                double perSecond = round(contenders.get(which), measure);
                if (round >= 0) {
                    rounds[which][round] = perSecond;
                }
            }
        }
        double[] medians = new double[contenders.size()];
        for (int which = 0; which < medians.length; which++) {
            Arrays.sort(rounds[which]);
            medians[which] = rounds[which][ROUNDS / 2];
        }
        return medians;
    }

    private double round(Contender contender, Measure measure) throws Exception {
        boolean ofLists = measure.name().startsWith("list");
        int range = ofLists ? keys / 10 : keys;
        int[] hot = ofLists ? drawnOfLists : drawn;
        long started = THREADS.getCurrentThreadCpuTime();
        long n = 0;
        long now = started;
        while (now - started < roundNanos) {
            for (int i = 0; i < 256; i++, n++) {
                long key = measure.newKeys() ? contender.newKey++ / 4 : hot.length > 0 ? hot[(int) (contender.draws++ & DRAWN - 1)] : contender.random.nextInt(range);
                contender.backend.keyed.setCurrentKey(key);
                contender.sink = measure.operation().run(contender, n);
            }
            now = THREADS.getCurrentThreadCpuTime();
        }
        contender.clearNewKeys();
        return n * 1e9 / (now - started);
    }
}
