package io.qaexchange.events.instruments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventView;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InstrumentsTest {

    private static final Instruments EXAMPLE = Instruments.example();

    @Test
    void exampleHoldsThePresets() {
        Instrument.Terms rb = EXAMPLE.get("SHFE.rb2605").terms();
        assertThat(rb.exchange()).isEqualTo("SHFE");
        assertThat(rb.multiplier()).isEqualTo(10);
        assertThat(rb.marginLong()).isEqualTo(0.09);
        assertThat(rb.close()).isEqualTo(Instrument.CloseRule.HISTORY_ONLY);
        assertThat(EXAMPLE.get("CFFEX.IF2603").terms().multiplier()).isEqualTo(300);
        assertThat(EXAMPLE.get("CFFEX.IF2603").terms().close()).isEqualTo(Instrument.CloseRule.HISTORY_FIRST);
        assertThat(EXAMPLE.get("SHFE.au2606").commission(500, 3)).isEqualTo(30);
        assertThat(EXAMPLE.get("SHFE.rb2605").commission(4000, 2)).isEqualTo(8.0, org.assertj.core.api.Assertions.within(1e-9));
    }

    @Test
    void whatIsNotListedHasUtcMidnightAndMultiplierOne() {
        Instrument.Terms terms = EXAMPLE.get("NOWHERE.x").terms();
        assertThat(terms.timeZone()).isEqualTo(ZoneId.of("UTC"));
        assertThat(terms.rollHour()).isZero();
        assertThat(terms.multiplier()).isEqualTo(1);
        assertThat(EXAMPLE.get("NOWHERE.x").tradingDay(ns("2026-01-03T23:59:59.999999999Z"))).isEqualTo(20260103);
        assertThat(Instruments.defaults().get("SHFE.rb2605").terms().multiplier()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-01-06T10:00:00+08:00, 20260106",
        "2026-01-06T17:59:59.999999999+08:00, 20260106",
        "2026-01-06T18:00:00+08:00, 20260107",
        "2026-01-06T21:00:00+08:00, 20260107",
        "2026-01-07T02:00:00+08:00, 20260107",
        "2026-01-09T21:00:00+08:00, 20260112",
        "2026-01-10T01:30:00+08:00, 20260112",
        "2026-02-13T21:00:00+08:00, 20260224",
        "2025-12-31T21:00:00+08:00, 20260105",
    })
    void nightSessionBelongsToTheNextDayOfTrading(String time, int day) {
        assertThat(EXAMPLE.get("SHFE.rb2605").tradingDay(ns(time))).isEqualTo(day);
    }

    @Test
    void tradingDayIsTheSameWhateverWasAskedBefore() {
        Instrument asked = EXAMPLE.get("SHFE.rb2605");
        for (long t = ns("2026-01-01T00:00:00Z"); t < ns("2026-03-15T00:00:00Z"); t += 3_599_999_999_999L) {
            Instrument fresh = Instruments.example().get("SHFE.rb2605");
            assertThat(asked.tradingDay(t)).isEqualTo(fresh.tradingDay(t));
        }
    }

    @Test
    void timesAtBothEndsOfTheirRangeHaveATradingDay() {
        assertThat(EXAMPLE.get("SHFE.rb2605").tradingDay(0)).isEqualTo(19700101);
        assertThat(EXAMPLE.get("SHFE.rb2605").tradingDay(Long.MAX_VALUE)).isEqualTo(22620414);
    }

    @Test
    void daylightSavingMovesTheDayInUtc() {
        assertThat(EXAMPLE.get("AMZN").tradingDay(ns("2026-01-06T04:59:59Z"))).isEqualTo(20260105);
        assertThat(EXAMPLE.get("AMZN").tradingDay(ns("2026-01-06T05:00:00Z"))).isEqualTo(20260106);
        assertThat(EXAMPLE.get("AMZN").tradingDay(ns("2026-07-07T04:00:00Z"))).isEqualTo(20260707);
    }

    @Test
    void eventsOwnTradingDayWins() {
        EventBuilder builder = new EventBuilder().start("settlement").eventTime(ns("2026-01-06T21:00:00+08:00"))
                .instrument("SHFE.rb2605").set("settlement_price", 1.0);
        EventView view = new EventView();
        assertThat(EXAMPLE.tradingDay(view.wrap(builder.build()))).isEqualTo(20260107);
        assertThat(EXAMPLE.tradingDay(view.wrap(builder.tradingDay(20260106).build()))).isEqualTo(20260106);
    }

    @Test
    void mostSpecificEntryWinsKeyByKey() {
        Instruments file = Instruments.parse("f.yaml", """
                default: {multiplier: 2, price_tick: 0.5}
                instruments:
                  - id: X.a1
                    multiplier: 5
                  - prefix: X.a
                    multiplier: 4
                    margin_long: 0.1
                  - prefix: X.
                    multiplier: 3
                    exchange: X
                """);
        assertThat(file.get("X.a1").terms()).returns(5.0, Instrument.Terms::multiplier)
                .returns(0.1, Instrument.Terms::marginLong).returns("X", Instrument.Terms::exchange)
                .returns(0.5, Instrument.Terms::priceTick);
        assertThat(file.get("X.a2").terms().multiplier()).isEqualTo(4);
        assertThat(file.get("X.ab2").terms().multiplier()).as("another product").isEqualTo(3);
        assertThat(file.get("Y").terms().multiplier()).isEqualTo(2);
    }

    @Test
    void listingDaysAreInclusive() {
        Instrument instrument = Instruments.parse("f.yaml", """
                instruments:
                  - {id: A, first_day: 2026-01-05, last_day: 2026-01-09}
                """).get("A");
        assertThat(instrument.isListed(20260104)).isFalse();
        assertThat(instrument.isListed(20260105)).isTrue();
        assertThat(instrument.isListed(20260109)).isTrue();
        assertThat(instrument.isListed(20260110)).isFalse();
        assertThat(EXAMPLE.get("AMZN").isListed(19990101)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "default: {roll_hour: 24}                                | f.yaml line 1: key roll_hour: expected a whole hour from 0 to 23, found 24",
        "default: {time_zone: Mars}                              | f.yaml line 1: key time_zone: expected a time zone such as Asia/Shanghai, found Mars",
        "default: {multiplier: 0}                                | f.yaml line 1: key multiplier: expected a number above 0, found 0",
        "default: {margin_long: .nan}                            | f.yaml line 1: key margin_long: expected a number of at least 0",
        "default: {holidays: 2026-01-01}                         | f.yaml line 1: key holidays: expected a list of dates such as [2026-01-01], found 2026-01-01",
        "default: {holidays: [2026-02-30]}                       | f.yaml line 1: key holidays: expected a list of dates",
        "default: {weekend: [SOMEDAY]}                           | f.yaml line 1: key weekend: expected a list of at most six days",
        "default: {close: never}                                 | f.yaml line 1: key close: expected history_first or history_only, found never",
        "default: {multipler: 1}                                 | f.yaml line 1: unknown key multipler; expected one of id, prefix, exchange",
        "default: {id: A}                                        | f.yaml line 1: the entry default must not have an id or a prefix",
        "defaults: {}                                            | f.yaml line 1: unknown key defaults; expected default or instruments",
        "instruments: {A: {}}                                    | f.yaml line 1: key instruments: expected a list of entries",
        "instruments: [{multiplier: 1}]                          | f.yaml line 1: an entry needs either an id or a prefix",
        "instruments: [{id: A, prefix: B}]                       | f.yaml line 1: an entry needs either an id or a prefix",
        "instruments: [{id: A},{id: A}]                          | f.yaml line 1: id A stands twice",
        "instruments: [{id: A, close: history_only, close: x}]   | f.yaml line 1",
        "instruments: [{id: A, first_day: 2026-01-02, last_day: 2026-01-01}] | f.yaml line 1: first_day 2026-01-02 is after last_day 2026-01-01",
        "instruments: [7]                                        | f.yaml line 1: an entry of instruments: expected keys and values, found 7",
        "instruments: [{id: A                                    | f.yaml line 1: not YAML",
        "just text                                               | f.yaml line 1: a file: expected the keys default and instruments, found just text",
    })
    void mistakesAreNamedWithLineAndKey(String yaml, String message) {
        assertThatThrownBy(() -> Instruments.parse("f.yaml", yaml)).isInstanceOf(InstrumentsException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void mistakesFurtherDownNameTheirOwnLine() {
        assertThatThrownBy(() -> Instruments.parse("f.yaml", """
                instruments:
                  - id: A
                    multiplier: 1
                  - id: B
                    multiplier: many
                """)).hasMessage("f.yaml line 5: key multiplier: expected a number above 0, found many");
    }

    @Test
    void weekOfSevenDaysOffIsRefused() {
        assertThatThrownBy(() -> Instruments.parse("f.yaml",
                "default: {weekend: [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY]}"))
                .isInstanceOf(InstrumentsException.class);
    }

    @Test
    void missingFileIsNamed() {
        assertThatThrownBy(() -> Instruments.load(Path.of("no-such-folder", "i.yaml")))
                .isInstanceOf(InstrumentsException.class).hasMessageContaining("instruments file not found");
    }

    @Test
    void survivesSerialisation() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(EXAMPLE);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            Instruments copy = (Instruments) in.readObject();
            assertThat(copy.get("CFFEX.IH2603").terms()).isEqualTo(EXAMPLE.get("CFFEX.IH2603").terms());
        }
    }

    private static long ns(String time) {
        OffsetDateTime t = OffsetDateTime.parse(time);
        return Math.addExact(Math.multiplyExact(t.toEpochSecond(), 1_000_000_000L), t.getNano());
    }
}
