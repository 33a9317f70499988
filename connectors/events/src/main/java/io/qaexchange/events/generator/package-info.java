/**
 * Generated trading days for demos, tests and benchmarks: {@link io.qaexchange.events.generator.EventGenerator} gives the same messages for
 * the same seed, with what has to become of each, so that an audit can make the list again instead of keeping it.
 */
package io.qaexchange.events.generator;
