package io.qaexchange.job.cli.read;

import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.StoredKey;
import io.qaexchange.job.query.hot.RestoredBackends;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.apache.flink.state.api.runtime.OperatorIDGenerator;
import org.apache.flink.state.api.runtime.SavepointLoader;
import org.apache.flink.util.CloseableIterator;

/** Damages savepoints for tests. */
public final class SavepointEditor {

    private static final int MAX_STATE_BYTES = 256 << 20;

    private SavepointEditor() {
    }

    /**
     * Removes the newest row of one instrument from a savepoint, which is changed in place.
     *
     * @return the route key of the instrument and the key of the row, as text
     */
    public static String removeOneHotRow(Path savepoint, Set<String> published) throws Exception {
        CheckpointMetadata metadata = SavepointLoader.loadSavepointMetadata(savepoint.toUri().toString());
        String[] removed = new String[1];
        List<OperatorState> operators = new ArrayList<>();
        for (OperatorState operator : metadata.getOperatorStates()) {
            if (!operator.getOperatorID().equals(OperatorIDGenerator.fromUid(OperatorUids.EVENT_STORE))) {
                operators.add(operator);
                continue;
            }
            OperatorState changed = new OperatorState(null, OperatorUids.EVENT_STORE, operator.getOperatorID(),
                    operator.getParallelism(), operator.getMaxParallelism());
            for (Map.Entry<Integer, OperatorSubtaskState> subtask : operator.getSubtaskStates().entrySet()) {
                KeyedStateHandle handle = subtask.getValue().getManagedKeyedState().iterator().next();
                new RestoredBackends(List.of(handle), operator.getMaxParallelism()).forEach(backend -> {
                    if (removed[0] == null) {
                        removed[0] = removeFrom(backend, published);
                    }
                    changed.putState(subtask.getKey(), subtask.getValue().toBuilder().setManagedKeyedState(snapshot(backend)).build());
                });
            }
            operators.add(changed);
        }
        try (OutputStream out = Files.newOutputStream(savepoint.resolve("_metadata"))) {
            Checkpoints.storeCheckpointMetadata(
                    new CheckpointMetadata(metadata.getCheckpointId(), operators, metadata.getMasterStates()), out);
        }
        return removed[0];
    }

    private static String removeFrom(AbstractKeyedStateBackend<String> backend, Set<String> published) throws Exception {
        EventStoreState state = EventStoreState.open(backend);
        List<String> routeKeys;
        try (Stream<String> keys = backend.getKeys(EventStoreState.INSTRUMENT, VoidNamespace.INSTANCE)) {
            routeKeys = keys.sorted().toList();
        }
        for (String routeKey : routeKeys) {
            backend.setCurrentKey(routeKey);
            InstrumentState instrument = InstrumentState.fromBytes(state.instrument().value());
            try (CloseableIterator<Map.Entry<StoredKey, byte[]>> rows = state.events().reverse(null, null)) {
                while (rows.hasNext()) {
                    StoredKey key = rows.next().getKey();
                    if (instrument.boundary().isHotEvent(key.recordCode(), 0, key.eventTimeNs(), published)) {
                        state.events().remove(key);
                        return routeKey + " … " + key.eventTimeNs() + " … #" + key.sequence();
                    }
                }
            }
        }
        return null;
    }

    private static KeyedStateHandle snapshot(AbstractKeyedStateBackend<String> backend) throws Exception {
        var future = backend.snapshot(1, 1, new MemCheckpointStreamFactory(MAX_STATE_BYTES),
                CheckpointOptions.forCheckpointWithDefaultLocation());
        future.run();
        SnapshotResult<KeyedStateHandle> result = future.get();
        if (result.getJobManagerOwnedSnapshot() == null) {
            throw new IOException("nothing was snapshotted");
        }
        return result.getJobManagerOwnedSnapshot();
    }
}
