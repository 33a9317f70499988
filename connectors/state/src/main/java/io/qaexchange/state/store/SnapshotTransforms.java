package io.qaexchange.state.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.runtime.state.ListDelimitedSerializer;
import org.apache.flink.runtime.state.StateSnapshotTransformer;
import org.apache.flink.runtime.state.StateSnapshotTransformer.CollectionStateSnapshotTransformer;
import org.apache.flink.runtime.state.StateSnapshotTransformer.CollectionStateSnapshotTransformer.TransformStrategy;
import org.apache.flink.runtime.state.StateSnapshotTransformer.StateSnapshotTransformFactory;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Applies Flink's transformation of values in a full snapshot (it leaves out expired ones) to stored bytes. Flink speaks of list
 * elements and map values; stored are joined lists and values after an is-null byte.
 */
final class SnapshotTransforms {
    private SnapshotTransforms() {
    }

    /** @param <E> what the factory speaks of: the value, the list's element, the map's value */
    @SuppressWarnings("unchecked")
    static <V, E> StateSnapshotTransformFactory<V> forStoredBytes(
            StateDescriptor<?, V> descriptor, StateSnapshotTransformFactory<E> factory, TypeSerializer<V> valueSerializer) {
        return switch (descriptor.getType()) {
            case LIST -> {
                TypeSerializer<E> elements = ((ListSerializer<E>) (TypeSerializer<?>) valueSerializer).getElementSerializer();
                yield new OfStoredBytes<>(() -> factory.createForDeserializedState()
                        .map(transformer -> new ListTransformer<>(transformer, elements.duplicate())));
            }
            case MAP -> new OfStoredBytes<>(() -> factory.createForSerializedState().map(MapTransformer::new));
            default -> new OfStoredBytes<>(factory::createForSerializedState);
        };
    }

    private interface Transformers {
        Optional<? extends StateSnapshotTransformer<byte[]>> create();
    }

    private record OfStoredBytes<V>(Transformers transformers) implements StateSnapshotTransformFactory<V> {
        @Override
        public Optional<StateSnapshotTransformer<V>> createForDeserializedState() {
            throw new UnsupportedOperationException("this backend stores bytes");
        }

        @Override
        public Optional<StateSnapshotTransformer<byte[]>> createForSerializedState() {
            return transformers.create().map(transformer -> transformer);
        }
    }

    /** Leaves out elements; a list without elements is left out itself. */
    private static final class ListTransformer<E> implements StateSnapshotTransformer<byte[]> {
        private final StateSnapshotTransformer<E> elementTransformer;
        private final TypeSerializer<E> elementSerializer;
        private final boolean stopsAtFirstIncluded;
        private final DataInputDeserializer input = new DataInputDeserializer();
        private final ListDelimitedSerializer lists = new ListDelimitedSerializer();

        ListTransformer(StateSnapshotTransformer<E> elementTransformer, TypeSerializer<E> elementSerializer) {
            this.elementTransformer = elementTransformer;
            this.elementSerializer = elementSerializer;
            stopsAtFirstIncluded = elementTransformer instanceof CollectionStateSnapshotTransformer<?> collection
                    && collection.getFilterStrategy() == TransformStrategy.STOP_ON_FIRST_INCLUDED;
        }

        @Override
        @Nullable
        public byte[] filterOrTransform(@Nullable byte[] stored) {
            if (stored == null) {
                return null;
            }
            input.setBuffer(stored);
            List<E> kept = new ArrayList<>();
            try {
                while (input.available() > 0) {
                    int begin = input.getPosition();
                    E element = elementTransformer.filterOrTransform(
                            ListDelimitedSerializer.deserializeNextElement(input, elementSerializer));
                    if (element != null) {
                        if (stopsAtFirstIncluded) {
                            return Arrays.copyOfRange(stored, begin, stored.length);
                        }
                        kept.add(element);
                    }
                }
                return kept.isEmpty() ? null : lists.serializeList(kept, elementSerializer);
            } catch (IOException e) {
                throw new FlinkRuntimeException("a list could not be read while it was written to a snapshot", e);
            }
        }
    }

    /** Works after the is-null byte; an entry whose value goes away goes away itself. */
    private record MapTransformer(StateSnapshotTransformer<byte[]> valueTransformer) implements StateSnapshotTransformer<byte[]> {
        @Override
        @Nullable
        public byte[] filterOrTransform(@Nullable byte[] stored) {
            if (stored == null || stored[0] != 0) {
                return stored;
            }
            byte[] value = Arrays.copyOfRange(stored, 1, stored.length);
            byte[] transformed = valueTransformer.filterOrTransform(value);
            if (transformed == null || transformed == value) {
                return transformed == null ? null : stored;
            }
            byte[] result = new byte[1 + transformed.length];
            System.arraycopy(transformed, 0, result, 1, transformed.length);
            return result;
        }
    }
}
