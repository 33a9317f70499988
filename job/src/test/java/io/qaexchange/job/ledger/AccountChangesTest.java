package io.qaexchange.job.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.ledger.book.AccountSums;
import io.qaexchange.job.ledger.book.LargeBookings;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountChangesTest {

    private static final int DAY = 20260105;

    /** As many of the largest bookings as would overflow 64 bits many times. */
    @Test
    void sumsOfTheLargestBookingsDoNotOverflowOnTheirWay() {
        AccountChanges changes = new AccountChanges();
        for (int i = 0; i < 1_000; i++) {
            LargeBookings.addLargestProfit(changes.change("A", DAY));
        }
        List<AccountSums> sent = new ArrayList<>();
        changes.send(input -> {
            assertThat(input.account()).isEqualTo("A");
            assertThat(input.day()).isEqualTo(DAY);
            sent.add(input.sums());
        });

        BigInteger sum = sent.stream().map(sums -> BigInteger.valueOf(sums.closeProfit())).reduce(BigInteger.ZERO, BigInteger::add);
        assertThat(sum).isEqualTo(BigInteger.valueOf(LargeBookings.LARGEST_PROFIT).multiply(BigInteger.valueOf(1_000)));
        assertThat(changes.size()).isZero();
    }
}
