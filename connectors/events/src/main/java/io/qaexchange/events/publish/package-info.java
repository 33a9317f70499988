/**
 * Publishing from a trading engine: {@link io.qaexchange.events.publish.EventPublisher} takes an event in about 100 ns and sends it to
 * Kafka in the background. The only package that needs kafka-clients.
 */
package io.qaexchange.events.publish;
