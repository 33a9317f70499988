package io.qaexchange.job.ledger.book;

import io.qaexchange.events.instruments.Instrument;

/**
 * An instrument and its contract.
 *
 * @param instrument its calendar
 * @param contract its terms as exact factors
 */
public record InstrumentTerms(Instrument instrument, Contract contract) {

    /** Of an instrument. */
    public static InstrumentTerms of(Instrument instrument) {
        return new InstrumentTerms(instrument, Contract.of(instrument));
    }
}
