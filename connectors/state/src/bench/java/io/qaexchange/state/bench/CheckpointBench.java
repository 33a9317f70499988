package io.qaexchange.state.bench;

import io.qaexchange.state.bench.BenchBackend.Kind;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RunnableFuture;
import org.HdrHistogram.Histogram;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.changelog.ChangelogStateBackendHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateHandleStreamImpl;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory;
import org.apache.flink.util.FileUtils;

/**
 * Measures the cost of checkpoints for a task that writes all the time: on its thread, in the background, on disk, and when it is restored.
 *
 * <p>Two loads at a fixed rate: state that grows (map entries of 96 bytes under 200 keys, in time order) and hot counters (1,000 keys).
 * One thread is the task; another writes checkpoints; one checkpoint at a time, as Flink does by default. Beside ours: RocksDB with
 * incremental checkpoints, and Flink's changelog over it.
 */
public final class CheckpointBench {
    private static final int VALUE_BYTES = 96;
    private static final int HOT_KEYS = 1_000;
    private static final int INSTRUMENTS = 200;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** A kind of state and of writes to it. */
    private enum Load { GROWING, COUNTERS }

    /** The figures. */
    private static final class Outcome {
        final Histogram cpuMicros = new Histogram(3);
        final Histogram wallMicros = new Histogram(3);
        final Histogram endToEndMicros = new Histogram(3);
        final Histogram recordNanos = new Histogram(3);
        final Histogram plainRecordNanos = new Histogram(3);
        long checkpoints;
        long uploadedBytes;
        long sharedFiles;
        long checkpointBytes;
        long liveBytes;
        double firstRestoreMillis;
        double restoreMillis;

        void addTo(BenchFigures figures, String prefix, Kind kind) {
            figures.lowerIsBetter(prefix + "snapshot() cpu p99.9", "us", kind, cpuMicros.getValueAtPercentile(99.9));
            figures.lowerIsBetter(prefix + "snapshot() wall p99", "us", kind, wallMicros.getValueAtPercentile(99));
            figures.lowerIsBetter(prefix + "end to end p50", "ms", kind, endToEndMicros.getValueAtPercentile(50) / 1e3);
            figures.lowerIsBetter(prefix + "end to end p99", "ms", kind, endToEndMicros.getValueAtPercentile(99) / 1e3);
            figures.lowerIsBetter(prefix + "record p50", "ns", kind, recordNanos.getValueAtPercentile(50));
            figures.lowerIsBetter(prefix + "record p50, no checkpoints", "ns", kind, plainRecordNanos.getValueAtPercentile(50));
            figures.lowerIsBetter(prefix + "record p99", "ns", kind, recordNanos.getValueAtPercentile(99));
            figures.lowerIsBetter(prefix + "record p99, no checkpoints", "ns", kind, plainRecordNanos.getValueAtPercentile(99));
            figures.lowerIsBetter(prefix + "uploaded per checkpoint", "KB", kind, uploadedBytes / Math.max(1, checkpoints) / 1e3);
            figures.lowerIsBetter(prefix + "files of a checkpoint", "files", kind, sharedFiles);
            figures.lowerIsBetter(prefix + "checkpoint storage", "MB", kind, checkpointBytes / 1e6);
            figures.lowerIsBetter(prefix + "checkpoint storage to live data", "ratio", kind, (double) checkpointBytes / liveBytes);
            figures.lowerIsBetter(prefix + "restore", "ms", kind, restoreMillis);
            figures.lowerIsBetter(prefix + "restore, the time before", "ms", kind, firstRestoreMillis);
        }
    }

    private static void setTargets(BenchFigures figures, String prefix, Load load, int intervalMillis) {
        figures.target(prefix + "snapshot() cpu p99.9", "ours <= 1000 us", ours -> ours <= 1_000);
        figures.target(prefix + "snapshot() wall p99", "ours <= 1000 us", ours -> ours <= 1_000);
        if (intervalMillis == 100) {
            figures.target(prefix + "end to end p99", "ours <= 200 ms", ours -> ours <= 200);
        }
        for (String percentile : List.of("p50", "p99")) {
            double factor = percentile.equals("p50") ? 1.1 : 1.5;
            double most = factor * figures.figure(prefix + "record " + percentile + ", no checkpoints", Kind.OURS);
            figures.target(prefix + "record " + percentile, String.format(Locale.ROOT, "ours <= %,.0f ns", most), ours -> ours <= most);
        }
        if (load == Load.GROWING) {
            figures.target(prefix + "checkpoint storage to live data", "ours <= 1.15", ours -> ours <= 1.15);
        } else {
            double most = 2 * figures.figure(prefix + "uploaded per checkpoint", Kind.ROCKSDB);
            figures.target(prefix + "uploaded per checkpoint", "ours <= 2 x rocksdb", ours -> ours <= most);
        }
    }

