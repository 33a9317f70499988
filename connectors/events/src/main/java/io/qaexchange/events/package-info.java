/**
 * Events: one schema file ({@code events.xml}, SBE), its record types and fields, and everything derived from it: encoding, decoding, JSON,
 * stored keys and stored values.
 *
 * <p>The way of an event: a producer's bytes go through {@link io.qaexchange.events.EventDecoder}, which answers with canonical SBE
 * bytes or a rejection; {@link io.qaexchange.events.EventView} reads canonical bytes in place;
 * {@link io.qaexchange.events.EventIdentity} and {@link io.qaexchange.events.EventKey} say where an event is stored and
 * {@link io.qaexchange.events.StoredEvent} what is stored there.
 *
 * <p>An event has exactly one canonical encoding per schema version, so "the same bytes" means "the same event".
 *
 * <p>Typed flyweights for producers that know their record type at compile time are generated from the same file into
 * {@code io.qaexchange.events.sbe}.
 */
package io.qaexchange.events;
