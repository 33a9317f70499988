package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.AbstractStateBackend;
import org.apache.flink.runtime.state.CheckpointMetadataOutputStream;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SavepointResources;
import org.apache.flink.runtime.state.SavepointSnapshotStrategy;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategyRunner;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageAccess;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageLocation;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimerSerializer;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Savepoints of each release, native and canonical, kept in {@code src/test/resources/golden} for ever: this build restores them, whatever
 * it is told to do with timers. They hold every kind of state, part of it in files and part in the log.
 *
 * <p>A new release adds a folder: {@code -Dgolden.write=<release>}.
 */
class GoldenStateTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final OperatorID OPERATOR = new OperatorID(7, 7);
    private static final int KEYS = 40;
    private static final TimeWindow WINDOW = new TimeWindow(10, 20);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"0.1.0,native-engine-timers,ENGINE", "0.1.0,native-engine-timers,HEAP", "0.1.0,native-heap-timers,ENGINE",
            "0.1.0,native-heap-timers,HEAP", "0.1.0,canonical,ENGINE", "0.1.0,canonical,HEAP"})
    void restoresTheStateOfARelease(String release, String savepoint, LsmStateOptions.Timers timers) throws Exception {
        Path kept = GOLDEN.resolve("state-" + release).resolve(savepoint);
        if (release.equals(System.getProperty("golden.write")) && Files.notExists(kept)) {
            write(kept, savepoint);
        }
        try (TestBackend backend = TestBackend.open(backend(timers), handle(kept))) {
            States states = States.of(backend);
            check(states);
            // And goes on: new writes stand beside the old ones.
            backend.keyed.setCurrentKey("key 1");
            states.value.update("later");
            KeyedStateHandle next = backend.finish(2, backend.beginCheckpoint(2));
            try (TestBackend again = TestBackend.open(backend(timers), next)) {
                ValueState<String> value = States.of(again).value;
                again.keyed.setCurrentKey("key 1");
                assertThat(value.value()).isEqualTo("later");
                again.keyed.setCurrentKey("key 2");
                assertThat(value.value()).isEqualTo("value 2");
            }
        }
    }

    /** A canonical savepoint is every backend's. */
    @ParameterizedTest
    @CsvSource("0.1.0")
    void canonicalSavepointOfAReleaseIsRestoredOnHashMap(String release) throws Exception {
        try (TestBackend backend = TestBackend.open(new HashMapStateBackend(), handle(GOLDEN.resolve("state-" + release).resolve("canonical")))) {
            check(States.of(backend));
        }
    }

    /** Every kind of state, by the names and serializers that stand in the savepoints. */
    private record States(TestBackend backend, ValueState<String> value, ListState<Long> list, MapState<Long, String> map, ReducingState<Long> sum,
            ValueState<String> timed, OrderedMapState<TimedKey, String> rows,
            KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<String, VoidNamespace>> timers) {

        static States of(TestBackend backend) throws Exception {
            ValueStateDescriptor<String> timed = new ValueStateDescriptor<>("timed", StringSerializer.INSTANCE);
            timed.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofDays(365_000)).build());
            return new States(backend, state(backend, new ValueStateDescriptor<>("value", StringSerializer.INSTANCE)),
                    state(backend, new ListStateDescriptor<>("list", LongSerializer.INSTANCE)),
                    state(backend, new MapStateDescriptor<>("map", LongSerializer.INSTANCE, StringSerializer.INSTANCE)),
                    state(backend, new ReducingStateDescriptor<>("sum", (ReduceFunction<Long>) Long::sum, LongSerializer.INSTANCE)),
                    state(backend, timed), OrderedMapStates.open(backend.keyed, OrderedMapStateTest.ROWS),
                    backend.keyed.create("timers", new TimerSerializer<>(StringSerializer.INSTANCE, VoidNamespaceSerializer.INSTANCE)));
        }

        private static <S extends org.apache.flink.api.common.state.State> S state(TestBackend backend,
                org.apache.flink.api.common.state.StateDescriptor<S, ?> descriptor) throws Exception {
            return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
        }

        /** The value of a window, in a state of its own. */
        ValueState<Long> window() throws Exception {
            return backend.keyed.getPartitionedState(WINDOW, new TimeWindow.Serializer(), new ValueStateDescriptor<>("window", LongSerializer.INSTANCE));
        }
    }

    private static void fill(States states, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            states.backend.keyed.setCurrentKey("key " + i);
            states.value.update("value " + i);
            states.map.put((long) i, "entry");
            states.map.put(-1L, null);
            states.sum.add((long) i);
            states.sum.add(1L);
            states.timed.update("timed " + i);
            states.window().update((long) i);
            for (int j = 0; j < 3; j++) {
                states.list.add((long) (i + j));
                states.rows.put(new TimedKey(j, 10 + i, j), "row " + i);
            }
            states.rows.put(new TimedKey(0, 1, 0), "dropped");
            states.rows.dropBefore(2);
            states.timers.add(new TimerHeapInternalTimer<>(1_000 + i, "key " + i, VoidNamespace.INSTANCE));
        }
    }

    private static void check(States states) throws Exception {
        for (int i = 1; i < KEYS; i++) {
            states.backend.keyed.setCurrentKey("key " + i);
            assertThat(states.value.value()).isEqualTo("value " + i);
            assertThat(states.list.get()).containsExactly((long) i, i + 1L, i + 2L);
            Map<Long, String> map = new TreeMap<>();
            states.map.entries().forEach(entry -> map.put(entry.getKey(), entry.getValue()));
            assertThat(map).hasSize(2).containsEntry((long) i, "entry").containsEntry(-1L, null);
            assertThat(states.sum.get()).isEqualTo(i + 1L);
            assertThat(states.timed.value()).isEqualTo("timed " + i);
            assertThat(states.window().value()).isEqualTo(i);
            List<TimedKey> rows = new ArrayList<>();
            try (var range = states.rows.range(null, null)) {
                range.forEachRemaining(row -> rows.add(row.getKey()));
            }
            assertThat(rows).containsExactly(new TimedKey(0, 10 + i, 0), new TimedKey(1, 10 + i, 1), new TimedKey(2, 10 + i, 2));
        }
        List<Long> times = new ArrayList<>();
        for (var timer = states.timers.peek(); timer != null && times.size() < KEYS; timer = states.timers.peek()) {
            times.add(timer.getTimestamp());
            states.timers.poll();
        }
        assertThat(times).hasSize(KEYS - 1).isSorted().first().isEqualTo(1_001L);
    }

    private AbstractStateBackend backend(LsmStateOptions.Timers timers) {
        Configuration config = new Configuration().set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString()).set(LsmStateOptions.TIMERS, timers)
                .set(LsmStateOptions.MANAGED_MEMORY, false).set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(4));
        return new LsmStateBackend().configure(config, getClass().getClassLoader());
    }

    private static KeyedStateHandle handle(Path savepoint) throws Exception {
        try (DataInputStream in = new DataInputStream(Files.newInputStream(savepoint.resolve("_metadata")))) {
            CheckpointMetadata metadata = Checkpoints.loadCheckpointMetadata(in, GoldenStateTest.class.getClassLoader(),
                    "file:" + savepoint.toAbsolutePath());
            return metadata.getOperatorStates().iterator().next().getState(0).getManagedKeyedState().iterator().next();
        }
    }

    private void write(Path golden, String kind) throws Exception {
        FsCheckpointStorageAccess storage = new FsCheckpointStorageAccess(new org.apache.flink.core.fs.Path(folder.resolve("checkpoints").toUri()),
                null, true, new JobID(), 0, 4_096);
        FsCheckpointStorageLocation location = (FsCheckpointStorageLocation) storage.initializeLocationForSavepoint(1, folder.resolve("made").toUri().toString());
        boolean isCanonical = kind.equals("canonical");
        SavepointType type = SavepointType.savepoint(isCanonical ? SavepointFormatType.CANONICAL : SavepointFormatType.NATIVE);
        try (TestBackend backend = TestBackend.open(backend(kind.contains("heap") ? LsmStateOptions.Timers.HEAP : LsmStateOptions.Timers.ENGINE))) {
            States states = States.of(backend);
            fill(states, 1, KEYS / 2);
            ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
            fill(states, KEYS / 2, KEYS);
            CheckpointOptions options = CheckpointOptions.alignedNoTimeout(type, CheckpointStorageLocationReference.getDefault());
            RunnableFuture<SnapshotResult<KeyedStateHandle>> written;
            if (isCanonical) {
                SavepointResources<String> resources = backend.keyed.savepoint();
                written = new SnapshotStrategyRunner<>("savepoint", new SavepointSnapshotStrategy<>(resources.getSnapshotResources()),
                        new CloseableRegistry(), resources.getPreferredSnapshotExecutionType()).snapshot(1, 1, location, options);
            } else {
                written = backend.beginCheckpoint(1, type, location);
            }
            written.run();
            OperatorState operator = new OperatorState("operator", "operator", OPERATOR, 1, 128);
            operator.putState(0, OperatorSubtaskState.builder().setManagedKeyedState(written.get().getJobManagerOwnedSnapshot()).build());
            CheckpointMetadataOutputStream metadata = location.createMetadataOutputStream();
            Checkpoints.storeCheckpointMetadata(new CheckpointMetadata(1, List.of(operator), List.of()), metadata);
            metadata.closeAndFinalizeCheckpoint();
        }
        copy(Path.of(java.net.URI.create(location.getCheckpointDirectory().toUri().toString())), golden);
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
