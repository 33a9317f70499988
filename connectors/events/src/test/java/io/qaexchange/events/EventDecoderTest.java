package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.params.provider.CsvSource;

class EventDecoderTest {

    private static final String GOOD = "\"event_time\":5,\"instrument\":\"X\",\"last_price\":1";

    private final EventDecoder decoder = new EventDecoder();

    private static byte[] tick() {
        return new EventBuilder().start("tick").eventTime(5).instrument("X").identity("s", 1).set("last_price", 1.0).build();
    }

    private Rejection rejection(byte[] message) {
        Rejection rejection = decoder.decode(message).rejection();
        assertThat(rejection).isNotNull();
        assertThat(rejection.detail()).isNotBlank();
        return rejection;
    }

    private RejectionReason reason(byte[] message) {
        return rejection(message).reason();
    }

    private RejectionReason jsonReason(String json) {
        return reason(json.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
        "{                                                        | TRUNCATED",
        "{\"type\":\"tick\",%s                                    | TRUNCATED",
        "{\"type\":\"tick\",%s,\"bid_price\":                     | TRUNCATED",
        "{}                                                       | MISSING_FIELD",
        "{%s}                                                     | MISSING_FIELD",
        "{\"type\":\"tick\"}                                      | MISSING_FIELD",
        "{\"type\":\"tick\",\"event_time\":5,\"instrument\":\"X\"} | MISSING_FIELD",
        "{\"type\":\"tick\",\"event_time\":5,\"last_price\":1}    | MISSING_FIELD",
        "{\"type\":\"tick\",\"instrument\":\"X\",\"last_price\":1} | MISSING_FIELD",
        "{\"type\":\"account_open\",\"event_time\":5,\"account_type\":\"INDIVIDUAL\",\"init_cash\":1} | MISSING_FIELD",
        "{\"type\":\"book_snapshot\",\"event_time\":5,\"instrument\":\"\"} | MISSING_FIELD",
        "{\"type\":\"ticks\",%s}                                  | UNKNOWN_TYPE",
        "{\"type\":7,%s}                                          | WRONG_TYPE",
        "{\"type\":null,%s}                                       | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"bid_price\":\"1\"}               | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"bid_price\":true}                | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"bid_price\":[1]}                 | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"source\":5}                      | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"source\":{}}                     | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"sequence\":1.0}                  | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"sequence\":9223372036854775808}  | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"sequence\":-9223372036854775808} | BAD_VALUE",
        "{\"type\":\"tick\",%s,\"trading_day\":\"20260106\"}      | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"trading_day\":99999999999}       | WRONG_TYPE",
        "{\"type\":\"tick\",%s,\"trading_day\":20260230}          | BAD_VALUE",
        "{\"type\":\"tick\",%s,\"trading_day\":-1}                | BAD_VALUE",
        "{\"type\":\"tick\",%s,\"bid_price\":NaN}                 | NOT_FINITE",
        "{\"type\":\"tick\",%s,\"bid_price\":-Infinity}           | NOT_FINITE",
        "{\"type\":\"tick\",%s,\"bid_price\":1e400}               | NOT_FINITE",
        "{\"type\":\"tick\",%s,\"event_time\":6}                  | DUPLICATE_KEY",
        "{\"type\":\"tick\",%s,\"type\":\"tick\"}                 | DUPLICATE_KEY",
        "{\"type\":\"tick\",%s,\"bid_price\":null,\"bid_price\":1} | DUPLICATE_KEY",
        "{\"type\":\"tick\",%s}x                                  | BAD_JSON",
        "{\"type\":\"tick\",%s}{}                                 | BAD_JSON",
        "{\"type\":\"tick\",%s,}                                  | BAD_JSON",
        "{\"type\":\"tick\",%s,'a':1}                             | BAD_JSON",
        "{\"type\":\"tick\",%s,\"bid_price\":01}                  | BAD_JSON",
        "{\"type\":\"tick\",%s,\"source\":\"\\q\"}                | BAD_JSON",
        "{\"type\":\"tick\",%s,\"source\":\"\\ud800\"}            | INVALID_UTF8",
        "{\"type\":\"trading_status\",\"event_time\":5,\"instrument\":\"X\",\"status\":\"open\"} | BAD_VALUE",
        "{\"type\":\"trading_status\",\"event_time\":5,\"instrument\":\"X\",\"status\":0} | WRONG_TYPE",
        "{\"type\":\"settlement\",\"event_time\":5,\"instrument\":\"@X\",\"settlement_price\":1} | BAD_VALUE",
        "{\"type\":\"settlement\",\"event_time\":-1,\"instrument\":\"X\",\"settlement_price\":1} | BAD_TIME",
        "{\"type\":\"settlement\",\"event_time\":92233720368547758070,\"instrument\":\"X\",\"settlement_price\":1} | BAD_TIME",
        "{\"type\":\"settlement\",\"event_time\":5.5,\"instrument\":\"X\",\"settlement_price\":1} | WRONG_TYPE",
        "{\"type\":\"settlement\",\"event_time\":\"1969-12-31T23:59:59.999999999Z\",\"instrument\":\"X\",\"settlement_price\":1} | BAD_TIME",
        "{\"type\":\"settlement\",\"event_time\":\"2262-04-11T23:47:16.854775808Z\",\"instrument\":\"X\",\"settlement_price\":1} | BAD_TIME",
        "{\"type\":\"settlement\",\"event_time\":\"2026-01-06T09:00:00\",\"instrument\":\"X\",\"settlement_price\":1} | BAD_TIME",
        "{\"type\":\"settlement\",\"event_time\":\"soon\",\"instrument\":\"X\",\"settlement_price\":1} | BAD_TIME",
        "{\"type\":\"settlement\",\"event_time\":true,\"instrument\":\"X\",\"settlement_price\":1} | WRONG_TYPE",
        "{\"type\":\"book_snapshot\",\"event_time\":5,\"instrument\":\"X\",\"bids\":5} | WRONG_TYPE",
        "{\"type\":\"book_snapshot\",\"event_time\":5,\"instrument\":\"X\",\"bids\":[5]} | WRONG_TYPE",
        "{\"type\":\"book_snapshot\",\"event_time\":5,\"instrument\":\"X\",\"bids\":[[5]]} | WRONG_TYPE",
        "{\"type\":\"book_snapshot\",\"event_time\":5,\"instrument\":\"X\",\"bids\":[[5,6,7]]} | WRONG_TYPE",
        "{\"type\":\"book_snapshot\",\"event_time\":5,\"instrument\":\"X\",\"bids\":[[5,NaN]]} | NOT_FINITE",
    })
    void everyMistakeInJsonHasItsReason(String template, RejectionReason reason) {
        assertThat(jsonReason(template.replace("%s", GOOD))).isEqualTo(reason);
    }

