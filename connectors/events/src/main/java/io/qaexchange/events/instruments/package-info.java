/**
 * Reference data of instruments: calendar, contract, margins and commissions, from one YAML file.
 *
 * <p>{@link io.qaexchange.events.instruments.Instruments} is the file, {@link io.qaexchange.events.instruments.Instrument} what
 * holds for one instrument, and its trading day of an event time.
 */
package io.qaexchange.events.instruments;
