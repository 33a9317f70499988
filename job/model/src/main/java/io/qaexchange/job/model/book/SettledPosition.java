package io.qaexchange.job.model.book;

/**
 * A position at the settlement of a trading day. Volumes and money in {@link Micros}.
 *
 * @param tradingDay yyyymmdd
 * @param settledAtNs event time of the settlement
 * @param longVolume volume held
 * @param longToday of it, what was opened on the day
 * @param longProfit float profit at the settlement price
 * @param closeProfit of the day
 * @param commission of the day
 * @param bought volume bought on the day
 * @param sold volume sold on the day
 * @param trades trades of the day
 */
public record SettledPosition(int tradingDay, long settledAtNs, String instrument, String account, double settlementPrice,
        long longVolume, long longToday, long longCost, long longMargin, long longProfit, long shortVolume, long shortToday,
        long shortCost, long shortMargin, long shortProfit, long closeProfit, long commission, long bought, long sold, int trades) {
}
