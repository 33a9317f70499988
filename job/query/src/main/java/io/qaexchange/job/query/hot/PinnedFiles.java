package io.qaexchange.job.query.hot;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.OperatorStreamStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Second names (hard links) of a checkpoint's files: the job that took it may delete them while they are read. Files on other disks or
 * remote, and handles of kinds that are not known here, keep their own names.
 *
 * <p>One thread.
 */
final class PinnedFiles {

    /** No file is pinned. */
    static final PinnedFiles NONE = new PinnedFiles(null);

    private static final Logger LOG = LoggerFactory.getLogger(PinnedFiles.class);
    private static final String LOCAL = "file";

    private final Path folder;
    private final Map<String, Path> links = new HashMap<>();

    private PinnedFiles(Path folder) {
        this.folder = folder;
    }

    /**
     * Pins all files of a checkpoint.
     *
     * @param folder where the links are made; on the checkpoint's disk, or nothing is pinned
     * @throws NoSuchFileException if one is gone already
     */
    static PinnedFiles of(CheckpointMetadata checkpoint, Path folder) throws IOException {
        PinnedFiles pinned = new PinnedFiles(folder);
        for (OperatorState operator : checkpoint.getOperatorStates()) {
            for (OperatorSubtaskState subtask : operator.getSubtaskStates().values()) {
                for (KeyedStateHandle handle : subtask.getManagedKeyedState()) {
                    pinned.pinned(handle);
                }
                for (OperatorStateHandle handle : subtask.getManagedOperatorState()) {
                    pinned.pinned(handle);
                }
            }
        }
        return pinned;
    }

    /** The same state, read by the second names. */
    KeyedStateHandle pinned(KeyedStateHandle handle) throws IOException {
        if (folder == null) {
            return handle;
        }
        if (handle instanceof IncrementalRemoteKeyedStateHandle incremental) {
            return new IncrementalRemoteKeyedStateHandle(incremental.getBackendIdentifier(), incremental.getKeyGroupRange(),
                    incremental.getCheckpointId(), pinned(incremental.getSharedState()), pinned(incremental.getPrivateState()),
                    pinned(incremental.getMetaDataStateHandle()));
        }
        if (handle instanceof KeyGroupsSavepointStateHandle savepoint) {
            return new KeyGroupsSavepointStateHandle(savepoint.getGroupRangeOffsets(), pinned(savepoint.getDelegateStateHandle()));
        }
        if (handle.getClass() == KeyGroupsStateHandle.class) {
            KeyGroupsStateHandle keyGroups = (KeyGroupsStateHandle) handle;
            return new KeyGroupsStateHandle(keyGroups.getGroupRangeOffsets(), pinned(keyGroups.getDelegateStateHandle()));
        }
        return handle;
    }

    /** The same state, read by the second names. */
    OperatorStateHandle pinned(OperatorStateHandle handle) throws IOException {
        if (folder == null || handle.getClass() != OperatorStreamStateHandle.class) {
            return handle;
        }
        return new OperatorStreamStateHandle(handle.getStateNameToPartitionOffsets(), pinned(handle.getDelegateStateHandle()));
    }

    private List<HandleAndLocalPath> pinned(List<HandleAndLocalPath> files) throws IOException {
        List<HandleAndLocalPath> pinned = new ArrayList<>();
        for (HandleAndLocalPath file : files) {
            pinned.add(HandleAndLocalPath.of(pinned(file.getHandle()), file.getLocalPath()));
        }
        return pinned;
    }

    private StreamStateHandle pinned(StreamStateHandle handle) throws IOException {
        if (!(handle instanceof FileStateHandle file) || !LOCAL.equals(file.getFilePath().toUri().getScheme())) {
            return handle;
        }
        Path link = link(file.getFilePath().getPath());
        return link == null ? handle : new FileStateHandle(new org.apache.flink.core.fs.Path(LOCAL + ":" + link), file.getStateSize());
    }

    /** Null if there cannot be a link. */
    private Path link(String file) throws IOException {
        Path known = links.get(file);
        if (known != null) {
            return known;
        }
        Path link = folder.resolve(Integer.toString(links.size()));
        try {
            Files.createLink(link, Path.of(file));
        } catch (NoSuchFileException | FileAlreadyExistsException e) {
            throw e;
        } catch (IOException | UnsupportedOperationException e) {
            if (!Files.exists(Path.of(file))) {
                throw new NoSuchFileException(file);
            }
            LOG.debug("{} has no second name and may be deleted while it is read", file, e);
            return null;
        }
        links.put(file, link);
        return link;
    }
}
