package io.qaexchange.job.model.book;

import io.qaexchange.events.instruments.Instrument;
import io.qaexchange.events.instruments.Instruments;

/**
 * An instrument and its contract.
 *
 * @param instrument its calendar
 * @param contract its terms as exact factors
 * @param known whether the instruments file says something of it
 */
public record InstrumentTerms(Instrument instrument, Contract contract, boolean known) {

    /** The terms of an instrument. */
    public static InstrumentTerms of(Instruments instruments, String id) {
        Instrument instrument = instruments.get(id);
        return new InstrumentTerms(instrument, Contract.of(instrument), instruments.covers(id));
    }
}
