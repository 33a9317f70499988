package io.qaexchange.job.model.book;

/** Bookings as large as one may be, and sums of any size. */
public final class LargeBookings {

    public static final long LARGEST_PROFIT = Micros.LIMIT;

    private LargeBookings() {
    }

    /** Adds what the largest closing may add. */
    public static void addLargestProfit(AccountSums sums) {
        addProfit(sums, LARGEST_PROFIT);
    }

    /** Adds what a closing adds. */
    public static void addProfit(AccountSums sums, long closeProfit) {
        sums.closeProfit += closeProfit;
    }

    static AccountSums profit(long closeProfit) {
        AccountSums sums = new AccountSums();
        sums.closeProfit = closeProfit;
        return sums;
    }
}
