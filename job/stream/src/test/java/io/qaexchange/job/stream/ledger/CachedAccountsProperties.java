package io.qaexchange.job.stream.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.AccountSums;
import io.qaexchange.job.model.ledger.AccountStore;
import io.qaexchange.job.model.ledger.StateBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** The cache over stored accounts: what it gives, and what the store has after a flush. */
class CachedAccountsProperties {

    private static final int DAY = 20260105;

    record Step(int kind, int account) {
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(Arbitraries.integers().between(0, 9), Arbitraries.integers().between(0, 6)).as(Step::new).list().ofMaxSize(80);
    }

    @Property
    void isTheStoreThatItCaches(@ForAll("steps") List<Step> steps, @ForAll @IntRange(max = 3) int changes,
            @ForAll @IntRange(min = 1, max = 5) int kept) throws IOException {
        Map<String, Integer> model = new HashMap<>();
        Stored stored = new Stored();
        CachedAccounts accounts = new CachedAccounts(stored, changes, kept);
        for (Step step : steps) {
            String id = "A" + step.account();
            switch (step.kind()) {
                case 0, 1, 2, 3, 4, 5 -> {
                    assertThat(accounts.get(id).add(DAY + step.kind(), new AccountSums())).isTrue();
                    accounts.change(id);
                    model.merge(id, 1 << step.kind(), (a, b) -> a | b);
                }
                case 6 -> accounts.flush();
                case 7 -> {
                    accounts.flush();
                    accounts = new CachedAccounts(stored, changes, kept);
                }
                default -> assertThat(days(accounts.get(id))).isEqualTo(model.getOrDefault(id, 0));
            }
        }
        accounts.flush();
        for (Map.Entry<String, Integer> expected : model.entrySet()) {
            assertThat(days(stored.load(expected.getKey()))).isEqualTo(expected.getValue());
        }
        assertThat(stored.values).containsOnlyKeys(model.keySet());
    }

    /** Days with a change, a bit for each. */
    private static int days(Account account) throws IOException {
        Account copy = copy(account);
        List<Account.SettledDay> rows = new ArrayList<>();
        copy.takeSettled(DAY + 9, rows, (of, reason, detail) -> { });
        return rows.stream().mapToInt(row -> 1 << row.day().tradingDay() - DAY).reduce(0, (a, b) -> a | b);
    }

    private static Account copy(Account account) throws IOException {
        StateBytes bytes = new StateBytes();
        return bytes.read(bytes.write(account::write), Account::read);
    }

    private static final class Stored implements AccountStore {
        private final Map<String, byte[]> values = new HashMap<>();
        private final StateBytes bytes = new StateBytes();

        @Override
        public Account load(String id) throws IOException {
            byte[] value = values.get(id);
            return value == null ? new Account() : bytes.read(value, Account::read);
        }

        @Override
        public void save(String id, Account account) throws IOException {
            values.put(id, bytes.write(account::write));
        }
    }
}
