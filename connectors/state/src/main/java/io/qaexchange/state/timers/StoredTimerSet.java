package io.qaexchange.state.timers;

import io.qaexchange.state.store.KeyGroupPrefix;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.InternalPriorityQueue;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.heap.AbstractHeapPriorityQueueElement;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * The timers of one key group: in the store, ordered by their bytes, with the first of them in a cache.
 *
 * <p>Every timer in the store that is not in the cache stands after all that are. So the head is known without the store, and when the
 * cache has run empty it is filled from where its last timer stood: what was polled before is not waded through.
 *
 * <p>One thread, the task thread.
 *
 * @param <T> timer; its serialized bytes sort by time
 */
final class StoredTimerSet<T> extends AbstractHeapPriorityQueueElement implements InternalPriorityQueue<T> {
    static final byte[] NO_VALUE = {};

    private static final int CACHED = 128;

    private final Place<T> place;
    private final int keyGroup;
    private final KeyRange range;
    private final TreeSet<byte[]> cache = new TreeSet<>(Arrays::compareUnsigned);
    /** Whether all timers are in the cache. */
    private boolean complete;
    /** No timer stands before this; only while the cache is empty. */
    private byte[] bound;
    /** Null if it has not been made of its bytes. */
    @Nullable
    private T head;

    /** Where timers of all key groups are. */
    static final class Place<T> {
        private final StateStore store;
        private final ColumnFamily family;
        private final TypeSerializer<T> elementSerializer;
        private final int keyGroupBytes;
        private final DataOutputSerializer output = new DataOutputSerializer(64);
        private final DataInputDeserializer input = new DataInputDeserializer();
        private final Slice view = new Slice();

        Place(StateStore store, ColumnFamily family, TypeSerializer<T> elementSerializer, int keyGroupBytes) {
            this.store = store;
            this.family = family;
            this.elementSerializer = elementSerializer;
            this.keyGroupBytes = keyGroupBytes;
        }

        byte[] bytes(T timer, int keyGroup) {
            try {
                output.clear();
                CompositeKeySerializationUtils.writeKeyGroup(keyGroup, keyGroupBytes, output);
                elementSerializer.serialize(timer, output);
                return output.getCopyOfBuffer();
            } catch (IOException e) {
                throw new FlinkRuntimeException("timer could not be serialized: " + timer, e);
            }
        }

        T timer(byte[] bytes) {
            try {
                input.setBuffer(bytes);
                input.skipBytesToRead(keyGroupBytes);
                return elementSerializer.deserialize(input);
            } catch (IOException e) {
                throw new FlinkRuntimeException("a stored timer could not be read by " + elementSerializer, e);
            }
        }

        void put(byte[] bytes) {
            try {
                store.put(family, view.wrap(bytes), NO_VALUE, 0);
            } catch (IOException e) {
                throw new FlinkRuntimeException("timer could not be stored", e);
            }
        }

        void delete(byte[] bytes) {
            try {
                store.delete(family, view.wrap(bytes));
            } catch (IOException e) {
                throw new FlinkRuntimeException("timer could not be removed", e);
            }
        }

        /** Up to {@code limit} timers of a range, from a place on. */
        List<byte[]> read(KeyRange range, byte[] from, int limit) {
            List<byte[]> found = new ArrayList<>();
            try (StoreIterator timers = store.iterator(family, range, null)) {
                for (timers.seek(view.wrap(from)); timers.valid() && found.size() < limit; timers.next()) {
                    found.add(timers.key().toByteArray());
                }
            } catch (IOException e) {
                throw new FlinkRuntimeException("timers could not be read", e);
            }
            return found;
        }
    }

    /** @param empty whether the store has none of this key group, so that it need not be asked */
    StoredTimerSet(Place<T> place, int keyGroup, boolean empty) {
        this.place = place;
        this.keyGroup = keyGroup;
        range = KeyGroupPrefix.rangeOf(KeyGroupRange.of(keyGroup, keyGroup), place.keyGroupBytes);
        bound = range.lower();
        complete = empty;
    }

    private void fill() {
        if (cache.isEmpty() && !complete) {
            List<byte[]> found = place.read(range, bound, CACHED + 1);
            complete = found.size() <= CACHED;
            cache.addAll(found.subList(0, Math.min(CACHED, found.size())));
        }
    }

    @Nullable
    @Override
    public T peek() {
        if (head == null) {
            fill();
            if (!cache.isEmpty()) {
                head = place.timer(cache.first());
            }
        }
        return head;
    }

    @Nullable
    @Override
    public T poll() {
        T polled = peek();
        if (polled != null) {
            byte[] bytes = cache.pollFirst();
            place.delete(bytes);
            left(bytes);
        }
        return polled;
    }

    /** The cache has lost its head. */
    private void left(byte[] bytes) {
        head = null;
        if (cache.isEmpty()) {
            bound = bytes;
        }
    }

    @Override
    public boolean add(T timer) {
        fill();
        byte[] bytes = place.bytes(timer, keyGroup);
        place.put(bytes);
        boolean isHead = cache.isEmpty() || Arrays.compareUnsigned(bytes, cache.first()) < 0;
        if (complete || Arrays.compareUnsigned(bytes, cache.last()) < 0) {
            cache.add(bytes);
            if (cache.size() > CACHED) {
                cache.pollLast();
                complete = false;
            }
        }
        if (isHead) {
            head = null;
        }
        return isHead;
    }

    @Override
    public boolean remove(T timer) {
        fill();
        byte[] bytes = place.bytes(timer, keyGroup);
        boolean wasHead = !cache.isEmpty() && Arrays.equals(bytes, cache.first());
        boolean wasCached = cache.remove(bytes);
        if (wasCached || !complete) {
            place.delete(bytes);
        }
        if (wasHead) {
            left(bytes);
        } else if (cache.isEmpty() && wasCached) {
            bound = bytes;
        }
        return wasHead;
    }

    @Override
    public boolean isEmpty() {
        return peek() == null;
    }

    @Override
    public int size() {
        return complete ? cache.size() : place.read(range, range.lower(), Integer.MAX_VALUE).size();
    }

    @Override
    public void addAll(@Nullable Collection<? extends T> timers) {
        if (timers != null) {
            timers.forEach(this::add);
        }
    }

    /** As they are now. */
    @Override
    public CloseableIterator<T> iterator() {
        List<byte[]> all = complete ? new ArrayList<>(cache) : place.read(range, range.lower(), Integer.MAX_VALUE);
        return CloseableIterator.adapterForIterator(all.stream().map(place::timer).iterator());
    }
}
