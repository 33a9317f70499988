package io.qaexchange.state;

/** A keyed state backend that keeps map state in key order itself. */
public interface OrderedStateBackend {

    /**
     * Registers the state under its name as map state, so that it is in checkpoints, savepoints and rescaling, and returns it.
     *
     * @throws Exception if a state of that name has other serializers, or a restored one cannot be read with these
     */
    <K extends OrderedKey<K>, V> OrderedMapState<K, V> orderedMapState(OrderedMapStateDescriptor<K, V> descriptor) throws Exception;
}
