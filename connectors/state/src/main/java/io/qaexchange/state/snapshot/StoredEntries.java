package io.qaexchange.state.snapshot;

import io.qaexchange.state.snapshot.FullSnapshot.StoredState;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.key.KeyRange;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.StateSnapshotTransformer;

/** The stored entries of one state in key order, without those that its transformer leaves out. */
final class StoredEntries implements StateEntries {
    private final StoreIterator entries;
    @Nullable
    private final StateSnapshotTransformer<byte[]> transformer;
    private final int keyGroupBytes;
    private byte[] key;
    private byte[] value;
    private int keyGroup;

    private StoredEntries(StoreIterator entries, @Nullable StateSnapshotTransformer<byte[]> transformer, int keyGroupBytes) {
        this.entries = entries;
        this.transformer = transformer;
        this.keyGroupBytes = keyGroupBytes;
    }

    static StoredEntries open(StateStore store, StoredState state, Snapshot snapshot, int keyGroupBytes) throws IOException {
        StoredEntries opened = new StoredEntries(store.iterator(state.family(), KeyRange.ALL, snapshot), state.transformer(), keyGroupBytes);
        boolean placed = false;
        try {
            opened.entries.seekToFirst();
            opened.load();
            placed = true;
            return opened;
        } finally {
            if (!placed) {
                opened.close();
            }
        }
    }

    @Override
    public void next() throws IOException {
        entries.next();
        load();
    }

    /** Takes the entry where the iterator stands, or the first after it that is not left out. */
    private void load() throws IOException {
        for (; entries.valid(); entries.next()) {
            byte[] stored = entries.value().toByteArray();
            value = transformer == null ? stored : transformer.filterOrTransform(stored);
            if (value != null) {
                key = entries.key().toByteArray();
                keyGroup = CompositeKeySerializationUtils.extractKeyGroup(keyGroupBytes, key);
                return;
            }
        }
        keyGroup = NONE;
    }

    @Override
    public int keyGroup() {
        return keyGroup;
    }

    @Override
    public byte[] key() {
        return key;
    }

    @Override
    public byte[] value() {
        return value;
    }

    @Override
    public void close() {
        entries.close();
    }
}
