/** What the backend tells Flink's metrics. Writes no files. */
package io.qaexchange.state.metrics;
