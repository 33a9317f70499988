package io.qaexchange.state.bench;

import io.qaexchange.state.bench.BenchBackend.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.util.FileUtils;

/**
 * Restoring at another parallelism, 1 → 2 → 4 → 1, on one file system: how long until the first record of each subtask, and what became
 * of the bytes: linked, copied, or written anew by the time that record is through.
 */
public final class RescaleBench {
    private static final int[] PARALLELISMS = {2, 4, 1};
    private static final int VALUE_BYTES = 1_000;
    private static final long MEMORY_BYTES = 128L << 20;

    private final Path folder;
    private final Kind kind;
    private final byte[] value = new byte[VALUE_BYTES];
    private final BenchFigures figures;
    private long checkpoint;
    private int rescalings;

    private RescaleBench(Path folder, Kind kind, BenchFigures figures) {
        this.figures = figures;
        this.folder = folder;
        this.kind = kind;
    }

    public static void main(String[] args) throws Exception {
        BenchOptions options = BenchOptions.parse(args, "bench rescale [--quick] [--megabytes N] [--only lsm|rocksdb] [--dir D] [--json FILE]",
                List.of("megabytes", "only", "dir", "json"));
        long megabytes = options.number("megabytes", options.quick() ? 200 : 1_000);
        Path folder = options.text("dir", null) == null ? Files.createTempDirectory("rescale-bench") : Path.of(options.text("dir", null));
        BenchFigures figures = new BenchFigures();
        for (Kind kind : options.contenders()) {
            new RescaleBench(folder.resolve(kind.name()), kind, figures).run(megabytes);
        }
        figures.report(options.text("json", null));
    }

    private static MapState<Long, byte[]> state(BenchBackend backend) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new MapStateDescriptor<>("state", LongSerializer.INSTANCE, BytePrimitiveArraySerializer.INSTANCE));
    }

    private void run(long megabytes) throws Exception {
        FileUtils.deleteDirectory(folder.toFile());
        SharedStateRegistryImpl registry = new SharedStateRegistryImpl();
        List<KeyedStateHandle> handles = fill(megabytes * 1_000_000 / VALUE_BYTES, registry);
        for (int parallelism : PARALLELISMS) {
            handles = rescale(handles, parallelism, registry);
        }
        FileUtils.deleteDirectory(folder.toFile());
    }

    private List<KeyedStateHandle> fill(long records, SharedStateRegistryImpl registry) throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        try (BenchBackend backend = open(KeyGroupRange.of(0, BenchBackend.KEY_GROUPS - 1), List.of(), "filled")) {
            MapState<Long, byte[]> state = state(backend);
            for (long i = 0; i < records; i++) {
                backend.keyed.setCurrentKey((long) random.nextInt(100_000));
                random.nextBytes(value);
                state.put(i, value);
            }
            return List.of(take(backend, registry));
        }
    }

    private BenchBackend open(KeyGroupRange keyGroups, List<KeyedStateHandle> handles, String name) throws Exception {
        return BenchBackend.open(kind.make(Files.createDirectories(folder.resolve(name)), MEMORY_BYTES), keyGroups, handles);
    }

    private KeyedStateHandle take(BenchBackend backend, SharedStateRegistryImpl registry) throws Exception {
        long id = ++checkpoint;
        RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot = backend.snapshot(id, BenchBackend.storage(id, folder.resolve("checkpoints")));
        snapshot.run();
        KeyedStateHandle handle = snapshot.get().getJobManagerOwnedSnapshot();
        handle.registerSharedStates(registry, id);
        backend.complete(id);
        return handle;
    }

    private List<KeyedStateHandle> rescale(List<KeyedStateHandle> handles, int parallelism, SharedStateRegistryImpl registry) throws Exception {
        List<KeyedStateHandle> next = new ArrayList<>();
        double slowest = 0;
        long[] bytes = new long[3];
        long newBytes = 0;
        for (int subtask = 0; subtask < parallelism; subtask++) {
            KeyGroupRange range = KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(BenchBackend.KEY_GROUPS, parallelism, subtask);
            List<KeyedStateHandle> parts = new ArrayList<>();
            for (KeyedStateHandle handle : handles) {
                KeyedStateHandle part = handle.getIntersection(range);
                if (part != null) {
                    parts.add(part);
                }
            }
            String name = "to-" + parallelism + "-" + subtask;
            long started = System.nanoTime();
            try (BenchBackend backend = open(range, parts, name)) {
                MapState<Long, byte[]> state = state(backend);
                long key = 0;
                while (!range.contains(KeyGroupRangeAssignment.assignToKeyGroup(key, BenchBackend.KEY_GROUPS))) {
                    key++;
                }
                backend.keyed.setCurrentKey(key);
                state.get(1L);
                state.put(-1L, value);
                slowest = Math.max(slowest, (System.nanoTime() - started) / 1e6);
                classify(folder.resolve(name), bytes);
                KeyedStateHandle taken = take(backend, registry);
                newBytes += taken.getCheckpointedSize();
                next.add(taken);
            }
        }
        String to = "to " + parallelism + " (" + ++rescalings + "): ";
        figures.lowerIsBetter(to + "first record", "ms", kind, slowest);
        figures.lowerIsBetter(to + "linked", "MB", kind, bytes[0] / 1e6);
        figures.lowerIsBetter(to + "copied", "MB", kind, bytes[1] / 1e6);
        figures.lowerIsBetter(to + "written by then", "MB", kind, bytes[2] / 1e6);
        figures.lowerIsBetter(to + "new in the next checkpoint", "MB", kind, newBytes / 1e6);
        System.err.println(kind + " " + to + Math.round(slowest) + " ms");
        return next;
    }

    /** A file with a second name is linked; one that is not is a copy of a checkpoint's file if it has the length of one, else new. */
    private void classify(Path local, long[] bytes) throws IOException {
        List<Long> lengths = new ArrayList<>();
        try (var files = Files.walk(folder.resolve("checkpoints"))) {
            files.map(Path::toFile).filter(java.io.File::isFile).forEach(file -> lengths.add(file.length()));
        }
        try (var files = Files.walk(local)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                if (!file.toString().endsWith(".sst")) {
                    continue;
                }
                long length = Files.size(file);
                int kindOfBytes = (int) Files.getAttribute(file, "unix:nlink") > 1 ? 0 : lengths.contains(length) ? 1 : 2;
                bytes[kindOfBytes] += length;
            }
        }
    }
}
