/**
 * Keyed states as column families of one store: names, meta information and keys of states, and how Flink's operations become reads
 * and writes of the engine. Knows neither snapshots nor restoring. Writes no files of its own; the engine's lie in the folder of the
 * operator.
 */
package io.qaexchange.state.store;
