/**
 * Kafka on both sides of the exchange job: the source with its decoding, and the sink of dead letters.
 */
package io.qaexchange.kafka;
