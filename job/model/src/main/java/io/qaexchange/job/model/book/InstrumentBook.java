package io.qaexchange.job.model.book;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventView;

/**
 * Books the events of instruments: orders freeze, trades open and close, a settlement ends the day. An event that does not fit is booked as
 * far as possible, counted, and reported as an {@link Alert}. No event is refused or causes an exception.
 *
 * <p>A trade that names an order which has not come waits for it, until the instrument's own clock (its newest event time, of any event)
 * is {@value #PATIENCE_S} s past the trade, or the trade's day is settled. The clock is the instrument's, so that what happens does not
 * depend on other instruments.
 *
 * <p>All of an event is computed before anything is changed, so an amount out of range leaves no half of it behind. One thread.
 */
public final class InstrumentBook {

    /** How long a trade waits for its order, in event time. */
    public static final long PATIENCE_S = 60;
    static final long PATIENCE_NS = PATIENCE_S * 1_000_000_000L;

    private static final int INSERT_CODE = OrderBooking.INSERT.code();
    private static final int UPDATE_CODE = OrderBooking.UPDATE.code();
    private static final int TRADE_CODE = Trade.TYPE.code();
    private static final int SETTLEMENT_CODE = Settlement.TYPE.code();

    private final Booking on;
    private final ReportCheck reports;
    private final OrderBooking orders;
    private final TradeBooking trades;
    private final Settlement settlement;

    /** A book over that state. */
    public InstrumentBook(BookState state, BookOutput output) {
        this.on = new Booking(state, output);
        this.reports = new ReportCheck(state, on.accounts);
        this.orders = new OrderBooking(on, reports);
        this.trades = new TradeBooking(on, orders);
        this.settlement = new Settlement(on, orders, trades.waiting());
    }

    /** Whether events of that record type are more to the book than a clock. */
    public static boolean concerns(int recordCode) {
        return recordCode == INSERT_CODE || recordCode == UPDATE_CODE || recordCode == TRADE_CODE || recordCode == SETTLEMENT_CODE
                || ReportCheck.concerns(recordCode);
    }

    /**
     * Books an event of an instrument.
     *
     * @param of what is known of the instrument; is changed
     * @param terms of the instrument
     * @param arrived where the event came from, for those without an identity of their own
     */
    public void accept(InstrumentHead of, InstrumentTerms terms, EventView booked, Arrival arrived) throws Exception {
        on.begin(of, terms);
        on.event = booked;
        on.arrival = arrived;
        tick(of, terms, booked.eventTime());
        on.bookedNs = booked.eventTime();
        int code = booked.recordType().code();
        try {
            if (code == INSERT_CODE) {
                orders.insert(trades.waiting()::bookFor);
            } else if (code == TRADE_CODE) {
                trades.trade();
            } else if (code == UPDATE_CODE) {
                orders.update();
            } else if (code == SETTLEMENT_CODE) {
                settlement.settle();
            } else {
                reports.compare(on.head, booked);
            }
        } catch (AmountOutOfRangeException e) {
            on.alert(AlertReason.OUT_OF_RANGE, on.tradingDay(), on.event.account(), on.textOf("order_id"), on.textOf("trade_id"), e.getMessage());
        }
        on.event = null;
    }

    /** Moves the instrument's clock; trades whose patience ends are booked. */
    public void tick(InstrumentHead of, InstrumentTerms terms, long eventTimeNs) throws Exception {
        if (eventTimeNs <= of.clockNs) {
            return;
        }
        of.clockNs = eventTimeNs;
        if (of.endsWaiting(eventTimeNs)) {
            on.begin(of, terms);
            trades.waiting().book(trade -> eventTimeNs - PATIENCE_NS > trade.eventTimeNs());
        }
    }

    /** Books what still waits: no more events will come. */
    public void end(InstrumentHead of, InstrumentTerms terms) throws Exception {
        on.begin(of, terms);
        trades.waiting().book(trade -> true);
    }
}
