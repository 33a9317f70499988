package io.qaexchange.job.ledger;

import io.qaexchange.job.ledger.book.AccountSums;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Changes of accounts that were not sent yet, summed up by account and day: the accounts only add, so a hundred bookings may be one
 * message. One thread.
 */
final class AccountChanges {

    private static final int AT_HAND_BITS = 12;
    private static final int SPREAD = 0x9E3779B9;

    /** The sums of an account; those of the day that was asked for last are at hand. */
    private static final class OfAccount {
        final String account;
        final Map<Integer, AccountSums> days = new HashMap<>(2);
        int day;
        AccountSums sums;

        OfAccount(String account) {
            this.account = account;
        }
    }

    private final Map<String, OfAccount> accounts = new HashMap<>();
    /** Of the accounts one for each place, as most bookings ask for one of them. */
    private final OfAccount[] atHand = new OfAccount[1 << AT_HAND_BITS];
    private final List<AccountInput> full = new ArrayList<>();

    /** The sums of an account's day, to be added to. */
    AccountSums change(String account, int day) {
        OfAccount changes = of(account);
        if (changes.sums == null || changes.day != day) {
            changes.day = day;
            changes.sums = changes.days.computeIfAbsent(day, number -> new AccountSums());
        }
        if (changes.sums.isNearlyFull()) {
            return another(account, changes);
        }
        return changes.sums;
    }

    private OfAccount of(String account) {
        int place = account.hashCode() * SPREAD >>> Integer.SIZE - AT_HAND_BITS;
        OfAccount found = atHand[place];
        if (found == null || !found.account.equals(account)) {
            found = accounts.computeIfAbsent(account, OfAccount::new);
            atHand[place] = found;
        }
        return found;
    }

    /** Sums that could overflow wait for the next sending; further ones begin with nothing. */
    private AccountSums another(String account, OfAccount changes) {
        full.add(new AccountInput(account, changes.day, changes.sums, null));
        changes.sums = new AccountSums();
        changes.days.put(changes.day, changes.sums);
        return changes.sums;
    }

    /** Messages that wait, at least. */
    int size() {
        return accounts.size() + full.size();
    }

    /** Hands everything over and forgets it. */
    void send(Consumer<AccountInput> output) {
        full.forEach(output);
        full.clear();
        for (Map.Entry<String, OfAccount> account : accounts.entrySet()) {
            for (Map.Entry<Integer, AccountSums> day : account.getValue().days.entrySet()) {
                output.accept(new AccountInput(account.getKey(), day.getKey(), day.getValue(), null));
            }
        }
        accounts.clear();
        Arrays.fill(atHand, null);
    }
}
