/** Flink's metrics for Prometheus, on one address. */
package io.qaexchange.prometheus;
