/** The figures of a store and of its checkpoints as Flink metrics. Writes no files. */
package io.qaexchange.state.metrics;
