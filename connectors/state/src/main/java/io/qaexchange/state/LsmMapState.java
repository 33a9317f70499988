package io.qaexchange.state;

import io.qaexchange.state.store.StateTable;
import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.queryablestate.client.state.serialization.KvStateSerializer;
import org.apache.flink.runtime.state.internal.InternalMapState;

/**
 * Map state: a stored value per entry, under the key, namespace and user key; the value is an is-null byte and, unless null, the user
 * value's bytes. So an entry is read and written alone, and iterating is a scan of the keys that begin with key and namespace.
 */
final class LsmMapState<K, N, UK, UV> extends AbstractLsmState<K, N, Map<UK, UV>> implements InternalMapState<K, N, UK, UV> {
    /** Up to so many entries are removed one by one; more are hidden by one range deletion, which reads then have to look at. */
    private static final int REMOVED_SINGLY = 64;
    /** So many maps are scanned before one is copied at once again, after one that could not be. */
    private static final int SCANS_IN_A_ROW = 16;
    private static final int BATCH_BYTES = 256 << 10;

    private static final Object EMPTY = new Object();
    private static final Object NOT_EMPTY = new Object();

    private final Slice valueView = new Slice();
    private final Slice prefixView = new Slice();
    private int scansToCome;
    private TypeSerializer<UK> userKeySerializer;
    private TypeSerializer<UV> userValueSerializer;
    /** Null, each, if its serializer is not one of numbers. */
    private FixedWidth<UK> fixedKeys;
    private FixedWidth<UV> fixedValues;

    LsmMapState(LsmKeyedStateBackend<K> backend, StateTable<N, Map<UK, UV>> table) {
        super(backend, table);
    }

    @Override
    void update(StateDescriptor<?, Map<UK, UV>> descriptor) {
        super.update(descriptor);
        MapSerializer<UK, UV> serializer = (MapSerializer<UK, UV>) valueSerializer;
        userKeySerializer = serializer.getKeySerializer();
        userValueSerializer = serializer.getValueSerializer();
        fixedKeys = FixedWidth.of(userKeySerializer);
        fixedValues = FixedWidth.of(userValueSerializer);
    }

    @Override
    public UV get(UK userKey) throws IOException {
        Slice stored = store.get(family, key(userKey, userKeySerializer));
        if (stored == null) {
            return null;
        }
        if (fixedValues != null && stored.getByte(0) == 0) {
            return fixedValues.read(stored, 1);
        }
        copyToInput(stored);
        return readUserValue(input);
    }

    @Override
    public void put(UK userKey, UV userValue) throws IOException {
        serialize(userValue);
        forgetIfEmpty();
        putOutput(key(userKey, userKeySerializer));
    }

    /** Puts leave a map that has entries one that has some. */
    private void forgetIfEmpty() {
        if (knownBefore() == EMPTY) {
            forget();
        }
    }

    @Override
    public void putAll(Map<UK, UV> map) throws IOException {
        if (map == null) {
            return;
        }
        forgetIfEmpty();
        WriteBatch batch = new WriteBatch();
        for (Map.Entry<UK, UV> entry : map.entrySet()) {
            serialize(entry.getValue());
            batch.put(family, key(entry.getKey(), userKeySerializer), valueView.wrap(output.getSharedBuffer(), 0, output.length()));
            if (batch.sizeBytes() >= BATCH_BYTES) {
                store.write(batch);
                batch.clear();
            }
        }
        store.write(batch);
    }

    @Override
    public void remove(UK userKey) throws IOException {
        forget();
        store.delete(family, key(userKey, userKeySerializer));
    }

    @Override
    public boolean contains(UK userKey) throws IOException {
        return store.get(family, key(userKey, userKeySerializer)) != null;
    }

    @Override
    public Iterable<Map.Entry<UK, UV>> entries() {
        return this::iterator;
    }

    @Override
    public Iterator<Map.Entry<UK, UV>> iterator() {
        return MapEntries.entries(this, prefix());
    }

    @Override
    public Iterable<UK> keys() {
        byte[] prefix = prefix();
        return () -> MapEntries.keys(this, prefix);
    }

    @Override
    public Iterable<UV> values() {
        byte[] prefix = prefix();
        return () -> MapEntries.values(this, prefix);
    }

    @Override
    public boolean isEmpty() {
        Object known = known();
        if (known == null) {
            try {
                known = store.isEmpty(family, KeyRange.prefix(prefix())) ? EMPTY : NOT_EMPTY;
            } catch (IOException e) {
                throw failure("read", e);
            }
            keep(known, 0);
        }
        return known == EMPTY;
    }

