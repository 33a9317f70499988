package io.qaexchange.job.model.book;

/**
 * An account at the end of a trading day, or now. Money in {@link Micros}.
 *
 * @param tradingDay yyyymmdd
 * @param preBalance static at the end of the day before
 * @param sums what happened on the day
 * @param frozen frozen by open orders at its end
 * @param margin of the positions at its end
 * @param floatProfit at the last settlement prices
 */
public record AccountDay(int tradingDay, long preBalance, AccountSums sums, long frozen, long margin, long floatProfit) {

    /** Money that is not bound to market prices: all that came in, less what went out, lost and paid. */
    public long staticBalance() {
        return preBalance + sums.staticChange();
    }

    /** Money that can be used. */
    public long money() {
        return staticBalance() - frozen - margin;
    }

    public long balance() {
        return staticBalance() + floatProfit;
    }

    /** margin ÷ balance; 999 if there is no balance. */
    public double riskRatio() {
        return riskRatio(margin, balance());
    }

    static double riskRatio(long margin, long balance) {
        return balance <= 0 ? Account.NO_BALANCE_RISK : margin / (double) balance;
    }

    /** The same with another float profit, as it is at newer prices. */
    public AccountDay withFloatProfit(long newer) {
        return new AccountDay(tradingDay, preBalance, sums, frozen, margin, newer);
    }
}
