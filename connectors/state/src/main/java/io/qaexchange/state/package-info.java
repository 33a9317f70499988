/**
 * The Flink state backend on the storage engine, and the ordered map state that the exchange job reads through.
 *
 * <p>{@link io.qaexchange.state.OrderedMapStates} gives ordered map state on every backend: the backend's own, or a map per bucket over
 * plain map state.
 */
package io.qaexchange.state;