    @Override
    public void clear() {
        forget();
        byte[] prefix = prefix();
        WriteBatch removals = new WriteBatch();
        try {
            try (StoreIterator entries = scan(prefix, null)) {
                for (; entries.valid() && removals.count() < REMOVED_SINGLY; entries.next()) {
                    removals.delete(family, entries.key());
                }
            }
            if (removals.count() < REMOVED_SINGLY) {
                store.write(removals);
            } else {
                store.deleteRange(family, KeyRange.prefix(prefix));
            }
        } catch (IOException e) {
            throw failure("cleared", e);
        }
    }

    private byte[] prefix() {
        return key().toByteArray();
    }

    /** All entries of a prefix, if they are few: good until the next call of any method of the store. Null if they have to be scanned. */
    @Nullable
    CopiedEntries copy(byte[] prefix, boolean withValues) throws IOException {
        if (scansToCome > 0) {
            scansToCome--;
            return null;
        }
        CopiedEntries few = store.copy(family, prefixView.wrap(prefix), withValues);
        scansToCome = few == null ? SCANS_IN_A_ROW : 0;
        return few;
    }

    /** The entries of a prefix, standing at the first, or at the first after a stored key. */
    StoreIterator scan(byte[] prefix, @Nullable byte[] behind) throws IOException {
        StoreIterator entries = store.iterator(family, KeyRange.prefix(prefix), null);
        boolean placed = false;
        try {
            if (behind == null) {
                entries.seekToFirst();
            } else {
                entries.seek(Slice.of(behind));
                if (entries.valid() && entries.key().compareTo(behind) == 0) {
                    entries.next();
                }
            }
            placed = true;
            return entries;
        } finally {
            if (!placed) {
                entries.close();
            }
        }
    }

    /** Writes the value of an entry whose stored key is known; it may be of any key and namespace. */
    void putStored(Slice storedKey, UV userValue) throws IOException {
        forgetAll();
        serialize(userValue);
        putOutput(storedKey);
    }

    /** Removes an entry, which may be of any key and namespace. */
    void removeStored(Slice storedKey) throws IOException {
        forgetAll();
        store.delete(family, storedKey);
    }

    UK readUserKey(byte[] bytes, int begin, int end) throws IOException {
        if (fixedKeys != null && end - begin == fixedKeys.bytes()) {
            return fixedKeys.read(bytes, begin);
        }
        input.setBuffer(bytes, begin, end - begin);
        return userKeySerializer.deserialize(input);
    }

    UV readUserValue(byte[] bytes, int begin, int end) throws IOException {
        if (fixedValues != null && end - begin == 1 + fixedValues.bytes() && bytes[begin] == 0) {
            return fixedValues.read(bytes, begin + 1);
        }
        input.setBuffer(bytes, begin, end - begin);
        return readUserValue(input);
    }

    private UV readUserValue(DataInputDeserializer stored) throws IOException {
        return stored.readBoolean() ? null : userValueSerializer.deserialize(stored);
    }

    private void serialize(UV userValue) throws IOException {
        output.clear();
        output.writeBoolean(userValue == null);
        if (userValue != null) {
            userValueSerializer.serialize(userValue, output);
        }
    }

    @Override
    @Nullable
    public byte[] getSerializedValue(byte[] serializedKeyAndNamespace, TypeSerializer<K> safeKeySerializer,
            TypeSerializer<N> safeNamespaceSerializer, TypeSerializer<Map<UK, UV>> safeValueSerializer) throws Exception {
        MapSerializer<UK, UV> serializer = (MapSerializer<UK, UV>) safeValueSerializer;
        byte[] prefix = storedKey(serializedKeyAndNamespace, safeKeySerializer, safeNamespaceSerializer);
        DataInputDeserializer stored = new DataInputDeserializer();
        Map<UK, UV> found = new LinkedHashMap<>();
        try (StoreIterator entries = scan(prefix, null)) {
            for (; entries.valid(); entries.next()) {
                byte[] key = entries.key().toByteArray();
                stored.setBuffer(key, prefix.length, key.length - prefix.length);
                UK userKey = serializer.getKeySerializer().deserialize(stored);
                stored.setBuffer(entries.value().toByteArray());
                found.put(userKey, stored.readBoolean() ? null : serializer.getValueSerializer().deserialize(stored));
            }
        }
        return found.isEmpty() ? null
                : KvStateSerializer.serializeMap(found.entrySet(), serializer.getKeySerializer(), serializer.getValueSerializer());
    }
}
