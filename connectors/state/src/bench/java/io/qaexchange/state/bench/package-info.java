/**
 * Benchmarks of the state backend beside Flink's, in one run: {@code bin/bench state}, {@code bin/bench checkpoint},
 * {@code bin/bench rescale}.
 */
package io.qaexchange.state.bench;
