/**
 * Timers, and other elements that an operator keeps in Flink's priority queues: in the engine, where they are part of incremental
 * checkpoints ({@link io.qaexchange.state.timers.StoredTimerQueues}), or on the heap
 * ({@link io.qaexchange.state.timers.HeapTimerQueues}). Writes no files of its own.
 */
package io.qaexchange.state.timers;
