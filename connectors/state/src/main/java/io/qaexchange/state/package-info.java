/**
 * The Flink state backend on the storage engine, the five kinds of keyed state, ordered map state, and reads from other threads.
 *
 * <p>{@link io.qaexchange.state.OrderedMapStates} opens ordered map state on every backend: the backend's own, or a map per bucket over
 * plain map state. {@link io.qaexchange.state.StateReads} opens sessions that read a running task's state. Sees all other packages of the
 * module, and none of them sees it. Writes no files.
 */
package io.qaexchange.state;