    private final Path folder;
    private final long perSecond;
    private final double seconds;

    private CheckpointBench(Path folder, long perSecond, double seconds) {
        this.folder = folder;
        this.perSecond = perSecond;
        this.seconds = seconds;
    }

    public static void main(String[] args) throws Exception {
        BenchOptions options = BenchOptions.parse(args, "bench checkpoint [--quick] [--seconds N] [--rate RECORDS_PER_SECOND] [--intervals MS,MS]"
                + " [--only lsm|rocksdb] [--dir D] [--json FILE]", List.of("seconds", "rate", "intervals", "only", "dir", "json"));
        Path folder = options.text("dir", null) == null ? Files.createTempDirectory("checkpoint-bench") : Path.of(options.text("dir", null));
        double seconds = options.number("seconds", options.quick() ? 8 : 30);
        long perSecond = options.number("rate", 50_000);
        int[] intervals = List.of(options.text("intervals", options.quick() ? "100,1000" : "100,1000,10000").split(",")).stream()
                .mapToInt(Integer::parseInt).toArray();
        boolean all = options.text("only", "").isEmpty();
        List<Kind> kinds = all ? List.of(Kind.OURS, Kind.ROCKSDB, Kind.CHANGELOG) : options.contenders();
        BenchFigures figures = new BenchFigures();
        for (Load load : Load.values()) {
            for (int interval : intervals) {
                String prefix = load.name().toLowerCase(Locale.ROOT) + " " + interval + " ms: ";
                for (Kind kind : kinds) {
                    Outcome outcome = new CheckpointBench(folder.resolve(load + "-" + kind + "-" + interval), perSecond, seconds).run(load, kind, interval);
                    outcome.addTo(figures, prefix, kind);
                    System.err.println(prefix + kind);
                }
                if (all) {
                    setTargets(figures, prefix, load, interval);
                }
            }
        }
        figures.report(options.text("json", null));
    }

    private Outcome run(Load load, Kind kind, int intervalMillis) throws Exception {
        FileUtils.deleteDirectory(folder.toFile());
        Path checkpoints = Files.createDirectories(folder.resolve("checkpoints"));
        Path local = Files.createDirectories(folder.resolve("local"));
        Outcome outcome = new Outcome();
        KeyedStateHandle last;
        try (BenchBackend backend = BenchBackend.open(kind.make(local, 192 << 20), KeyGroupRange.of(0, BenchBackend.KEY_GROUPS - 1), List.of(), checkpoints)) {
            Writer writer = new Writer(load, backend);
            writer.write(seconds / 2, Long.MAX_VALUE, null, outcome.plainRecordNanos);
            try (Rounds rounds = new Rounds(backend, checkpoints, outcome)) {
                // The first uploads what is there, and is not like those that follow.
                rounds.take();
                rounds.finish();
                outcome.cpuMicros.reset();
                outcome.wallMicros.reset();
                outcome.endToEndMicros.reset();
                outcome.checkpoints = 0;
                outcome.uploadedBytes = 0;
                writer.write(seconds, intervalMillis * 1_000_000L, rounds, outcome.recordNanos);
                rounds.finish();
                last = rounds.last;
                outcome.liveBytes = writer.liveBytes();
            }
            // State has grown meanwhile, so records without checkpoints are those before and after.
            writer.write(seconds / 2, Long.MAX_VALUE, null, outcome.plainRecordNanos);
        }
        long[] size = BenchBackend.sizeOf(checkpoints);
        outcome.checkpointBytes = size[0];
        // The first load is also the first run of the code: most of its time is the interpreter's and the compiler's.
        outcome.firstRestoreMillis = restore(load, kind, last, local, checkpoints);
        outcome.restoreMillis = restore(load, kind, last, local, checkpoints);
        FileUtils.deleteDirectory(folder.toFile());
        return outcome;
    }

    /** @return milliseconds until some records are written */
    private double restore(Load load, Kind kind, KeyedStateHandle from, Path local, Path checkpoints) throws Exception {
        long started = System.nanoTime();
        try (BenchBackend restored = BenchBackend.open(kind.make(local, 192 << 20), KeyGroupRange.of(0, BenchBackend.KEY_GROUPS - 1), List.of(from),
                checkpoints)) {
            new Writer(load, restored).write(0.001, Long.MAX_VALUE, null, new Histogram(3));
            return (System.nanoTime() - started) / 1e6;
        }
    }

    /** The task: writes at a fixed rate. */
    private final class Writer {
        private final Load load;
        private final BenchBackend backend;
        private final MapState<Long, byte[]> map;
        private final ValueState<Long> counter;
        private final byte[] value = new byte[VALUE_BYTES];
        private long written;

