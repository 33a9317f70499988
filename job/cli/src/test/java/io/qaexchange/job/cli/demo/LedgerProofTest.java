package io.qaexchange.job.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.query.ledger.LedgerSums;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The demo's report and exit code when the accounts are wrong. */
class LedgerProofTest {

    private static final long UNIT = 1_000_000;
    private static final LedgerProof.Expected EXPECTED = new LedgerProof.Expected(1_000 * UNIT, 3 * UNIT);

    private static LedgerSums sums(long moneyIn, long commission, long closeProfit, List<String> problems) {
        return new LedgerSums(2, 1, 1, 0, moneyIn, closeProfit, commission, 0, moneyIn - commission, 0, 0, 10, Map.of(), 0, 0, 0, 0, problems);
    }

    private static LedgerSums good() {
        return sums(1_000 * UNIT, 3 * UNIT, 0, List.of());
    }

    @Test
    void theDemoEndsWithZeroIfTheAccountsAddUp() {
        LedgerProof proof = new LedgerProof(good(), good(), EXPECTED);

        assertThat(proof.problems()).isEmpty();
        assertThat(printed(proof)).contains("the accounts add up to the last millionth");
        assertThat(DemoCommand.exitCode(true, true, proof.holds())).isEqualTo(Tool.GOOD);
    }

    @Test
    void theDemoEndsWithOneAndSaysWhyIfAnySumIsWrong() {
        check(new LedgerProof(good(), sums(1_000 * UNIT + 1, 3 * UNIT, 0, List.of()), EXPECTED), "the events brought 1000.00");
        check(new LedgerProof(good(), sums(1_000 * UNIT, 3 * UNIT - 1, 0, List.of()), EXPECTED), "the trades cost 3.00");
        check(new LedgerProof(good(), sums(1_000 * UNIT, 3 * UNIT, 1, List.of()), EXPECTED), "all accounts together won 0.000001");
        check(new LedgerProof(good(), sums(1_000 * UNIT, 3 * UNIT, 0, List.of("account A: frozen is 1.00")), EXPECTED), "at the end: account A");
        check(new LedgerProof(sums(1_000 * UNIT, 3 * UNIT, 0, List.of("money in is 1.00")), good(), EXPECTED), "before the kill: money in");
    }

    @Test
    void theDemoEndsWithOneIfEventsOrDeadLettersAreWrong() {
        assertThat(DemoCommand.exitCode(false, true, true)).isEqualTo(Tool.BAD);
        assertThat(DemoCommand.exitCode(true, false, true)).isEqualTo(Tool.BAD);
    }

    private static void check(LedgerProof proof, String problem) {
        assertThat(proof.problems()).singleElement().asString().contains(problem);
        assertThat(printed(proof)).contains("ACCOUNTS DO NOT ADD UP").contains(problem);
        assertThat(DemoCommand.exitCode(true, true, proof.holds())).isEqualTo(1);
    }

    private static String printed(LedgerProof proof) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        proof.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
