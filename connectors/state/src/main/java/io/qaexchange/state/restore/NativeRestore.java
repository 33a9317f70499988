package io.qaexchange.state.restore;

import io.qaexchange.state.snapshot.TimerFile;
import io.qaexchange.state.snapshot.UploadHistory;
import io.qaexchange.state.snapshot.UploadHistory.Uploaded;
import io.qaexchange.state.store.KeyGroupPrefix;
import io.qaexchange.state.store.StateTables;
import io.qaexchange.state.timers.TimerQueues;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.RestoredCheckpoint;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.vfs.Vfs;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataInputViewStreamWrapper;
import org.apache.flink.runtime.state.AbstractIncrementalStateHandle;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StateSerializerProvider;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.BackendStateType;
import org.apache.flink.util.FileUtils;
import org.apache.flink.util.StateMigrationException;

/**
 * Restores checkpoints and native savepoints of this backend: each handle is laid out as a folder, and the engine makes a store of all
 * of them, side by side, clipped to the operator's key groups. Nothing is rewritten, and what is on the same file system is linked.
 *
 * <pre>
 *   fetch()                       folders for the engine
 *   sources() → LsmStore.restore
 *   restoreStates(tables)         states by name, with their old meta information
 *   restoreTimers(timers)
 *   history(restored)             what later checkpoints may refer to
 * </pre>
 *
 * <p>One use, one thread.
 *
 * @param <K> key
 */
public final class NativeRestore<K> implements AutoCloseable {
    private final KeyGroupRange keyGroups;
    private final int keyGroupBytes;
    private final StateSerializerProvider<K> keySerializers;
    private final ClassLoader userClasses;
    private final Path directory;
    private final FileFetch files;
    private final List<Part> parts = new ArrayList<>();

    /**
     * One handle.
     *
     * @param shared files that a later checkpoint may refer to, by name
     */
    private record Part(AbstractIncrementalStateHandle handle, Path folder, Map<String, StreamStateHandle> shared,
            List<StateMetaInfoSnapshot> metaInfos) {
    }

    /**
     * @param directory for files on their way into the store; removed by {@link #close()}
     * @param disk where the folder is
     * @param cancelled closed when the task is cancelled, which ends the restore
     */
    public NativeRestore(KeyGroupRange keyGroups, int numberOfKeyGroups, StateSerializerProvider<K> keySerializers, ClassLoader userClasses,
            Path directory, Vfs disk, CloseableRegistry cancelled) {
        this.keyGroups = keyGroups;
        keyGroupBytes = CompositeKeySerializationUtils.computeRequiredBytesInKeyGroupPrefix(numberOfKeyGroups);
        this.keySerializers = keySerializers;
        this.userClasses = userClasses;
        this.directory = directory;
        files = new FileFetch(disk, cancelled);
    }

    /** Whether a handle is of the kind that this class restores; another backend's may be too. */
    public static boolean canRead(KeyedStateHandle handle) {
        return handle instanceof AbstractIncrementalStateHandle;
    }

    /** @throws IOException names the handle's file that is missing, damaged or not ours */
    public void fetch(Collection<KeyedStateHandle> handles) throws Exception {
        for (KeyedStateHandle handle : handles) {
            AbstractIncrementalStateHandle incremental = (AbstractIncrementalStateHandle) handle;
            Map<String, StreamStateHandle> shared = new HashMap<>();
            for (HandleAndLocalPath file : incremental.getSharedStateHandles()) {
                shared.put(file.getLocalPath(), file.getHandle());
            }
            Path folder = files.layOut(incremental, directory.resolve(Integer.toString(parts.size())));
            parts.add(new Part(incremental, folder, shared, readMetaInfos(incremental)));
        }
    }

    private List<StateMetaInfoSnapshot> readMetaInfos(AbstractIncrementalStateHandle handle) throws Exception {
        KeyedBackendSerializationProxy<K> meta = new KeyedBackendSerializationProxy<>(userClasses);
        try (InputStream in = files.open(handle.getMetaDataStateHandle(), "meta information")) {
            meta.read(new DataInputViewStreamWrapper(in));
        }
        if (parts.isEmpty()) {
            var current = keySerializers.currentSchemaSerializer();
            var compatibility = keySerializers.setPreviousSerializerSnapshotForRestoredState(meta.getKeySerializerSnapshot());
            if (compatibility.isCompatibleAfterMigration() || compatibility.isIncompatible()) {
                throw new StateMigrationException("the key serializer cannot be changed: " + current + " does not read the keys of "
                        + meta.getKeySerializerSnapshot() + " as they are stored, and keys decide where state lies");
            }
        }
        return meta.getStateMetaInfoSnapshots();
    }

