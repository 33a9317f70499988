package io.qaexchange.job.model.book;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.instruments.Instruments;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Events that do not fit are booked as far as possible, and listed. */
class InstrumentBookTest {

    private static final String FUTURE = "CFFEX.IF2601";
    private static final String METAL = "SHFE.cu2601";
    private static final long LOT = Micros.ONE;

    private final PlainLedger ledger = new PlainLedger(Instruments.example());
    private final LedgerEvents events = new LedgerEvents();

    @BeforeEach
    void open() throws Exception {
        ledger.accept(events.open("A", 1_000_000));
        ledger.accept(events.open("B", 1_000_000));
    }

    @Test
    void aTradeWaitsForItsOrderAndIsBookedWithIt() throws Exception {
        ledger.accept(events.trade(FUTURE, null, "1", "BUY", "OPEN", 3800, 1, 0));
        assertThat(ledger.head(FUTURE).waiting()).isEqualTo(1);
        assertThat(ledger.position("A", FUTURE).side(Side.LONG).volume()).isZero();

        ledger.accept(events.insert(FUTURE, "A", "1", "BUY", "OPEN", 3800, 2));

        assertThat(ledger.head(FUTURE).waiting()).isZero();
        assertThat(ledger.position("A", FUTURE).side(Side.LONG).volume()).isEqualTo(LOT);
        assertThat(ledger.account("A").totals().frozen()).isEqualTo(114_000 * LOT);
        assertThat(ledger.reasons()).isEmpty();
    }

    @Test
    void aTradeWhoseOrderDoesNotComeWithinAMinuteIsBookedWithoutIt() throws Exception {
        ledger.accept(events.trade(FUTURE, "A", "1", "BUY", "OPEN", 3800, 1, 0));
        events.pass(58);
        ledger.accept(events.tick(FUTURE, 3800));
        assertThat(ledger.head(FUTURE).waiting()).as("59 s later").isEqualTo(1);
        ledger.accept(events.tick("CFFEX.IC2601", 3800));
        events.pass(1);
        ledger.accept(events.tick(FUTURE, 3800));

        assertThat(ledger.head(FUTURE).waiting()).as("62 s later").isZero();
        assertThat(ledger.position("A", FUTURE).side(Side.LONG).volume()).isEqualTo(LOT);
        assertThat(ledger.reasons()).containsExactly(AlertReason.UNKNOWN_ORDER);
        assertThat(ledger.alerts.get(0).source()).isEqualTo("test");
        assertThat(ledger.alerts.get(0).orderId()).isEqualTo("1");
    }

    @Test
    void settlementBooksTradesThatStillWait() throws Exception {
        ledger.accept(events.trade(FUTURE, "A", "1", "BUY", "OPEN", 3800, 1, 0));
        ledger.accept(events.settle(FUTURE, 3810));

        assertThat(ledger.position("A", FUTURE).side(Side.LONG).history()).isEqualTo(LOT);
        assertThat(ledger.settled).singleElement().satisfies(row -> assertThat(row.longProfit()).isEqualTo(3000 * LOT));
    }

    @Test
    void aClosingBeyondThePositionClosesWhatThereIs() throws Exception {
        ledger.accept(events.trade(FUTURE, "A", null, "BUY", "OPEN", 3800, 1, 0));
        ledger.accept(events.insert(FUTURE, "A", "2", "SELL", "CLOSE", 3810, 3));
        ledger.accept(events.trade(FUTURE, "A", "2", "SELL", "CLOSE", 3810, 3, 0));

        assertThat(ledger.position("A", FUTURE).side(Side.LONG).volume()).isZero();
        assertThat(ledger.position("A", FUTURE).side(Side.LONG).frozen()).isZero();
        assertThat(ledger.account("A").totals().sums().closeProfit()).isEqualTo(3000 * LOT);
        assertThat(ledger.reasons()).containsExactly(AlertReason.INSUFFICIENT_POSITION, AlertReason.CLOSE_BEYOND_POSITION);
    }

    @Test
    void closeTakesHistoryOnlyWhereTheInstrumentSaysSo() throws Exception {
        ledger.accept(events.trade(METAL, "A", null, "BUY", "OPEN", 70_000, 2, 0));
        ledger.accept(events.trade(METAL, "A", null, "SELL", "CLOSE", 70_000, 1, 0));
        assertThat(ledger.position("A", METAL).side(Side.LONG).volume()).isEqualTo(2 * LOT);
        assertThat(ledger.reasons()).containsExactly(AlertReason.CLOSE_BEYOND_POSITION);

        ledger.accept(events.trade(METAL, "A", null, "SELL", "CLOSETODAY", 70_000, 1, 0));
        ledger.accept(events.settle(METAL, 70_000));
        ledger.accept(events.day(20260106).trade(METAL, "A", null, "SELL", "CLOSE", 70_000, 1, 0));
        assertThat(ledger.position("A", METAL).side(Side.LONG).volume()).isZero();
        assertThat(ledger.position("A", METAL).margin()).isZero();
    }

