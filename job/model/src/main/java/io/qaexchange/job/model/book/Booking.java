package io.qaexchange.job.model.book;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.TextPool;
import io.qaexchange.events.instruments.Instrument;

/**
 * The event that is being booked and the instrument that it is about, for the parts of {@link InstrumentBook}: state, changes of accounts,
 * alerts. One thread.
 */
final class Booking {

    private static final int POOLED_ACCOUNTS = 8192;

    final BookState state;
    final BookOutput output;
    final TextPool accounts = new TextPool(POOLED_ACCOUNTS);
    InstrumentHead head;
    InstrumentTerms terms;
    Instrument instrument;
    Contract contract;
    /** Null while trades that waited are booked without an event. */
    EventView event;
    /** Event time of the event, or of the waiting trade, that is being booked. */
    long bookedNs;
    Arrival arrival;

    Booking(BookState state, BookOutput output) {
        this.state = state;
        this.output = output;
    }

    /** From here on it is about this instrument. */
    void begin(InstrumentHead of, InstrumentTerms known) {
        head = of;
        terms = known;
        instrument = terms.instrument();
        contract = terms.contract();
    }

    AccountSums change(String account, int day) {
        AccountSums sums = output.change(account, day);
        sums.newestNs = Math.max(sums.newestNs, bookedNs);
        return sums;
    }

    String textOf(String column) {
        Field field = event.recordType().findField(column);
        return field == null ? "" : Trade.text(event, field);
    }

    int tradingDay() {
        return instrument.tradingDay(event);
    }

    PositionSide.Pool pool(Offset offset) {
        return switch (offset) {
            case CLOSETODAY -> PositionSide.Pool.TODAY;
            case CLOSE -> contract.closesHistoryOnly() ? PositionSide.Pool.HISTORY : PositionSide.Pool.HISTORY_THEN_TODAY;
            default -> PositionSide.Pool.HISTORY_THEN_TODAY;
        };
    }

    void checkKnown(int day) {
        if (!head.unknownTold && !terms.known()) {
            head.unknownTold = true;
            alert(AlertReason.UNKNOWN_INSTRUMENT, day, "", "", "", "booked with the default terms: " + instrument.terms());
        }
    }

    void checkNotSettled(int day, String account, String orderId, String tradeId) {
        if (day <= head.settledThrough) {
            alert(AlertReason.AFTER_SETTLEMENT, day, account, orderId, tradeId, "settled through " + head.settledThrough);
        }
    }

    EventRef ref() {
        return event.hasOwnIdentity() ? new EventRef(event.source(), event.sequence())
                : new EventRef(EventIdentity.positionSource(arrival.topic(), arrival.partition()), arrival.offset());
    }

    void alert(AlertReason reason, Trade trade, String account, String orderId, String detail) {
        EventRef ref = trade.ref() == null ? ref() : trade.ref();
        String tradeId = trade.ref() == null ? textOf("trade_id") : trade.tradeId();
        alert(new Alert(reason, trade.day(), trade.eventTimeNs(), instrument.id(), account, orderId, tradeId, ref.source(),
                ref.sequence(), detail));
    }

    void alert(AlertReason reason, int day, String account, String orderId, String tradeId, String detail) {
        EventRef ref = event == null ? new EventRef("", 0) : ref();
        long timeNs = event == null ? head.clockNs : event.eventTime();
        alert(new Alert(reason, day, timeNs, instrument.id(), account, orderId, tradeId, ref.source(), ref.sequence(), detail));
    }

    private void alert(Alert alert) {
        head.alerts.merge(alert.reason(), 1L, Long::sum);
        output.alert(alert);
    }
}
