/**
 * A Kafka broker in this process, for the demo, {@code bin/kafka} and tests.
 */
package io.qaexchange.broker;