    @Test
    void aNightSessionBeforeTheSettlementStaysOfItsDay() throws Exception {
        ledger.accept(events.trade(FUTURE, "A", null, "BUY", "OPEN", 3800, 1, 0));
        byte[] settlement = events.settle(FUTURE, 3810);
        ledger.accept(events.day(20260106).trade(FUTURE, "A", null, "BUY", "OPEN", 3820, 2, 0));
        ledger.accept(settlement);

        assertThat(ledger.position("A", FUTURE).side(Side.LONG).history()).isEqualTo(LOT);
        assertThat(ledger.position("A", FUTURE).side(Side.LONG).today()).isEqualTo(2 * LOT);
        assertThat(ledger.head(FUTURE).lastPrice()).as("the trade is newer than the settlement").isEqualTo(3820);
        assertThat(ledger.settled).singleElement().satisfies(row -> assertThat(row.bought()).isEqualTo(LOT));
    }

    @Test
    void sharesAreNettedWithoutOffset() throws Exception {
        ledger.accept(events.trade("AMZN", "A", null, "BUY", "NONE", 100, 50, 0));
        ledger.accept(events.insert("AMZN", "A", "1", "SELL", "NONE", 101, 80));
        assertThat(ledger.position("A", "AMZN").side(Side.LONG).frozen()).isEqualTo(50 * LOT);
        assertThat(ledger.account("A").totals().frozen()).as("of the 30 that would open").isEqualTo(3030 * LOT);
        ledger.accept(events.trade("AMZN", "A", "1", "SELL", "NONE", 101, 80, 0));

        assertThat(ledger.position("A", "AMZN").side(Side.LONG).volume()).isZero();
        assertThat(ledger.position("A", "AMZN").side(Side.SHORT).volume()).isEqualTo(30 * LOT);
        assertThat(ledger.account("A").totals().sums().closeProfit()).isEqualTo(50 * LOT);
        assertThat(ledger.account("A").totals().frozen()).isZero();
        assertThat(ledger.reasons()).isEmpty();
    }

    @Test
    void whatDoesNotFitIsListedAndNothingElseChanges() throws Exception {
        ledger.accept(events.insert(FUTURE, "A", "1", "BUY", "OPEN", 3800, 1));
        var before = ledger.account("A").totals();

        ledger.accept(events.insert(FUTURE, "A", "1", "BUY", "OPEN", 3800, 1));
        ledger.accept(events.insert(FUTURE, "A", "2", "BUY", "OPEN", 3800, 0));
        ledger.accept(events.insert(FUTURE, "A", "3", "BUY", "OPEN", 1e300, 1));
        ledger.accept(events.insert(FUTURE, "A", "4", "BUY", "OPEN", 1e11, 1e6));
        ledger.accept(events.insert(FUTURE, null, "5", "BUY", "OPEN", 3800, 1));
        ledger.accept(events.update(FUTURE, "6", "CANCELLED"));
        ledger.accept(events.trade(FUTURE, null, null, "BUY", "OPEN", 3800, 1, 0));
        ledger.accept(events.cash("A", "DEPOSIT", -5));
        ledger.accept(events.settle(FUTURE, 1e300));

        assertThat(ledger.reasons()).containsExactly(AlertReason.DUPLICATE_ORDER, AlertReason.BAD_VALUE, AlertReason.OUT_OF_RANGE,
                AlertReason.OUT_OF_RANGE, AlertReason.NO_ACCOUNT, AlertReason.UNKNOWN_ORDER, AlertReason.NO_ACCOUNT,
                AlertReason.BAD_VALUE, AlertReason.OUT_OF_RANGE);
        assertThat(ledger.account("A").totals()).usingRecursiveComparison().isEqualTo(before);
        assertThat(ledger.head(FUTURE).alerts().values().stream().mapToLong(Long::longValue).sum()).isEqualTo(8);
    }

    @Test
    void commissionsOfADayBeyondTheLimitAreListedAndTheTradeIsNotBooked() throws Exception {
        ledger.accept(events.trade(FUTURE, "A", null, "BUY", "OPEN", 3800, 1, 6e11));
        ledger.accept(events.trade(FUTURE, "A", null, "BUY", "OPEN", 3800, 1, 6e11));

        assertThat(ledger.reasons()).containsExactly(AlertReason.OUT_OF_RANGE);
        assertThat(ledger.position("A", FUTURE).side(Side.LONG).volume()).isEqualTo(LOT);
        assertThat(ledger.account("A").totals().sums().commission()).isEqualTo(600_000_000_000L * LOT);
    }

