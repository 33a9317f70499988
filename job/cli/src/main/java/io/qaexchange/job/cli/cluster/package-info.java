/**
 * Commands that start and steer a cluster: Kafka, Flink, jobs, savepoints.
 */
package io.qaexchange.job.cli.cluster;
