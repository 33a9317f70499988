package io.qaexchange.job.model.book;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Sums of accounts are exact or refused, never wrapped around. */
class AccountLimitsProperties {

    record Change(int day, long profit) {
    }

    @Provide
    Arbitrary<List<Change>> changes() {
        Arbitrary<Long> profits = Arbitraries.oneOf(Arbitraries.longs(), Arbitraries.longs().between(-Micros.LIMIT, Micros.LIMIT),
                Arbitraries.of(Micros.LIMIT, -Micros.LIMIT, Micros.LIMIT + 1, Long.MAX_VALUE, Long.MIN_VALUE));
        return Combinators.combine(Arbitraries.integers().between(1, 25), profits).as((day, profit) -> new Change(20260100 + day, profit)).list()
                .ofMaxSize(60);
    }

    @Property
    void aSumIsThatOfWhatWasTaken(@ForAll("changes") List<Change> changes) {
        Account account = new Account();
        BigInteger taken = BigInteger.ZERO;
        for (Change change : changes) {
            if (account.add(change.day(), LargeBookings.profit(change.profit()))) {
                taken = taken.add(BigInteger.valueOf(change.profit()));
            }
            assertThat(BigInteger.valueOf(account.totals().sums().closeProfit())).isEqualTo(taken);
            assertThat(BigInteger.valueOf(account.totals().money())).isEqualTo(taken);
            assertThat(BigInteger.valueOf(account.day(change.day()).balance()).abs()).isLessThan(BigInteger.valueOf(Long.MAX_VALUE));
        }
    }

    @Test
    void whatFitsIsTakenUpToTheLimit() {
        Account account = new Account();
        assertThat(account.add(20260105, LargeBookings.profit(Micros.LIMIT - 1))).isTrue();
        assertThat(account.add(20260106, LargeBookings.profit(2))).isFalse();
        assertThat(account.add(20260106, LargeBookings.profit(1))).isTrue();
        assertThat(account.totals().staticBalance()).isEqualTo(Micros.LIMIT);
    }
}
