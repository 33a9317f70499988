package io.qaexchange.events.generator;

import java.time.LocalDate;

/** When things happen on the generated exchange: in a trading day that is over, or now. */
interface MarketHours {

    /** The trading day. */
    LocalDate day();

    /** When accounts are opened. */
    long openingNs();

    /** When the day is settled. */
    long closingNs();

    /**
     * The time of what happens next.
     *
     * @param progress how much of the day is over, 0 to 1
     */
    long timeNs(double progress);

    /** Whether only instruments with a night session are traded. */
    boolean isNight(double progress);

    /** Time between two events of one happening, at least 1. */
    long gapNs(Prng random);
}
