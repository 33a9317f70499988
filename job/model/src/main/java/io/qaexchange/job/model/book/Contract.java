package io.qaexchange.job.model.book;

import io.qaexchange.events.instruments.Instrument;

/**
 * Contract terms of an instrument as exact factors. Prices may be negative; margin and commission are of their absolute value. Immutable.
 */
public final class Contract {

    private final Instrument instrument;
    private final Decimal multiplier;
    private final Decimal longMargin;
    private final Decimal shortMargin;
    private final Decimal perLot;
    private final Decimal perAmount;

    private Contract(Instrument instrument) {
        Instrument.Terms terms = instrument.terms();
        this.instrument = instrument;
        this.multiplier = Decimal.of(terms.multiplier());
        this.longMargin = multiplier.times(Decimal.of(terms.marginLong()));
        this.shortMargin = multiplier.times(Decimal.of(terms.marginShort()));
        this.perLot = Decimal.of(terms.commissionPerLot());
        this.perAmount = multiplier.times(Decimal.of(terms.commissionPerAmount()));
    }

    /** The contract of an instrument. */
    public static Contract of(Instrument instrument) {
        return new Contract(instrument);
    }

    boolean closesHistoryOnly() {
        return instrument.terms().close() == Instrument.CloseRule.HISTORY_ONLY;
    }

    /** price × volume × multiplier. */
    public long value(double price, long volume) {
        return Micros.product(price, volume, multiplier);
    }

    /** coefficient × |price| × volume × multiplier. */
    long margin(Side side, double price, long volume) {
        return Micros.product(Math.abs(price), volume, side == Side.LONG ? longMargin : shortMargin);
    }

    /** per lot × volume + per amount × |value|. */
    public long commission(double price, long volume) {
        if (perLot.isZero()) {
            return Micros.product(Math.abs(price), volume, perAmount);
        }
        if (perAmount.isZero()) {
            return Micros.product(1, volume, perLot);
        }
        return Micros.rounded(java.math.BigDecimal.valueOf(volume, 6)
                .multiply(perLot.exact().add(perAmount.exact().multiply(Decimal.exact(Math.abs(price))))));
    }
}
