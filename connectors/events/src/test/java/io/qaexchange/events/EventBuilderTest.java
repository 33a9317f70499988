package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class EventBuilderTest {

    private final EventSchema schema = EventSchema.get();
    private final EventBuilder builder = new EventBuilder();

    private EventBuilder tick() {
        return builder.start("tick").eventTime(5).instrument("X").set("last_price", 1.0);
    }

    private static void assertRejected(Runnable action, RejectionReason reason, String message) {
        assertThatThrownBy(action::run).isInstanceOfSatisfying(MalformedEventException.class,
                e -> assertThat(e.reason()).isEqualTo(reason)).hasMessageContaining(message);
    }

    @Test
    void orderOfSettingDoesNotShowInTheBytes() {
        byte[] one = builder.start("tick").set("bid_price", 2L).set("last_price", 1.0).instrument("X").eventTime(5).build();
        byte[] other = tick().set("last_price", 9.0).set("ask_price", 4.0).set("bid_price", 2.0).set("last_price", 1.0)
                .setNull(schema.table("tick").field("ask_price")).build();
        assertThat(one).isEqualTo(other);
    }

    @Test
    void startForgetsTheEventBefore() {
        byte[] fresh = tick().build();
        builder.start("book_snapshot").eventTime(1).tradingDay(20260106).instrument("Y").identity("s", 3).addLevel("bids", 1, 1).build();
        assertThat(tick().build()).isEqualTo(fresh);
        byte[] empty = builder.start("book_snapshot").eventTime(1).instrument("Y").build();
        assertThat(new EventView().wrap(empty).levelCount(schema.table("book_snapshot").field("bids"))).isZero();
    }

    @Test
    void writesIntoABufferAtAnOffset() {
        byte[] buffer = new byte[200];
        int length = tick().build(buffer, 7);
        assertThat(length).isEqualTo(builder.encodedLength());
        assertThat(new EventView().wrap(buffer, 7, length).toByteArray()).isEqualTo(builder.build());
        assertThatThrownBy(() -> builder.build(new byte[20], 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void absentTradingDayIsZero() {
        RecordType type = schema.table("tick");
        EventView view = new EventView().wrap(tick().tradingDay(20260106).setNull(type.tradingDay()).build());
        assertThat(view.tradingDay()).isZero();
        assertThat(view.isNull(type.tradingDay())).isFalse();
    }

    @Test
    void valuesThatNoEventMayHoldAreRejected() {
        assertRejected(() -> tick().set("last_price", Double.NaN), RejectionReason.NOT_FINITE, "tick.last_price");
        assertRejected(() -> tick().set("last_price", Double.NEGATIVE_INFINITY), RejectionReason.NOT_FINITE, "must be finite");
        assertRejected(() -> tick().set("source", "x".repeat(256)), RejectionReason.TOO_LONG, "tick.source");
        assertRejected(() -> tick().set("source", "\udc00"), RejectionReason.INVALID_UTF8, "surrogate");
        assertRejected(() -> tick().set(schema.table("tick").source(), new byte[] {(byte) 0xC3}, 0, 1), RejectionReason.INVALID_UTF8,
                "not UTF-8");
        assertRejected(() -> tick().set("sequence", Long.MIN_VALUE), RejectionReason.BAD_VALUE, "absent value");
        assertRejected(() -> tick().set("trading_day", 1L << 40), RejectionReason.WRONG_TYPE, "32 bits");
        assertRejected(() -> builder.start("trading_status").set("status", "PAUSE"), RejectionReason.BAD_VALUE, "PAUSE is none of [OPEN");
        assertRejected(() -> builder.start("trading_status").set("status", 9L), RejectionReason.BAD_VALUE, "no name for this code");
        assertRejected(() -> builder.start("book_snapshot").addLevel("bids", 1, Double.NaN), RejectionReason.NOT_FINITE, "levels");
    }

    @Test
    void eventsThatAreNotCompleteAreNotBuilt() {
        assertRejected(() -> builder.start("tick").eventTime(5).instrument("X").build(), RejectionReason.MISSING_FIELD, "last_price");
        assertRejected(() -> tick().instrument("").build(), RejectionReason.MISSING_FIELD, "tick.instrument is required");
        assertRejected(() -> tick().eventTime(-1).build(), RejectionReason.BAD_TIME, "before 1970");
        assertRejected(() -> tick().instrument("@A").build(), RejectionReason.BAD_VALUE, "must not begin with @");
        assertRejected(() -> tick().tradingDay(20261301).build(), RejectionReason.BAD_VALUE, "is not a day");
    }

    @Test
    void callersMistakesAreNamed() {
        assertThatThrownBy(() -> new EventBuilder().build()).isInstanceOf(IllegalStateException.class).hasMessage("start an event first");
        assertThatThrownBy(() -> tick().set("price", 1.0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("table tick has no column price");
        assertThatThrownBy(() -> tick().set("last_price", "1")).hasMessage("tick.last_price is DOUBLE, not a text");
        assertThatThrownBy(() -> tick().set("source", 1L)).hasMessage("tick.source is STRING, not a number");
        assertThatThrownBy(() -> tick().addLevel("last_price", 1, 1)).hasMessage("tick.last_price is DOUBLE, not levels");
        assertThatThrownBy(() -> tick().set(schema.table("trade").field("price"), 1.0)).hasMessage("trade.price is not a field of tick");
        assertThatThrownBy(() -> builder.start("ticks")).hasMessageContaining("no table ticks; there are [order_insert");
    }

    @Test
    void viewNamesItsMistakesToo() {
        EventView view = new EventView();
        assertThatThrownBy(view::eventTime).isInstanceOf(IllegalStateException.class).hasMessageContaining("call wrap first");
        view.wrap(tick().build());
        assertThatThrownBy(() -> view.getDouble(schema.table("trade").field("price"))).hasMessage("trade.price is not a field of tick");
        assertThatThrownBy(() -> view.getLong(schema.table("tick").field("last_price"))).hasMessage("tick.last_price is DOUBLE, not LONG");
        assertThatThrownBy(() -> view.wrap(new byte[3])).isInstanceOf(MalformedEventException.class).hasMessageContaining("truncated");
        assertThatThrownBy(view::eventTime).as("after a failed wrap").isInstanceOf(IllegalStateException.class);
        byte[] book = builder.start("book_snapshot").eventTime(1).instrument("X").addLevel("bids", 1, 2).build();
        Field bids = schema.table("book_snapshot").field("bids");
        assertThatThrownBy(() -> view.wrap(book).levelPrice(bids, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void textGoesInAsItComesOut() {
        RecordType type = schema.table("tick");
        byte[] event = tick().set("source", "é語𝄞").build();
        EventView view = new EventView().wrap(event);
        assertThat(view.getBytes(type.source())).isEqualTo("é語𝄞".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(tick().set(type.source(), event, view.textOffset(type.source()), view.textLength(type.source())).build()).isEqualTo(event);
    }
}