    public List<CheckpointSource> sources() {
        List<CheckpointSource> sources = new ArrayList<>();
        for (Part part : parts) {
            KeyRange clip = KeyGroupPrefix.rangeOf(part.handle().getKeyGroupRange().getIntersection(keyGroups), keyGroupBytes);
            Map<String, String> identities = new HashMap<>();
            part.shared().forEach((name, handle) -> identities.put(name, handle.getStreamStateHandleID().getKeyString()));
            sources.add(new CheckpointSource(part.folder(), clip, identities));
        }
        return sources;
    }

    public void restoreStates(StateTables tables) throws IOException {
        for (Part part : parts) {
            for (StateMetaInfoSnapshot metaInfo : part.metaInfos()) {
                if (metaInfo.getBackendStateType() != BackendStateType.PRIORITY_QUEUE) {
                    tables.restore(metaInfo);
                }
            }
        }
    }

    public void restoreTimers(TimerQueues timers) throws IOException {
        for (Part part : parts) {
            Path file = part.folder().resolve(TimerFile.NAME);
            List<StateMetaInfoSnapshot> metaInfos = part.metaInfos().stream()
                    .filter(metaInfo -> metaInfo.getBackendStateType() == BackendStateType.PRIORITY_QUEUE).toList();
            for (StateMetaInfoSnapshot metaInfo : metaInfos) {
                timers.restore(metaInfo);
            }
            // Not there if timers were in the engine.
            if (Files.exists(file)) {
                try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
                    restoreTimers(metaInfos, new DataInputViewStreamWrapper(in), timers);
                }
            }
        }
        timers.adoptStored();
    }

    private void restoreTimers(List<StateMetaInfoSnapshot> metaInfos, DataInputView in, TimerQueues timers) throws IOException {
        TimerFile.readHead(in);
        DataInputDeserializer keyGroup = new DataInputDeserializer();
        for (StateMetaInfoSnapshot metaInfo : metaInfos) {
            TimerFile.readQueue(in, timer -> {
                keyGroup.setBuffer(timer);
                if (keyGroups.contains(CompositeKeySerializationUtils.readKeyGroup(keyGroupBytes, keyGroup))) {
                    timers.add(metaInfo.getName(), timer);
                }
            });
        }
    }

    /** The checkpoint's own chain goes on only for the same key groups; else a new one begins. */
    public UUID backendId() {
        return parts.size() == 1 && parts.get(0).handle().getKeyGroupRange().equals(keyGroups)
                ? parts.get(0).handle().getBackendIdentifier() : UUID.randomUUID();
    }

    /** The restored checkpoint counts as confirmed, under the names that the store has given its files. */
    public UploadHistory history(RestoredCheckpoint restored) {
        Map<String, Uploaded> known = new HashMap<>();
        for (RestoredCheckpoint.File file : restored.files()) {
            known.put(file.name(), new Uploaded(parts.get(file.source()).shared().get(file.sourceName()), null));
        }
        for (LogPiece piece : restored.pieces()) {
            known.put(piece.name(), new Uploaded(parts.get(0).shared().get(piece.name()), piece));
        }
        return new UploadHistory(parts.stream().mapToLong(part -> part.handle().getCheckpointId()).max().orElse(0), known);
    }

    /** Links pieces that later checkpoints may reuse into a folder, from where their local copies take them. */
    public void keepPieces(RestoredCheckpoint restored, Path folder) throws IOException {
        Files.createDirectories(folder);
        for (LogPiece piece : restored.pieces()) {
            Files.createLink(folder.resolve(piece.name()), parts.get(0).folder().resolve(piece.name()));
        }
    }

    /** The restored files and where they are from, for the log. */
    public String describe() {
        long local = parts.stream().filter(part -> part.handle() instanceof IncrementalLocalKeyedStateHandle).count();
        String from = local == parts.size() ? "a local copy" : parts.size() - local + " remote parts" + (local == 0 ? "" : " and a local copy");
        return "key groups " + keyGroups.getStartKeyGroup() + " to " + keyGroups.getEndKeyGroup() + " restored from " + from;
    }

    /** Removes the folders; the store has links of its own. */
    @Override
    public void close() throws IOException {
        FileUtils.deleteDirectory(directory.toFile());
    }
}