    @Test
    void jsonMayComeInAnyOrderWithOtherKeysAndNulls() {
        String json = " {\"x\":{\"type\":[1,{}]},\"last_price\":1,\"bid_price\":null,\"instrument\":\"X\",\"type\":\"tick\",\"y\":NaN,"
                + "\"event_time\":\"1970-01-01T08:00:00.000000005+08:00\",\"source\":\"s\",\"sequence\":1,\"x\":2} \n";
        byte[] message = json.trim().getBytes(StandardCharsets.UTF_8);
        assertThat(decoder.decode(message).event()).isEqualTo(tick());
        assertThat(decoder.unknownKeys()).isEqualTo(3);
        assertThat(decoder.event().routeKey()).isEqualTo("X");
    }

    @Test
    void isoTimesReachBothEnds() {
        for (String time : new String[] {"1970-01-01T00:00:00Z", "2262-04-11T23:47:16.854775807Z"}) {
            String json = "{\"type\":\"tick\",\"event_time\":\"" + time + "\",\"instrument\":\"X\",\"last_price\":1}";
            assertThat(decoder.decode(json.getBytes(StandardCharsets.UTF_8)).rejection()).isNull();
        }
        assertThat(decoder.event().eventTime()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void textsOf255BytesAreKeptAndLongerOnesRejected() {
        String longest = "é".repeat(127) + "x";
        String json = "{\"type\":\"tick\",\"event_time\":5,\"last_price\":1,\"instrument\":\"%s\"}";
        assertThat(decoder.decode(json.formatted(longest).getBytes(StandardCharsets.UTF_8)).isAccepted()).isTrue();
        assertThat(decoder.event().instrument()).isEqualTo(longest);
        assertThat(jsonReason(json.formatted(longest + "x"))).isEqualTo(RejectionReason.TOO_LONG);
        assertThat(jsonReason(json.formatted("é".repeat(128)))).isEqualTo(RejectionReason.TOO_LONG);
    }

    @Test
    void deepNestingAndLongNumbersAreRejectedQuietly() {
        assertThat(jsonReason("{\"x\":" + "[".repeat(100_000))).isIn(RejectionReason.BAD_JSON, RejectionReason.TRUNCATED);
        assertThat(jsonReason("{\"type\":\"tick\"," + GOOD + ",\"bid_price\":" + "1".repeat(100_000) + "}"))
                .isEqualTo(RejectionReason.BAD_JSON);
    }

    @Test
    void otherEncodingsOfJsonAreRejected() {
        String json = "{\"type\":\"tick\"," + GOOD + "}";
        assertThat(reason(json.getBytes(StandardCharsets.UTF_16LE))).isEqualTo(RejectionReason.BAD_JSON);
        byte[] latin = "{\"type\":\"tick\",\"source\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(reason(latin)).isEqualTo(RejectionReason.INVALID_UTF8);
        byte[] overlong = json.getBytes(StandardCharsets.ISO_8859_1);
        overlong[10] = (byte) 0xC0;
        overlong[11] = (byte) 0x80;
        assertThat(reason(overlong)).isEqualTo(RejectionReason.INVALID_UTF8);
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "\n", "\r\n\t", "\uFEFF", "\uFEFF  "})
    void jsonMayBeginWithWhiteSpaceOrAByteOrderMark(String start) {
        byte[] json = (start + "{\n \"type\": \"tick\",\n" + GOOD + "\n}\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
        assertThat(decoder.decode(json).rejection()).isNull();
        assertThat(decoder.event().instrument()).isEqualTo("X");
    }

    @Test
    void whatIsNoEventAtAllIsSaidSo() {
        assertThat(reason(null)).isEqualTo(RejectionReason.EMPTY);
        assertThat(reason(new byte[0])).isEqualTo(RejectionReason.EMPTY);
        assertThat(reason("hello".getBytes(StandardCharsets.UTF_8))).isEqualTo(RejectionReason.NOT_AN_EVENT);
        assertThat(reason("hello, this is text".getBytes(StandardCharsets.UTF_8))).isEqualTo(RejectionReason.WRONG_SCHEMA);
        assertThat(reason(new byte[EventSchema.MAX_MESSAGE_BYTES + 1])).isEqualTo(RejectionReason.TOO_LARGE);
    }

    @Test
    void everyTruncationOfAMessageIsRejected() {
        byte[] tick = tick();
        for (int length = 1; length < tick.length; length++) {
            assertThat(reason(Arrays.copyOf(tick, length))).isIn(RejectionReason.TRUNCATED, RejectionReason.NOT_AN_EVENT);
        }
        assertThat(reason(Arrays.copyOf(tick, tick.length + 1))).isEqualTo(RejectionReason.BAD_LENGTH);
    }

    @Test
    void damagedHeadersHaveTheirReasons() {
        assertThat(reason(with(tick(), 4, 0))).isEqualTo(RejectionReason.WRONG_SCHEMA);
        assertThat(reason(with(tick(), 2, 99))).isEqualTo(RejectionReason.UNKNOWN_TYPE);
        assertThat(reason(with(tick(), 3, 0xFF))).isEqualTo(RejectionReason.UNKNOWN_TYPE);
        assertThat(reason(with(tick(), 6, 0))).isEqualTo(RejectionReason.WRONG_VERSION);
        assertThat(reason(with(tick(), 1, 0xFF))).isEqualTo(RejectionReason.BAD_LENGTH);
        assertThat(reason(with(tick(), 0, 1))).isEqualTo(RejectionReason.BAD_LENGTH);
    }

    @Test
    void damagedValuesHaveTheirReasons() {
        RecordType type = EventSchema.get().table("tick");
        int block = EventSchema.HEADER_LENGTH;
        int price = block + type.field("last_price").place();
        int bid = block + type.field("bid_price").place();
        assertThat(reason(withDouble(tick(), price, Double.NaN))).isEqualTo(RejectionReason.NOT_FINITE);
        assertThat(reason(withDouble(tick(), price, Double.POSITIVE_INFINITY))).isEqualTo(RejectionReason.NOT_FINITE);
        assertThat(reason(withDouble(tick(), bid, Double.NEGATIVE_INFINITY))).isEqualTo(RejectionReason.NOT_FINITE);
        assertThat(reason(withDouble(tick(), bid, Double.longBitsToDouble(0xfff8000000000000L))))
                .as("a computed NaN is no absent value").isEqualTo(RejectionReason.NOT_FINITE);
        assertThat(reason(with(tick(), block + 7, 0x80))).as("1677").isEqualTo(RejectionReason.BAD_TIME);
        byte[] day = tick();
        Bytes.putInt(day, block + type.tradingDay().place(), Integer.MIN_VALUE);
        assertThat(reason(day)).isEqualTo(RejectionReason.MISSING_FIELD);
        int text = new EventView().wrap(tick()).textOffset(type.instrument());
        assertThat(reason(with(tick(), text, 0xFF))).isEqualTo(RejectionReason.INVALID_UTF8);
        assertThat(reason(with(tick(), text, '@'))).isEqualTo(RejectionReason.BAD_VALUE);
        assertThat(reason(with(tick(), text - 1, 1))).as("a length of 257").isEqualTo(RejectionReason.TOO_LONG);
        assertThat(reason(with(tick(), text - 1, 0xFF))).as("a huge length").isEqualTo(RejectionReason.TOO_LONG);
        assertThat(reason(with(tick(), text - 2, 200))).isEqualTo(RejectionReason.TRUNCATED);
    }

    @Test
    void damagedGroupsAndEnumerationsHaveTheirReasons() {
        byte[] book = new EventBuilder().start("book_snapshot").eventTime(5).instrument("X").addLevel("bids", 1, 2).build();
        int group = EventSchema.HEADER_LENGTH + EventSchema.get().table("book_snapshot").blockLength();
        assertThat(reason(with(book, group, 15))).isEqualTo(RejectionReason.BAD_LENGTH);
        assertThat(reason(with(book, group + 2, 200))).isEqualTo(RejectionReason.TRUNCATED);
        assertThat(reason(with(book, group + 3, 0xFF))).isEqualTo(RejectionReason.TRUNCATED);
        assertThat(reason(withDouble(book, group + 4, Double.NaN))).isEqualTo(RejectionReason.NOT_FINITE);
        byte[] status = new EventBuilder().start("trading_status").eventTime(5).instrument("X").set("status", "HALT").build();
        int code = EventSchema.HEADER_LENGTH + EventSchema.get().table("trading_status").field("status").place();
        assertThat(reason(with(status, code, 17))).isEqualTo(RejectionReason.BAD_VALUE);
        assertThat(reason(with(status, code, 255))).isEqualTo(RejectionReason.MISSING_FIELD);
    }

    @Test
    void messageOfManyLevelsIsAnEvent() {
        EventBuilder builder = new EventBuilder().start("book_snapshot").eventTime(5).instrument("X");
        for (int i = 0; i < EventSchema.MAX_LEVELS; i++) {
            builder.addLevel("bids", 1e6 - i, 1).addLevel("asks", 1e6 + i, 1);
        }
        byte[] book = builder.build();
        assertThat(decoder.decode(book).event()).isSameAs(book);
        Field asks = decoder.event().recordType().field("asks");
        assertThat(decoder.event().levelCount(asks)).isEqualTo(65_534);
        assertThat(decoder.event().levelPrice(asks, 65_533)).isEqualTo(1e6 + 65_533);
    }

    private static byte[] with(byte[] message, int at, int value) {
        byte[] changed = message.clone();
        changed[at] = (byte) value;
        return changed;
    }

    private static byte[] withDouble(byte[] message, int at, double value) {
        byte[] changed = message.clone();
        Bytes.putDouble(changed, at, value);
        return changed;
    }
}
