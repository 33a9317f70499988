/**
 * Kafka on both sides of the exchange job: the source with its decoding, the dead letters, and a broker inside the process for
 * demos and tests.
 */
package io.qaexchange.kafka;
