package io.qaexchange.job.stream.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.book.AlertReason;
import io.qaexchange.job.model.book.LedgerEvents;
import io.qaexchange.job.model.book.Micros;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.state.LsmStateBackend;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ledger's operators over days, and from one instruments file to the next. */
class LedgerOperatorsTest {

    private static final String FUTURE = "X.1";
    private static final int MONDAY = 20260105;
    private static final int TUESDAY = 20260106;
    private static final int WEDNESDAY = 20260107;
    private static final long UNIT = Micros.ONE;

    @TempDir
    private Path folder;
    private final LedgerEvents events = new LedgerEvents();
    private final List<byte[]> messages = new ArrayList<>();

    private static Instruments terms(int multiplier, String margin) {
        return Instruments.parse("test", "instruments:\n  - prefix: X.\n    multiplier: " + multiplier + "\n    margin_long: " + margin
                + "\n    margin_short: " + margin + "\n");
    }

    private LedgerRig rig() {
        return new LedgerRig(folder, LsmStateBackend::new, messages, terms(10, "0.1"));
    }

    private void tradeAndSettle(int day, double price) {
        events.day(day);
        messages.add(events.trade(FUTURE, "A", null, "BUY", "OPEN", price, 1, 0));
        messages.add(events.settle(FUTURE, price));
    }

    @Test
    void anAccountWithoutAChangeHasARowOfEveryDayAfterItsFirst() throws Exception {
        messages.add(events.open("A", 1000));
        messages.add(events.open("quiet", 500));
        tradeAndSettle(MONDAY, 100);
        tradeAndSettle(TUESDAY, 100);
        events.day(WEDNESDAY);
        messages.add(events.open("new", 300));
        tradeAndSettle(WEDNESDAY, 100);

        try (LedgerRig rig = rig()) {
            rig.start(1);
            for (int i = 0; i < messages.size(); i++) {
                rig.feed(1);
                rig.pass(Duration.ofMillis(500));
            }
            rig.end();

            assertThat(days(rig, "A")).containsExactly(MONDAY, TUESDAY, WEDNESDAY);
            assertThat(days(rig, "quiet")).containsExactly(MONDAY, TUESDAY, WEDNESDAY);
            assertThat(days(rig, "new")).containsExactly(WEDNESDAY);
            assertThat(rows(rig, "quiet")).allSatisfy(row -> assertThat(row.values()[11]).as("static").isEqualTo(500 * UNIT));
        }
    }

    @Test
    void newTermsHoldForWhatIsBookedAfterTheRestartAndWhatIsOpenKeepsItsOwn() throws Exception {
        messages.add(events.open("A", 100_000));
        messages.add(events.trade(FUTURE, "A", null, "BUY", "OPEN", 100, 2, 0));
        messages.add(events.insert(FUTURE, "A", "1", "BUY", "OPEN", 100, 1));
        int before = messages.size();
        messages.add(events.trade(FUTURE, "A", null, "BUY", "OPEN", 100, 1, 0));
        int opened = messages.size();
        messages.add(events.update(FUTURE, "1", "CANCELLED"));
        messages.add(events.trade(FUTURE, "A", null, "SELL", "CLOSETODAY", 110, 3, 0));

        try (LedgerRig rig = rig()) {
            rig.start(1);
            rig.feed(before);
            LedgerRig.Checkpoint checkpoint = rig.checkpoint();
            assertThat(rig.view(checkpoint).now("A").margin()).isEqualTo(200 * UNIT);
            assertThat(rig.view(checkpoint).now("A").frozen()).isEqualTo(100 * UNIT);

            rig.use(terms(10, "0.2"));
            rig.restore(checkpoint, 2);
            rig.feed(opened - before);
            LedgerView more = rig.view(rig.checkpoint());
            assertThat(more.now("A").margin()).as("two opened with 10%, one with 20%").isEqualTo(400 * UNIT);
            assertThat(more.now("A").frozen()).as("as it was frozen").isEqualTo(100 * UNIT);

            rig.feed(messages.size());
            LedgerView closed = rig.view(rig.checkpoint());
            assertThat(closed.now("A").margin()).isZero();
            assertThat(closed.now("A").frozen()).isZero();
            assertThat(closed.now("A").sums().closeProfit()).isEqualTo(300 * UNIT);
            assertThat(closed.sums().problems()).isEmpty();
        }
    }

    /** The case that the documentation warns of. */
    @Test
    void anotherMultiplierBooksAProfitThatNobodyMade() throws Exception {
        messages.add(events.open("A", 100_000));
        messages.add(events.trade(FUTURE, "A", null, "BUY", "OPEN", 100, 2, 0));
        messages.add(events.trade(FUTURE, "A", null, "SELL", "CLOSETODAY", 100, 2, 0));

        try (LedgerRig rig = rig()) {
            rig.start(1);
            rig.feed(2);
            LedgerRig.Checkpoint checkpoint = rig.checkpoint();
            rig.use(terms(11, "0.1"));
            rig.restore(checkpoint, 1);
            rig.feed(1);

            LedgerView view = rig.view(rig.checkpoint());
            assertThat(view.now("A").sums().closeProfit()).isEqualTo(200 * UNIT);
            assertThat(view.sums().problems()).as("it adds up all the same").isEmpty();
        }
    }

    /** Three profits of almost a half of what an account may have: the third does not fit. */
    @Test
    void sumsBeyondTheLimitOfAnAccountAreListedAndNotAdded() throws Exception {
        messages.add(events.open("A", 0));
        for (int i = 0; i < 3; i++) {
            messages.add(events.cash("A", "DEPOSIT", 4e11));
        }
        try (LedgerRig rig = rig()) {
            rig.start(1);
            rig.feed(messages.size());
            LedgerView view = rig.view(rig.checkpoint());

            assertThat(view.now("A").sums().deposits()).isEqualTo(800_000_000_000L * UNIT);
            assertThat(rig.rows()).filteredOn(row -> row.table() == LedgerTable.LEDGER_ALERTS).extracting(row -> row.values()[3])
                    .containsExactly(AlertReason.OUT_OF_RANGE.label());
        }
    }

    private static List<LedgerRow> rows(LedgerRig rig, String account) {
        return rig.rows().stream().filter(row -> row.table() == LedgerTable.ACCOUNT_DAILY && account.equals(row.values()[3])).toList();
    }

    private static List<Integer> days(LedgerRig rig, String account) {
        return rows(rig, account).stream().map(LedgerRow::tradingDay).distinct().sorted().toList();
    }
}
