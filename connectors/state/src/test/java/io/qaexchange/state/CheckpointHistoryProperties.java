package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.RunnableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory;
import org.apache.flink.util.FileUtils;

/**
 * Checkpoints begin, are written, acknowledged, completed, aborted, and the task hears of it late and in any order, with Flink's own
 * registry of shared files, which deletes what the last completed checkpoint does not name: that checkpoint can always be restored. Native
 * savepoints are taken in between, and claimed by a next run; job managers are lost, and the next one knows what the metadata on disk say.
 */
class CheckpointHistoryProperties {
    @Property(tries = 60)
    void theLastCompletedCheckpointIsAlwaysWhole(@ForAll long seed) throws Exception {
        Path folder = Files.createTempDirectory("checkpoint-history");
        try (History history = new History(folder, seed)) {
            history.run(70);
        } finally {
            FileUtils.deleteDirectory(folder.toFile());
        }
    }

    /** A checkpoint under way. */
    private static final class Pending {
        final RunnableFuture<SnapshotResult<KeyedStateHandle>> future;
        final Map<String, String> model;
        KeyedStateHandle acknowledged;
        boolean aborted;

        Pending(RunnableFuture<SnapshotResult<KeyedStateHandle>> future, Map<String, String> model) {
            this.future = future;
            this.model = model;
        }
    }

    private static final class History implements AutoCloseable {
        private static final ValueStateDescriptor<String> VALUE = new ValueStateDescriptor<>("value", StringSerializer.INSTANCE);
        private static final OperatorID OPERATOR = new OperatorID(1, 2);
        private static final int CONCURRENT = 3;

        private final SplittableRandom random;
        private final Path folder;
        private final LsmStateBackend kind;
        private SharedStateRegistry registry = new SharedStateRegistryImpl();
        private final TreeMap<Long, Pending> pending = new TreeMap<>();
        private final List<Runnable> notifications = new ArrayList<>();
        private final Map<String, String> model = new HashMap<>();
        private TestBackend backend;
        private ValueState<String> value;
        private Pending completed;
        private Pending savepoint;
        private long savepointId;
        private long completedId;
        private long nextId = 1;
        private int writes;

