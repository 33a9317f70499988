package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.sbe.BookSnapshotEncoder;
import io.qaexchange.events.sbe.Direction;
import io.qaexchange.events.sbe.MessageHeaderEncoder;
import io.qaexchange.events.sbe.Offset;
import io.qaexchange.events.sbe.TradeEncoder;
import io.qaexchange.events.sbe.TradeKind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class EventSchemaTest {

    private static final EventSchema SCHEMA = EventSchema.get();

    @Test
    void hasEveryTableOfTheEventDocument() {
        assertThat(SCHEMA.tables()).containsExactly("order_insert", "order_update", "trade", "account_update", "tick",
                "book_snapshot", "book_delta", "account_open", "cash_movement", "settlement", "trading_status", "exchange_order",
                "exchange_trade", "exchange_response", "order_status", "position_snapshot", "account_snapshot", "kline");
    }

    @Test
    void everyRecordBeginsWithTheCommonColumnsInOneOrder() {
        for (RecordType type : SCHEMA.recordTypes()) {
            assertThat(type.fields().stream().filter(Field::isCommon).map(Field::name)).as(type.table())
                    .containsExactly("event_time", "instrument", "source", "sequence", "trading_day");
            assertThat(type.fields().subList(0, 5)).allMatch(Field::isCommon);
            for (int i = 0; i < type.fields().size(); i++) {
                assertThat(type.fields().get(i).index()).isEqualTo(i);
            }
        }
    }

    @Test
    void oneColumnNameHasOneKindInAllTables() {
        Map<String, Field.Kind> kinds = new HashMap<>();
        for (RecordType type : SCHEMA.recordTypes()) {
            for (Field field : type.fields()) {
                assertThat(kinds.computeIfAbsent(field.name(), n -> field.kind())).as(field.toString()).isEqualTo(field.kind());
            }
        }
    }

    @Test
    void onlyAccountRecordsMayComeWithoutInstrument() {
        assertThat(SCHEMA.recordTypes().stream().filter(t -> !t.requiresInstrument()).map(RecordType::table))
                .containsExactly("account_update", "account_open", "cash_movement", "account_snapshot");
        assertThat(SCHEMA.recordTypes()).allMatch(t -> t.requiresInstrument() || !t.account().nullable());
    }

    @Test
    void generatedFlyweightsAndBuilderWriteTheSameTrade() {
        UnsafeBuffer buffer = new UnsafeBuffer(new byte[512]);
        TradeEncoder trade = new TradeEncoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
        trade.eventTime(5).sequence(7).tradingDay(20260105).direction(Direction.SELL).positionOffset(Offset.CLOSETODAY)
                .price(10.5).volume(3).commission(TradeEncoder.commissionNullValue()).kind(TradeKind.NORMAL)
                .instrument("SHFE.rb2605").source("engine").tradeId("T1").orderId("O1").exchangeOrderId("").account("A1");
        byte[] typed = Arrays.copyOf(buffer.byteArray(), MessageHeaderEncoder.ENCODED_LENGTH + trade.encodedLength());
        byte[] generic = new EventBuilder().start("trade").eventTime(5).identity("engine", 7).tradingDay(20260105)
                .set("direction", "SELL").set("offset", "CLOSETODAY").set("price", 10.5).set("volume", 3L).set("kind", "NORMAL")
                .instrument("SHFE.rb2605").set("trade_id", "T1").set("order_id", "O1").set("account", "A1").build();
        assertThat(generic).isEqualTo(typed);
    }

    @Test
    void generatedFlyweightsAndBuilderWriteTheSameBook() {
        UnsafeBuffer buffer = new UnsafeBuffer(new byte[512]);
        BookSnapshotEncoder book = new BookSnapshotEncoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
        book.eventTime(5).sequence(BookSnapshotEncoder.sequenceNullValue()).tradingDay(0).lastPrice(99.5);
        book.bidsCount(2).next().price(99).volume(1).next().price(98).volume(2);
        book.asksCount(1).next().price(100).volume(4);
        book.instrument("X").source("");
        byte[] typed = Arrays.copyOf(buffer.byteArray(), MessageHeaderEncoder.ENCODED_LENGTH + book.encodedLength());
        byte[] generic = new EventBuilder().start("book_snapshot").eventTime(5).instrument("X").set("last_price", 99.5)
                .addLevel("bids", 99, 1).addLevel("bids", 98, 2).addLevel("asks", 100, 4).build();
        assertThat(generic).isEqualTo(typed);
    }
}
