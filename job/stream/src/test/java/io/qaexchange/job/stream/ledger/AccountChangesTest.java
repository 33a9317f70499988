package io.qaexchange.job.stream.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.model.book.AccountSums;
import io.qaexchange.job.model.book.LargeBookings;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AccountChangesTest {

    private static final int DAY = 20260105;

    /** As many of the largest bookings as would overflow 64 bits many times. */
    @Test
    void sumsOfTheLargestBookingsDoNotOverflowOnTheirWay() {
        AccountChanges changes = new AccountChanges();
        for (int i = 0; i < 1_000; i++) {
            LargeBookings.addLargestProfit(changes.change("A", DAY));
            changes.addUp();
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

    /** More bookings than are added up together, accounts and days mixed; what is at hand is forgotten with what was sent. */
    @Test
    void everyBookingIsInTheSumOfItsAccountAndDayOnce() {
        AccountChanges changes = new AccountChanges();
        for (int round = 0; round < 3; round++) {
            Map<String, Long> expected = new HashMap<>();
            for (int i = 0; i < 10_000; i++) {
                String account = "A" + i % 700;
                int day = DAY + i % 3;
                LargeBookings.addProfit(changes.change(account, day), i);
                expected.merge(account + " " + day, (long) i, Long::sum);
                if (i % 7 != 0) {
                    changes.addUp();
                }
            }

            Map<String, Long> sent = new HashMap<>();
            changes.send(input -> assertThat(sent.put(input.account() + " " + input.day(), input.sums().closeProfit())).isNull());

            assertThat(sent).isEqualTo(expected);
        }
    }
}
