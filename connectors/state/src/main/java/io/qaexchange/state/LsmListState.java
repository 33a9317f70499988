package io.qaexchange.state;

import static java.util.Objects.requireNonNull;

import io.qaexchange.state.store.StateFamilies;
import io.qaexchange.state.store.StateTable;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.runtime.state.internal.InternalListState;

/**
 * List state: the elements' bytes, joined by commas, in one stored value. Adding does not read: the engine joins appended elements when it
 * reads or compacts.
 */
final class LsmListState<K, N, E> extends AbstractLsmState<K, N, List<E>> implements InternalListState<K, N, E> {
    private TypeSerializer<E> elementSerializer;
    /** Null if elements are not all of one length. */
    private FixedWidth<E> fixed;

    LsmListState(LsmKeyedStateBackend<K> backend, StateTable<N, List<E>> table) {
        super(backend, table);
    }

    @Override
    void update(StateDescriptor<?, List<E>> descriptor) {
        super.update(descriptor);
        elementSerializer = ((ListSerializer<E>) valueSerializer).getElementSerializer();
        fixed = FixedWidth.of(elementSerializer);
    }

    @Override
    public Iterable<E> get() throws IOException {
        return getInternal();
    }

    @Override
    public List<E> getInternal() throws IOException {
        Object known = known();
        if (known == null) {
            Slice stored = store.get(family, key());
            known = stored == null ? ReadCache.ABSENT : stored.toByteArray();
            keep(known, stored == null ? 0 : ((byte[]) known).length);
        }
        return known == ReadCache.ABSENT ? null : new StoredList<>(table.name(), elementSerializer, fixed, (byte[]) known);
    }

    @Override
    public void add(E element) throws IOException {
        requireNonNull(element, "You cannot add null to a ListState.");
        output.clear();
        elementSerializer.serialize(element, output);
        forget();
        store.append(family, key(), output.getSharedBuffer(), output.length());
    }

    @Override
    public void addAll(List<E> elements) throws IOException {
        requireNonNull(elements, "List of values to add cannot be null.");
        if (!elements.isEmpty()) {
            join(elements);
            forget();
            store.append(family, key(), output.getSharedBuffer(), output.length());
        }
    }

    @Override
    public void update(List<E> elements) throws IOException {
        updateInternal(elements);
    }

    @Override
    public void updateInternal(List<E> elements) throws IOException {
        requireNonNull(elements, "List of values to add cannot be null.");
        if (elements.isEmpty()) {
            clear();
        } else {
            join(elements);
            forget();
            putOutput(key());
        }
    }

    private void join(List<E> elements) throws IOException {
        output.clear();
        for (E element : elements) {
            requireNonNull(element, "You cannot add null to a value list.");
            if (output.length() > 0) {
                output.write(StateFamilies.LIST_DELIMITER);
            }
            elementSerializer.serialize(element, output);
        }
    }

    @Override
    public void mergeNamespaces(N target, Collection<N> sources) throws IOException {
        if (sources == null) {
            return;
        }
        for (N source : sources) {
            if (source == null) {
                continue;
            }
            setCurrentNamespace(source);
            Slice stored = store.get(family, key());
            if (stored != null) {
                byte[] elements = stored.toByteArray();
                deleteCurrent();
                setCurrentNamespace(target);
                forget();
                store.append(family, key(), elements, elements.length);
            }
        }
        setCurrentNamespace(target);
    }
}
