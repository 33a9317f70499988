package io.qaexchange.job.model.book;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.instruments.Instruments;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The worked example of docs/ledger.md, figure by figure. */
class WorkedExampleTest {

    private static final String FUTURE = "CFFEX.IF2601";
    private static final String ACCOUNT = "A";
    private static final Path PAGE = Path.of("..", "..", "docs", "ledger.md");

    private final PlainLedger ledger = new PlainLedger(Instruments.example());
    private final LedgerEvents events = new LedgerEvents().day(20260105);
    private final List<String> table = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        book("account opened with 1,000,000", events.open(ACCOUNT, 1_000_000));
    }

    @Test
    void holdsToTheLastDigitAndIsWhatThePageSays() throws Exception {
        book("order 1: buy 2, open, at 3800", events.insert(FUTURE, ACCOUNT, "1", "BUY", "OPEN", 3800, 2));
        money("1000000.00", "228000.00", "0.00", "772000.00", "0.00", "1000000.00");
        book("trade of order 1: 2 at 3800", events.trade(FUTURE, ACCOUNT, "1", "BUY", "OPEN", 3800, 2, Double.NaN));
        money("999947.5372", "0.00", "228000.00", "771947.5372", "0.00", "999947.5372");
        book("order 2: sell 1, close today, at 3810", events.insert(FUTURE, ACCOUNT, "2", "SELL", "CLOSETODAY", 3810, 1));
        assertThat(longSide().frozen()).isEqualTo(Micros.ONE);
        book("trade of order 2: 1 at 3810", events.trade(FUTURE, ACCOUNT, "2", "SELL", "CLOSETODAY", 3810, 1, Double.NaN));
        money("1002921.23677", "0.00", "114000.00", "888921.23677", "3000.00", "1005921.23677");
        book("deposit of 50,000", events.cash(ACCOUNT, "DEPOSIT", 50_000));
        money("1052921.23677", "0.00", "114000.00", "938921.23677", "3000.00", "1055921.23677");
        book("settlement of 5 January at 3820", events.settle(FUTURE, 3820));
        money("1052921.23677", "0.00", "114000.00", "938921.23677", "6000.00", "1058921.23677");
        assertThat(longSide().history()).isEqualTo(Micros.ONE);
        assertThat(longSide().today()).isZero();

        events.day(20260106);
        book("order 3: sell 1, close, at 3790", events.insert(FUTURE, ACCOUNT, "3", "SELL", "CLOSE", 3790, 1));
        book("trade of order 3: 1 at 3790", events.trade(FUTURE, ACCOUNT, "3", "SELL", "CLOSE", 3790, 1, Double.NaN));
        money("1049895.0744", "0.00", "0.00", "1049895.0744", "0.00", "1049895.0744");
        assertThat(ledger.account(ACCOUNT).day(20260106).preBalance()).isEqualTo(1_052_921_236_770L);
        book("order 4: buy 3, open, at 3780.2", events.insert(FUTURE, ACCOUNT, "4", "BUY", "OPEN", 3780.2, 3));
        money("1049895.0744", "340218.00", "0.00", "709677.0744", "0.00", "1049895.0744");
        book("trade of order 4: 1 at 3780", events.trade(FUTURE, ACCOUNT, "4", "BUY", "OPEN", 3780, 1, Double.NaN));
        money("1049868.98106", "226812.00", "113400.00", "709656.98106", "0.00", "1049868.98106");
        book("order 4 cancelled", events.update(FUTURE, "4", "CANCELLED"));
        money("1049868.98106", "0.00", "113400.00", "936468.98106", "0.00", "1049868.98106");

        assertThat(ledger.alerts).isEmpty();
        assertThat(Files.readString(PAGE)).contains(String.join("\n", table));
    }

    private PositionSide longSide() {
        return ledger.position(ACCOUNT, FUTURE).side(Side.LONG);
    }

    private void book(String what, byte[] event) throws Exception {
        ledger.accept(event);
        AccountDay now = now();
        table.add(String.format("| %d | %s | %s | %s | %s | %s | %s | %s |", table.size() + 1, what, shown(now.staticBalance()),
                shown(now.frozen()), shown(now.margin()), shown(now.money()), shown(now.floatProfit()), shown(now.balance())));
    }

    private void money(String staticBalance, String frozen, String margin, String money, String floatProfit, String balance) {
        AccountDay now = now();
        assertThat(List.of(Micros.toText(now.staticBalance()), Micros.toText(now.frozen()), Micros.toText(now.margin()),
                Micros.toText(now.money()), Micros.toText(now.floatProfit()), Micros.toText(now.balance())))
                .containsExactly(staticBalance, frozen, margin, money, floatProfit, balance);
        assertThat(now.balance()).isEqualTo(now.money() + now.frozen() + now.margin() + now.floatProfit());
    }

    private AccountDay now() {
        return ledger.account(ACCOUNT).totals().withFloatProfit(ledger.floatProfit(ACCOUNT));
    }

    private static String shown(long micros) {
        return Micros.toText(micros);
    }
}
