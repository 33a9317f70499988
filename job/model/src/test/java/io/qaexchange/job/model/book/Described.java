package io.qaexchange.job.model.book;

/** Describes the content of a ledger: two ledgers with the same content have the same description. Written rows and their times play no part. */
public final class Described {

    private static final int FIRST_DAY = 20260101;
    private static final int LAST_DAY = 20260131;

    private Described() {
    }

    public static String of(Account account) {
        StringBuilder text = new StringBuilder(account.opening() + " with " + Micros.toText(account.initial()) + " " + account.user());
        text.append(" now ").append(of(account.totals()));
        for (int day = FIRST_DAY; day <= LAST_DAY; day++) {
            text.append("; ").append(of(account.day(day)));
        }
        if (account.report() != null) {
            text.append(" reported ").append(account.report().eventTimeNs()).append(account.report().figures());
        }
        return text.toString();
    }

    private static String of(AccountDay day) {
        AccountSums s = day.sums();
        return day.tradingDay() + ":" + day.preBalance() + "," + s.deposits() + "," + s.withdrawals() + "," + s.closeProfit() + ","
                + s.commission() + "," + day.frozen() + "," + day.margin() + "," + day.floatProfit() + "," + s.orders() + "," + s.trades()
                + "," + s.settlements();
    }

    public static String of(Position position) {
        StringBuilder text = new StringBuilder();
        for (Side side : Side.values()) {
            PositionSide held = position.side(side);
            text.append(side).append(' ').append(held.history()).append('+').append(held.today()).append(" frozen ").append(held.frozen())
                    .append(" cost ").append(held.cost()).append(" margin ").append(held.margin()).append("; ");
        }
        Position.Flow flow = position.unsettled();
        return text + "day " + flow.closeProfit() + "," + flow.commission() + "," + flow.bought() + "," + flow.sold() + "," + flow.trades();
    }

    public static String of(Order order) {
        return order.account() + " " + order.direction() + " " + order.offset() + " " + order.price() + " " + order.left() + "/"
                + order.volume() + " freezes " + order.frozenMoney() + "," + order.frozenVolume() + " of " + order.day();
    }

    public static String of(InstrumentHead head) {
        return head.lastPrice() + " settled " + head.settledThrough() + " waiting " + head.waiting() + " tape " + head.tapeEvents()
                + " booked " + head.booked() + " reports " + head.reports() + " differences " + head.differences() + " "
                + head.lastDifference() + " alerts " + head.alerts();
    }
}
