package io.qaexchange.events.generator;

import io.qaexchange.events.EventIdentity;

/**
 * A message to send, with its expected result. Messages share arrays; do not change them.
 *
 * @param kafkaKey the route key in UTF-8
 * @param value SBE or JSON, or what is neither
 * @param event canonical bytes of the event; null if {@link Fate#UNDECODABLE}
 * @param identity which event it is or claims to be; null if {@link Fate#UNDECODABLE}
 */
public record GeneratedMessage(byte[] kafkaKey, byte[] value, byte[] event, Fate fate, EventIdentity identity) {
}
