package io.qaexchange.job.stream.ledger;

import io.qaexchange.job.model.book.AccountSums;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Changes of accounts that are not sent yet, summed by account and day. Accounts only add, so a hundred bookings can be one message.
 *
 * <p>What one booking changes is noted by itself, and some dozens of them are added to the sums together: the sums of a thousand accounts are
 * not in the processor's own cache, and then it waits for many of them at once instead of for one after the other. One thread.
 */
final class AccountChanges {

    private static final int TOGETHER = 64;

    /** The changes of one booking. */
    private static final class Booking {
        String account;
        int day;
        final AccountSums sums = new AccountSums();
        /** Used while bookings are added up. */
        OfAccount target;
    }

    /** The sums of an account; those of the day that was booked last are at hand. */
    private static final class OfAccount extends TextTable.Entry {
        final Map<Integer, AccountSums> days = new HashMap<>(2);
        int day;
        AccountSums sums;

        OfAccount(String account) {
            super(account);
        }

        void select(int selected) {
            if (sums == null || day != selected) {
                day = selected;
                sums = days.computeIfAbsent(selected, number -> new AccountSums());
            }
        }
    }

    private final TextTable<OfAccount> accounts = new TextTable<>();
    private final List<AccountInput> full = new ArrayList<>();
    /** The first {@link #booked} are in use. */
    private final List<Booking> bookings = new ArrayList<>();
    private int booked;

    /** The amounts to be added to the sums of an account's day; to be filled before {@link #addUp} or {@link #send} is called. */
    AccountSums change(String account, int day) {
        if (booked == bookings.size()) {
            bookings.add(new Booking());
        }
        Booking booking = bookings.get(booked++);
        booking.account = account;
        booking.day = day;
        return booking.sums;
    }

    /** Adds what was booked to the sums, if there is enough of it. */
    void addUp() {
        if (booked >= TOGETHER) {
            addAll();
        }
    }

    private void addAll() {
        for (int i = 0; i < booked; i++) {
            Booking booking = bookings.get(i);
            booking.target = of(booking.account);
            // Asks for the sums' memory; another booking of the account may still select another day.
            booking.target.select(booking.day);
        }
        for (int i = 0; i < booked; i++) {
            Booking booking = bookings.get(i);
            OfAccount target = booking.target;
            target.select(booking.day);
            if (target.sums.isNearlyFull()) {
                beginAnew(target);
            }
            target.sums.add(booking.sums);
            booking.sums.clear();
            booking.target = null;
        }
        booked = 0;
        if (bookings.size() > 2 * TOGETHER) {
            // A settlement books all accounts at once.
            bookings.clear();
        }
    }

    private OfAccount of(String account) {
        OfAccount found = accounts.get(account);
        if (found == null) {
            found = new OfAccount(account);
            accounts.add(found);
        }
        return found;
    }

    /** Sums that could overflow wait for the next sending; further ones begin with nothing. */
    private void beginAnew(OfAccount changes) {
        full.add(new AccountInput(changes.id, changes.day, changes.sums, null));
        changes.sums = new AccountSums();
        changes.days.put(changes.day, changes.sums);
    }

    /** Messages that wait, but for those of the bookings that are not added up. */
    int size() {
        return accounts.size() + full.size();
    }

    /** Hands everything over and forgets it. */
    void send(Consumer<AccountInput> output) {
        addAll();
        full.forEach(output);
        full.clear();
        for (OfAccount account : accounts.entries()) {
            account.days.forEach((day, sums) -> output.accept(new AccountInput(account.id, day, sums, null)));
        }
        accounts.clear();
    }
}
