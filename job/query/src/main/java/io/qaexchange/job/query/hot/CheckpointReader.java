package io.qaexchange.job.query.hot;

import static java.util.Objects.requireNonNull;

import io.qaexchange.archive.sink.ArchiveSink;
import io.qaexchange.archive.sink.PublisherState;
import io.qaexchange.events.flink.DecodeState;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.store.InstrumentState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.state.api.runtime.OperatorIDGenerator;
import org.apache.flink.state.api.runtime.SavepointLoader;

/**
 * Reads the state of the exchange job from a checkpoint or savepoint, without a running job: rows through {@link EventStoreReader}, archive
 * epoch and counters of other operators. One thread.
 */
public final class CheckpointReader {

    private final String path;
    private final CheckpointMetadata metadata;
    private final PinnedFiles files;

    private CheckpointReader(String path, CheckpointMetadata metadata, PinnedFiles files) {
        this.path = path;
        this.metadata = metadata;
        this.files = files;
    }

    /**
     * Opens a checkpoint or savepoint.
     *
     * @param path its folder
     * @throws IOException if there is none
     */
    public static CheckpointReader open(String path) throws IOException {
        return new CheckpointReader(path, SavepointLoader.loadSavepointMetadata(requireNonNull(path, "path")), PinnedFiles.NONE);
    }

    /**
     * Opens a checkpoint that its job may delete meanwhile: its files get second names, as far as they are on the same disk.
     *
     * @param path its folder
     * @param links a folder for the second names, which is the caller's to remove
     * @throws IOException if there is none, or if it was deleted just now
     */
    public static CheckpointReader openPinned(String path, java.nio.file.Path links) throws IOException {
        CheckpointMetadata metadata = SavepointLoader.loadSavepointMetadata(requireNonNull(path, "path"));
        return new CheckpointReader(path, metadata, PinnedFiles.of(metadata, requireNonNull(links, "links")));
    }

    /** Its number. */
    public long checkpointId() {
        return metadata.getCheckpointId();
    }

    /** The epoch of the archive that took it. */
    public String epoch() throws Exception {
        String uid = OperatorUids.ARCHIVE + ": " + ArchiveSink.PUBLISHER_UID;
        for (OperatorState operator : metadata.getOperatorStates()) {
            for (String epoch : listState(operator, PublisherState.EPOCH, Types.STRING)) {
                return epoch;
            }
        }
        throw new IOException(path + " is not a checkpoint of the exchange job: it has no state of the operator " + uid);
    }

    /** Names of files of the archive that a restore of this checkpoint commits again. */
    public Set<String> uncommittedFiles() throws Exception {
        Set<String> names = new HashSet<>();
        for (OperatorState operator : metadata.getOperatorStates()) {
            for (PublisherState.Pending file : listState(operator, PublisherState.pending())) {
                names.add(new org.apache.flink.core.fs.Path(file.path()).getName());
            }
        }
        return names;
    }

    /** Messages that the job had consumed. */
    public long consumed() throws Exception {
        return decodeCounter(DecodeState.CONSUMED);
    }

    /** Messages that were refused because they were no events. */
    public long refused() throws Exception {
        return decodeCounter(DecodeState.REFUSED);
    }

    private long decodeCounter(String name) throws Exception {
        long sum = 0;
        for (Long part : listState(operator(OperatorUids.DECODE), name, Types.LONG)) {
            sum += part;
        }
        return sum;
    }

    /** The state of every instrument, by route key. */
    public Map<String, InstrumentState> instruments() throws Exception {
        return eventStore().instruments();
    }

    /**
     * Visits every row that is hot in this checkpoint, as seen with an archive: what is not in one of its published batches.
     *
     * @param published batches that the reader takes from the archive
     * @param instruments as the job had them
     */
    public void forEachHotRow(Set<String> published, Instruments instruments, HotRow visitor) throws Exception {
        eventStore().forEachHotRow(published, instruments, visitor);
    }

    /** Visits the hot rows that a filter lets through. */
    public void forEachHotRow(Set<String> published, Instruments instruments, HotFilter filter, HotRow visitor) throws Exception {
        eventStore().forEachHotRow(published, instruments, filter, visitor);
    }

    /** Names of the instruments, and of accounts without one, whose events the checkpoint holds. */
    public List<String> routeKeys() throws Exception {
        return eventStore().routeKeys();
    }

    /**
     * The keyed state of an operator.
     *
     * @throws IOException if the checkpoint has no such operator
     */
    public RestoredBackends keyedState(String uid) throws IOException {
        OperatorState operator = operator(uid);
        return new RestoredBackends(keyedHandles(operator), operator.getMaxParallelism());
    }

    /**
     * All elements of a list state of an operator; none if it has no state.
     */
    public <T> List<T> listState(String uid, ListStateDescriptor<T> state) throws Exception {
        OperatorState operator = find(uid);
        return operator == null ? List.of() : listState(operator, state);
    }

    private EventStoreReader eventStore() throws IOException {
        OperatorState operator = operator(OperatorUids.EVENT_STORE);
        return new EventStoreReader(keyedHandles(operator), operator.getMaxParallelism());
    }

    private List<KeyedStateHandle> keyedHandles(OperatorState operator) throws IOException {
        List<KeyedStateHandle> handles = new ArrayList<>();
        for (OperatorSubtaskState subtask : operator.getSubtaskStates().values()) {
            for (KeyedStateHandle handle : subtask.getManagedKeyedState()) {
                handles.add(files.pinned(handle));
            }
        }
        return handles;
    }

    private <T> List<T> listState(OperatorState operator, String name, TypeInformation<T> type) throws Exception {
        return listState(operator, new ListStateDescriptor<>(name, type));
    }

    private <T> List<T> listState(OperatorState operator, ListStateDescriptor<T> state) throws Exception {
        Collection<OperatorStateHandle> handles = new ArrayList<>();
        for (OperatorSubtaskState subtask : operator.getSubtaskStates().values()) {
            for (OperatorStateHandle handle : subtask.getManagedOperatorState()) {
                if (handle.getStateNameToPartitionOffsets().containsKey(state.getName())) {
                    handles.add(files.pinned(handle));
                }
            }
        }
        List<T> values = new ArrayList<>();
        if (handles.isEmpty()) {
            return values;
        }
        try (CloseableRegistry registry = new CloseableRegistry()) {
            OperatorStateBackend backend = new DefaultOperatorStateBackendBuilder(CheckpointReader.class.getClassLoader(),
                    new ExecutionConfig(), false, handles, registry).build();
            try {
                backend.getListState(state).get().forEach(values::add);
            } finally {
                backend.dispose();
            }
        }
        return values;
    }

    private OperatorState operator(String uid) throws IOException {
        OperatorState operator = find(uid);
        if (operator == null) {
            throw new IOException(path + " is not a checkpoint of the exchange job: it has no state of the operator " + uid);
        }
        return operator;
    }

    /** Whether the checkpoint has state of an operator. */
    public boolean has(String uid) {
        return find(uid) != null;
    }

    @Nullable
    private OperatorState find(String uid) {
        OperatorID id = OperatorIDGenerator.fromUid(uid);
        for (OperatorState operator : metadata.getOperatorStates()) {
            if (operator.getOperatorID().equals(id)) {
                return operator;
            }
        }
        return null;
    }
}
