package io.qaexchange.state.restore;

import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTable;
import io.qaexchange.state.store.StateTables;
import io.qaexchange.state.timers.TimerQueues;
import io.qaexchange.storage.WriteBatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.BackendStateType;
import org.apache.flink.runtime.state.restore.FullSnapshotRestoreOperation;
import org.apache.flink.runtime.state.restore.KeyGroup;
import org.apache.flink.runtime.state.restore.KeyGroupEntry;
import org.apache.flink.runtime.state.restore.SavepointRestoreResult;
import org.apache.flink.runtime.state.restore.ThrowingIterator;

/**
 * Fills an empty store from snapshots in the canonical format, this backend's or another's, cut to the operator's key groups by Flink.
 * Stored bytes are those of the snapshot, so entries are written as they come.
 *
 * <p>One use, one thread.
 */
public final class CanonicalRestore<K> {
    private static final int BATCH_BYTES = 256 << 10;

    private final StateStore store;
    private final StateTables tables;
    private final TimerQueues timers;
    private final CloseableRegistry cancelled;
    private final WriteBatch batch = new WriteBatch();

    /** @param cancelled closed when the task is cancelled, which ends the restore */
    public CanonicalRestore(StateStore store, StateTables tables, TimerQueues timers, CloseableRegistry cancelled) {
        this.store = store;
        this.tables = tables;
        this.timers = timers;
        this.cancelled = cancelled;
    }

    /** The same savepoints, read in blocks, by streams that are closed when the task is cancelled. @param handles some may be null */
    public static List<KeyedStateHandle> inBlocks(Collection<KeyedStateHandle> handles, CloseableRegistry cancelled) {
        List<KeyedStateHandle> result = new ArrayList<>();
        for (KeyedStateHandle handle : handles) {
            if (handle != null) {
                KeyGroupsSavepointStateHandle savepoint = (KeyGroupsSavepointStateHandle) handle;
                result.add(new KeyGroupsSavepointStateHandle(savepoint.getGroupRangeOffsets(),
                        RestoreStream.through(savepoint.getDelegateStateHandle(), cancelled)));
            }
        }
        return result;
    }

    /** @throws CancelTaskException if the task is cancelled meanwhile */
    public void restore(FullSnapshotRestoreOperation<K> operation) throws Exception {
        try (ThrowingIterator<SavepointRestoreResult> snapshots = operation.restore()) {
            while (snapshots.hasNext()) {
                restoreSnapshot(snapshots.next());
            }
        }
    }

    private void restoreSnapshot(SavepointRestoreResult snapshot) throws Exception {
        List<StateMetaInfoSnapshot> metaInfos = snapshot.getStateMetaInfoSnapshots();
        Map<Integer, StateTable<?, ?>> tablesById = new HashMap<>();
        Map<Integer, String> timersById = new HashMap<>();
        for (int id = 0; id < metaInfos.size(); id++) {
            StateMetaInfoSnapshot metaInfo = metaInfos.get(id);
            if (metaInfo.getBackendStateType() == BackendStateType.PRIORITY_QUEUE) {
                timers.restore(metaInfo);
                timersById.put(id, metaInfo.getName());
            } else {
                tablesById.put(id, tables.restore(metaInfo));
            }
        }
        try (ThrowingIterator<KeyGroup> keyGroups = snapshot.getRestoredKeyGroups()) {
            while (keyGroups.hasNext()) {
                try (ThrowingIterator<KeyGroupEntry> entries = keyGroups.next().getKeyGroupEntries()) {
                    while (entries.hasNext()) {
                        restoreEntry(entries.next(), tablesById, timersById);
                    }
                }
            }
        }
        write();
    }

    private void restoreEntry(KeyGroupEntry entry, Map<Integer, StateTable<?, ?>> tablesById, Map<Integer, String> timersById) throws IOException {
        int id = entry.getKvStateId();
        StateTable<?, ?> table = tablesById.get(id);
        if (table != null) {
            batch.put(table.family(), entry.getKey(), entry.getValue());
            if (batch.sizeBytes() >= BATCH_BYTES) {
                write();
            }
            return;
        }
        String queue = timersById.get(id);
        if (queue == null) {
            throw new IOException("the snapshot is damaged or not in the canonical format: an entry names state " + id + " of "
                    + (tablesById.size() + timersById.size()) + " states");
        }
        timers.add(queue, entry.getKey());
    }

    private void write() throws IOException {
        if (cancelled.isClosed()) {
            throw new CancelTaskException("cancelled while state was restored");
        }
        store.write(batch);
        batch.clear();
    }
}