    @Test
    void aSettlementPriceOutOfRangeEndsNoDay() throws Exception {
        ledger.accept(events.trade(FUTURE, "A", null, "BUY", "OPEN", 3800, 1, 0));
        ledger.accept(events.insert(FUTURE, "A", "1", "BUY", "OPEN", 3800, 1));
        ledger.accept(events.settle(FUTURE, 1e300));

        assertThat(ledger.reasons()).containsExactly(AlertReason.OUT_OF_RANGE);
        assertThat(ledger.head(FUTURE).settledThrough()).isZero();
        assertThat(ledger.account("A").totals().frozen()).isEqualTo(114_000 * LOT);
    }

    @Test
    void moreThanTheOrderHasLeftIsBookedAndListed() throws Exception {
        ledger.accept(events.insert(FUTURE, "A", "1", "BUY", "OPEN", 3800, 1));
        ledger.accept(events.trade(FUTURE, "B", "1", "BUY", "OPEN", 3800, 2, 0));

        assertThat(ledger.position("B", FUTURE).side(Side.LONG).volume()).isEqualTo(2 * LOT);
        assertThat(ledger.account("A").totals().frozen()).isZero();
        assertThat(ledger.reasons()).containsExactlyInAnyOrder(AlertReason.OVERFILLED, AlertReason.OTHER_ACCOUNT);
    }

    @Test
    void publicTapeIsCountedAndNotBooked() throws Exception {
        ledger.accept(events.insert("AMZN", null, "1", "BUY", "NONE", 100, 10));
        ledger.accept(events.trade("AMZN", null, "1", "BUY", "NONE", 100, 10, Double.NaN));
        ledger.accept(events.update("AMZN", "1", "CANCELLED"));

        assertThat(ledger.head("AMZN").tapeEvents()).isEqualTo(3);
        assertThat(ledger.head("AMZN").lastPrice()).isEqualTo(100);
        assertThat(ledger.reasons()).isEmpty();
        assertThat(ledger.head("AMZN").waiting()).isZero();
    }

    @Test
    void anInstrumentThatTheFileDoesNotListIsToldOnce() throws Exception {
        ledger.accept(events.trade("XX.1", "A", null, "BUY", "OPEN", 100, 10, 0));
        ledger.accept(events.trade("XX.1", "A", null, "BUY", "OPEN", 100, 10, 0));

        assertThat(ledger.reasons()).containsExactly(AlertReason.UNKNOWN_INSTRUMENT);
        assertThat(ledger.position("A", "XX.1").side(Side.LONG).cost()).isEqualTo(2000 * LOT);
    }

    @Test
    void reportsChangeNothingAndDifferencesAreCounted() throws Exception {
        EventBuilder builder = new EventBuilder();
        ledger.accept(events.insert(FUTURE, "A", "1", "BUY", "OPEN", 3800, 3));
        for (double left : new double[] {3, 2}) {
            ledger.accept(builder.start("order_update").eventTime(LedgerEvents.START_NS).instrument(FUTURE).identity("other", (long) left)
                    .set("order_id", "1").set("status", "ACCEPTED").set("volume_left", left).build());
        }

        assertThat(ledger.head(FUTURE).reports()).isEqualTo(2);
        assertThat(ledger.head(FUTURE).differences()).isEqualTo(1);
        assertThat(ledger.head(FUTURE).lastDifference()).isEqualTo("order_update of 1: volume_left is 2.00, booked 3.00");
        assertThat(ledger.order(FUTURE, "1").left()).isEqualTo(3 * LOT);
    }

    @Test
    void anAccountWithoutOpeningBeginsWithItsEarliestReport() throws Exception {
        byte[] early = events.report("C", 500, 500, 0);
        byte[] later = events.report("C", 700, 700, 0);
        ledger.accept(later);
        ledger.accept(early);
        assertThat(ledger.account("C").opening()).isEqualTo(Account.Opening.REPORT);
        assertThat(ledger.account("C").totals().money()).isEqualTo(500 * LOT);
        assertThat(ledger.account("C").report().differences(ledger.account("C"))).extracting(Report.Difference::toString)
                .containsExactlyInAnyOrder("balance is reported as 700.00, booked 500.00", "available is reported as 700.00, booked 500.00");

        ledger.accept(events.open("C", 900));
        assertThat(ledger.account("C").opening()).isEqualTo(Account.Opening.EVENT);
        assertThat(ledger.account("C").totals().money()).isEqualTo(900 * LOT);
    }

    @Test
    void daysOfAnAccountFollowEachOther() throws Exception {
        for (int day = 0; day < 25; day++) {
            events.day(20260101 + day);
            ledger.accept(events.cash("A", "DEPOSIT", 10));
        }
        AccountDay last = ledger.account("A").day(20260125);
        assertThat(last.preBalance()).isEqualTo((1_000_000 + 240) * LOT);
        assertThat(last.staticBalance()).isEqualTo((1_000_000 + 250) * LOT);
        assertThat(ledger.account("A").totals().sums().deposits()).isEqualTo(250 * LOT);
    }
}
