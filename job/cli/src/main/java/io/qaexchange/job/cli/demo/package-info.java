/**
 * The demo: broker, Flink and the job in one process, with a proof at its end.
 */
package io.qaexchange.job.cli.demo;