        History(Path folder, long seed) throws Exception {
            this.folder = folder;
            random = new SplittableRandom(seed);
            Files.createDirectories(folder.resolve("shared"));
            Configuration config = new Configuration();
            config.set(LsmStateOptions.MANAGED_MEMORY, false);
            config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1));
            config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.resolve("local").toString());
            kind = new LsmStateBackend().configure(config, getClass().getClassLoader());
            open();
        }

        private void open(KeyedStateHandle... from) throws Exception {
            backend = TestBackend.open(kind, from);
            value = value(backend);
        }

        private static ValueState<String> value(TestBackend of) throws Exception {
            return of.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, VALUE);
        }

        void run(int steps) throws Exception {
            for (int step = 0; step < steps; step++) {
                switch (random.nextInt(12)) {
                    case 0, 1, 2 -> write();
                    case 3, 4 -> begin();
                    case 5, 6 -> upload();
                    case 7, 8 -> complete();
                    case 9 -> abort();
                    case 10 -> hear();
                    default -> {
                        if (random.nextInt(3) == 0) {
                            restart();
                        } else {
                            check();
                        }
                    }
                }
            }
            check();
        }

        private void write() throws IOException {
            for (int i = random.nextInt(400); i > 0; i--) {
                String key = "key " + random.nextInt(300);
                String text = "value " + writes++ + "-".repeat(random.nextInt(200));
                backend.keyed.setCurrentKey(key);
                if (random.nextInt(10) == 0) {
                    value.clear();
                    model.remove(key);
                } else {
                    value.update(text);
                    model.put(key, text);
                }
            }
        }

        private void begin() throws Exception {
            if (pending.size() >= CONCURRENT) {
                return;
            }
            long id = nextId++;
            SnapshotType type = random.nextInt(6) == 0 ? CheckpointType.FULL_CHECKPOINT
                    : random.nextInt(6) == 0 ? SavepointType.savepoint(SavepointFormatType.NATIVE) : CheckpointType.CHECKPOINT;
            if (type.isSavepoint()) {
                savepoint(id, type);
            } else {
                pending.put(id, new Pending(backend.beginCheckpoint(id, type, storage(id, folder.resolve("shared"))), new HashMap<>(model)));
            }
        }

        /** A savepoint completes without anybody's registering it; the task may hear of it all the same. */
        private void savepoint(long id, SnapshotType type) throws Exception {
            RunnableFuture<SnapshotResult<KeyedStateHandle>> future = backend.beginCheckpoint(id, type, storage(id, folder.resolve("shared")));
            Map<String, String> then = new HashMap<>(model);
            future.run();
            notifications.add(() -> tell(() -> backend.keyed.notifyCheckpointComplete(id)));
            savepoint = new Pending(future, then);
            savepoint.acknowledged = future.get().getJobManagerOwnedSnapshot();
            savepointId = id;
            writeMetadata(id, savepoint.acknowledged);
            checkContent(readMetadata(id), then);
        }

        /** Written as the job manager does, beside the checkpoint's own files. */
        private void writeMetadata(long id, KeyedStateHandle handle) throws IOException {
            OperatorState operator = new OperatorState("operator", "operator", OPERATOR, 1, TestBackend.ALL_KEY_GROUPS.getNumberOfKeyGroups());
            operator.putState(0, OperatorSubtaskState.builder().setManagedKeyedState(handle).build());
            try (OutputStream out = Files.newOutputStream(metadata(id))) {
                Checkpoints.storeCheckpointMetadata(new CheckpointMetadata(id, List.of(operator), List.of()), out);
            }
        }

        /** The knowledge of another JobManager about a checkpoint. */
        private KeyedStateHandle readMetadata(long id) throws IOException {
            try (DataInputStream in = new DataInputStream(Files.newInputStream(metadata(id)))) {
                OperatorState operator = Checkpoints.loadCheckpointMetadata(in, getClass().getClassLoader(), metadata(id).toUri().toString())
                        .getOperatorStates().iterator().next();
                return operator.getState(0).getManagedKeyedState().iterator().next();
            }
        }

        private Path metadata(long id) {
            return folder.resolve("chk-" + id).resolve("_metadata");
        }

        private CheckpointStreamFactory storage(long id, Path shared) throws IOException {
            Path own = Files.createDirectories(folder.resolve("chk-" + id));
            return new FsCheckpointStreamFactory(LocalFileSystem.getSharedInstance(), new org.apache.flink.core.fs.Path(own.toUri()),
                    new org.apache.flink.core.fs.Path(shared.toUri()), 0, 4096);
        }

        private void upload() throws Exception {
            List<Long> waiting = pending.entrySet().stream().filter(entry -> entry.getValue().acknowledged == null).map(Map.Entry::getKey).toList();
            if (waiting.isEmpty()) {
                return;
            }
            long id = waiting.get(random.nextInt(waiting.size()));
            Pending one = pending.get(id);
            if (random.nextInt(8) == 0) {
                // The task gives it up by itself.
                one.future.cancel(true);
                decline(id);
                return;
            }
            one.future.run();
            one.acknowledged = one.future.get().getJobManagerOwnedSnapshot();
            one.acknowledged.registerSharedStates(registry, id);
        }

        private void decline(long id) {
            pending.remove(id);
            notifications.add(() -> tell(() -> backend.keyed.notifyCheckpointAborted(id)));
        }

        private void complete() throws Exception {
            List<Long> ready = pending.entrySet().stream().filter(entry -> entry.getValue().acknowledged != null).map(Map.Entry::getKey).toList();
            if (ready.isEmpty()) {
                return;
            }
            long id = ready.get(random.nextInt(ready.size()));
            completed = pending.remove(id);
            completedId = id;
            writeMetadata(id, completed.acknowledged);
            registry.unregisterUnusedState(id);
            notifications.add(() -> tell(() -> backend.keyed.notifyCheckpointComplete(id)));
            for (long earlier : List.copyOf(pending.headMap(id).keySet())) {
                discard(earlier);
            }
        }

        private void abort() throws Exception {
            if (!pending.isEmpty()) {
                List<Long> ids = List.copyOf(pending.keySet());
                discard(ids.get(random.nextInt(ids.size())));
            }
        }

        private void discard(long id) throws Exception {
            Pending one = pending.get(id);
            one.future.cancel(true);
            if (one.acknowledged != null) {
                one.acknowledged.discardState();
            }
            decline(id);
        }

        private void hear() {
            if (!notifications.isEmpty()) {
                notifications.remove(random.nextInt(notifications.size())).run();
            }
        }

        private interface Notification {
            void run() throws Exception;
        }

        private static void tell(Notification notification) {
            try {
                notification.run();
            } catch (Exception e) {
                throw new AssertionError("the task must not fail because of a notification", e);
            }
        }

        private void check() throws Exception {
            if (completed != null) {
                checkContent(random.nextBoolean() ? completed.acknowledged : readMetadata(completedId), completed.model);
            }
        }

        private void checkContent(KeyedStateHandle handle, Map<String, String> expected) throws Exception {
            try (TestBackend restored = TestBackend.open(kind, handle)) {
                ValueState<String> values = value(restored);
                Map<String, String> seen = new HashMap<>();
                for (int i = 0; i < 300; i++) {
                    restored.keyed.setCurrentKey("key " + i);
                    if (values.value() != null) {
                        seen.put("key " + i, values.value());
                    }
                }
                assertThat(seen).as("checkpoint %s", completedId).isEqualTo(expected);
            }
        }

        /** The task fails and is restored; what was under way is lost. */
        private void restart() throws Exception {
            for (long id : List.copyOf(pending.keySet())) {
                discard(id);
            }
            notifications.clear();
            backend.close();
            model.clear();
            if (savepoint != null && random.nextInt(3) == 0) {
                claimSavepoint();
            } else if (completed != null && random.nextInt(3) == 0) {
                loseJobManager();
            }
            if (completed == null) {
                open();
            } else {
                model.putAll(completed.model);
                open(completed.acknowledged);
            }
        }

        /** Another run of the job takes a savepoint's files over: from now on they go when no checkpoint names them any more. */
        private void claimSavepoint() throws IOException {
            completed = savepoint;
            completedId = savepointId;
            savepoint = null;
            loseJobManager();
        }

        /** The next job manager knows what the metadata say. */
        private void loseJobManager() throws IOException {
            registry = new SharedStateRegistryImpl();
            completed.acknowledged = readMetadata(completedId);
            completed.acknowledged.registerSharedStates(registry, completedId);
        }

        @Override
        public void close() throws Exception {
            backend.close();
        }
    }
}