        Writer(Load load, BenchBackend backend) throws Exception {
            this.load = load;
            this.backend = backend;
            map = backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                    new MapStateDescriptor<>("events", LongSerializer.INSTANCE, BytePrimitiveArraySerializer.INSTANCE));
            counter = backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                    new ValueStateDescriptor<>("counters", LongSerializer.INSTANCE));
        }

        void write(double forSeconds, long intervalNanos, Rounds rounds, Histogram latency) throws Exception {
            long started = System.nanoTime();
            long end = started + (long) (forSeconds * 1e9);
            long nextCheckpoint = intervalNanos == Long.MAX_VALUE ? Long.MAX_VALUE : started + intervalNanos;
            for (long i = 0; ; i++) {
                long due = started + i * 1_000_000_000L / perSecond;
                long now = System.nanoTime();
                while (now < due) {
                    Thread.onSpinWait();
                    now = System.nanoTime();
                }
                if (now >= end) {
                    return;
                }
                if (now >= nextCheckpoint && rounds.take()) {
                    nextCheckpoint = Math.max(nextCheckpoint + intervalNanos, now);
                    now = System.nanoTime();
                }
                one();
                backend.runMails();
                latency.recordValue(System.nanoTime() - now);
            }
        }

        /** Keys and values that a reader would see, as they are stored: key group, key, namespace, user key; value. */
        long liveBytes() {
            int key = 1 + Long.BYTES + 1;
            return load == Load.GROWING ? written * (key + Long.BYTES + 1 + Integer.BYTES + VALUE_BYTES) : HOT_KEYS * (long) (key + Long.BYTES);
        }

        private void one() throws Exception {
            long n = written++;
            if (load == Load.GROWING) {
                backend.keyed.setCurrentKey(n * 2654435761L % INSTRUMENTS);
                value[(int) (n % VALUE_BYTES)]++;
                map.put(n, value);
            } else {
                backend.keyed.setCurrentKey(n * 2654435761L % HOT_KEYS);
                Long before = counter.value();
                counter.update(before == null ? 1 : before + 1);
            }
        }
    }

    /** Checkpoints, one at a time; completed as the job manager does. */
    private static final class Rounds implements AutoCloseable {
        private final BenchBackend backend;
        private final Path checkpoints;
        private final Outcome outcome;
        private final SharedStateRegistryImpl registry = new SharedStateRegistryImpl();
        private final ExecutorService background = Executors.newSingleThreadExecutor();
        private Future<SnapshotResult<KeyedStateHandle>> running;
        private long runningId;
        private volatile long runningNanos;
        private long id;
        KeyedStateHandle last;

        Rounds(BenchBackend backend, Path checkpoints, Outcome outcome) {
            this.backend = backend;
            this.checkpoints = checkpoints;
            this.outcome = outcome;
        }

        /** @return false if one is under way */
        boolean take() throws Exception {
            if (running != null) {
                if (!running.isDone()) {
                    return false;
                }
                finish();
            }
            runningId = ++id;
            FsCheckpointStreamFactory storage = BenchBackend.storage(runningId, checkpoints);
            long wall = System.nanoTime();
            long cpu = THREADS.getCurrentThreadCpuTime();
            RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot = backend.snapshot(runningId, storage);
            outcome.cpuMicros.recordValue((THREADS.getCurrentThreadCpuTime() - cpu) / 1000);
            outcome.wallMicros.recordValue((System.nanoTime() - wall) / 1000);
            running = background.submit(() -> {
                snapshot.run();
                // Where changes are logged, others do the work.
                SnapshotResult<KeyedStateHandle> result = snapshot.get();
                runningNanos = System.nanoTime() - wall;
                return result;
            });
            return true;
        }

        void finish() throws Exception {
            if (running == null) {
                return;
            }
            while (!running.isDone()) {
                backend.runMails();
                Thread.onSpinWait();
            }
            KeyedStateHandle handle = running.get().getJobManagerOwnedSnapshot();
            running = null;
            outcome.endToEndMicros.recordValue(runningNanos / 1000);
            outcome.checkpoints++;
            outcome.uploadedBytes += handle.getCheckpointedSize();
            outcome.sharedFiles = files(handle);
            handle.registerSharedStates(registry, runningId);
            registry.unregisterUnusedState(runningId);
            if (last != null) {
                last.discardState();
            }
            last = handle;
            backend.complete(runningId);
        }

        private static int files(KeyedStateHandle handle) {
            if (handle instanceof ChangelogStateBackendHandle changes) {
                return changes.getMaterializedStateHandles().stream().mapToInt(Rounds::files).sum() + changes.getNonMaterializedStateHandles().stream()
                        .mapToInt(log -> ((ChangelogStateHandleStreamImpl) log).getHandlesAndOffsets().size()).sum();
            }
            return ((IncrementalRemoteKeyedStateHandle) handle).getSharedState().size();
        }

        @Override
        public void close() {
            background.shutdown();
        }
    }
}
