package io.qaexchange.job.model.book;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import javax.annotation.Nullable;

/**
 * The money of one account: what it was opened with, and for each trading day sums that are only added to. Every figure follows from
 * those, so neither the order in which instruments arrive nor that of days matters.
 *
 * <p>An account that changed before it was opened begins with nothing; with the balance of its earliest report if it has one and no
 * account_open; and with account_open's cash as soon as there is one.
 *
 * <p>The newest {@value #KEPT_DAYS} days are kept apart; older ones are one sum. Mutable, one thread. Stored as version
 * {@value #FORMAT_VERSION}, fields in the order in which {@link #write} has them.
 */
public final class Account {

    /** Risk ratio of an account without balance. */
    public static final double NO_BALANCE_RISK = 999;

    private static final int FORMAT_VERSION = 1;
    private static final int KEPT_DAYS = 16;

    private static final RecordType OPEN = EventSchema.get().table("account_open");
    private static final Field OPEN_CASH = OPEN.field("init_cash");
    private static final Field OPEN_USER = OPEN.field("user");
    private static final Field OPEN_NAME = OPEN.field("name");
    private static final RecordType CASH = EventSchema.get().table("cash_movement");
    private static final Field CASH_AMOUNT = CASH.field("amount");
    private static final Field CASH_KIND = CASH.field("kind");
    private static final int DEPOSIT = CASH_KIND.enumCode("DEPOSIT");
    private static final RecordType UPDATE = EventSchema.get().table("account_update");
    private static final RecordType SNAPSHOT = EventSchema.get().table("account_snapshot");
    private static final int OPEN_CODE = OPEN.code();
    private static final int CASH_CODE = CASH.code();
    private static final int UPDATE_CODE = UPDATE.code();
    private static final int SNAPSHOT_CODE = SNAPSHOT.code();

    /** How an account began; codes stand in state. */
    public enum Opening {
        /** Not at all: with nothing. */
        NONE(0),
        /** With the balance of its first report. */
        REPORT(1),
        /** With account_open. */
        EVENT(2);

        private final int code;

        Opening(int code) {
            this.code = code;
        }

        private static Opening ofCode(int code) {
            return code == 2 ? EVENT : code == 1 ? REPORT : NONE;
        }
    }

    /** A day and what was told of it. */
    private static final class Day {
        final AccountSums sums;
        /** Rows written of it. */
        int revision;
        /** Whether it has changed since. */
        boolean changed = true;
        boolean belowZeroTold;

        Day(AccountSums sums) {
            this.sums = sums;
        }
    }

    private Opening opening = Opening.NONE;
    @Nullable
    private EventOrder openedBy;
    private long initial;
    private String user = "";
    private String name = "";
    private boolean notOpenedTold;
    private int settledThrough;
    private int foldedThrough;
    private AccountSums folded = new AccountSums();
    private final TreeMap<Integer, Day> days = new TreeMap<>();
    @Nullable
    private Report report;

    /** Whether events of that record type are about an account's money. */
    public static boolean concerns(int recordCode) {
        return recordCode == OPEN_CODE || recordCode == CASH_CODE || isReport(recordCode);
    }

    /** Whether events of that record type only report. */
    public static boolean isReport(int recordCode) {
        return recordCode == UPDATE_CODE || recordCode == SNAPSHOT_CODE;
    }

    public Opening opening() {
        return opening;
    }

    /** Its money at the beginning. */
    public long initial() {
        return initial;
    }

    /** Whose it is, "" if that was never said. */
    public String user() {
        return user;
    }

    public String name() {
        return name;
    }

    /** Whether something was booked that is newer than its newest report, which then cannot be compared. */
    public boolean isReportOutdated() {
        return report != null && totals().sums().newestNs > report.eventTimeNs();
    }

    /** The newest report of it, or null. */
    @Nullable
    public Report report() {
        return report;
    }

    /** Newest trading day with a change, yyyymmdd; 0 before the first. */
    public int newestDay() {
        return days.isEmpty() ? foldedThrough : days.lastKey();
    }

    /**
     * Takes an event about its money.
     *
     * @param key the event's stored key
     * @param day its trading day
     * @param alerts takes reason and detail of what does not fit
     */
    public void accept(EventView event, byte[] key, int day, BiConsumer<AlertReason, String> alerts) {
        try {
            int code = event.recordType().code();
            if (code == OPEN_CODE) {
                open(event, EventOrder.of(key), day, alerts);
            } else if (code == CASH_CODE) {
                move(event, day, alerts);
            } else {
                report(event, EventOrder.of(key), day);
            }
        } catch (AmountOutOfRangeException e) {
            alerts.accept(AlertReason.OUT_OF_RANGE, e.getMessage());
        }
    }

    private void open(EventView event, EventOrder order, int day, BiConsumer<AlertReason, String> alerts) {
        long cash = Micros.of(event.getDouble(OPEN_CASH));
        day(day, true);
        if (opening == Opening.EVENT) {
            alerts.accept(AlertReason.OPENED_AGAIN, "with " + Micros.toText(cash) + " and " + Micros.toText(initial));
            if (order.compareTo(openedBy) >= 0) {
                return;
            }
        }
        opening = Opening.EVENT;
        openedBy = order;
        user = Trade.text(event, OPEN_USER);
        name = Trade.text(event, OPEN_NAME);
        begin(cash);
    }

    private void begin(long cash) {
        if (initial != cash) {
            initial = cash;
            days.values().forEach(day -> day.changed |= day.revision > 0);
        }
    }

    private void move(EventView event, int day, BiConsumer<AlertReason, String> alerts) {
        long amount = Micros.of(event.getDouble(CASH_AMOUNT));
        if (amount <= 0) {
            alerts.accept(AlertReason.BAD_VALUE, "cash of " + Micros.toText(amount));
            return;
        }
        AccountSums sums = new AccountSums();
        sums.newestNs = event.eventTime();
        if (event.getEnumCode(CASH_KIND) == DEPOSIT) {
            sums.deposits = amount;
        } else {
            sums.withdrawals = amount;
        }
        if (!add(day, sums)) {
            alerts.accept(AlertReason.OUT_OF_RANGE, "cash of " + Micros.toText(amount));
        }
    }

    private void report(EventView event, EventOrder order, int day) {
        Report reported = Report.of(event, order, day);
        day(day, true);
        if (opening != Opening.EVENT && (openedBy == null || order.compareTo(openedBy) < 0)) {
            opening = Opening.REPORT;
            openedBy = order;
            begin(reported.figures().get(Report.Figure.BALANCE));
        }
        if (report == null || order.compareTo(report.order()) > 0) {
            report = reported;
        }
    }

    /**
     * Adds changes of a day.
     *
     * @return false if one of the account's sums would be beyond {@link Micros#LIMIT}; nothing is added then
     */
    public boolean add(int day, AccountSums sums) {
        if (sums.settlements > 0) {
            settledThrough = Math.max(settledThrough, day);
        }
        if (!hasRoomFor(day, sums)) {
            return false;
        }
        Day target = day(day, true);
        (target == null ? folded : target.sums).add(sums);
        for (Day later : days.tailMap(day, true).values()) {
            later.changed |= later.revision > 0;
        }
        if (target != null) {
            target.changed = true;
        }
        return true;
    }

    /** Whether every day, and the account at the end of every day, stays within the limit; so nothing that is added up later overflows. */
    private boolean hasRoomFor(int day, AccountSums sums) {
        if (sums.isBeyondLimit()) {
            return false;
        }
        AccountSums running = new AccountSums();
        running.add(folded);
        boolean added = day <= foldedThrough;
        if (added) {
            running.add(sums);
        }
        for (Map.Entry<Integer, Day> entry : days.entrySet()) {
            if (!added && entry.getKey() > day) {
                added = true;
                running.add(sums);
                if (running.isBeyondLimit()) {
                    return false;
                }
            }
            AccountSums own = entry.getValue().sums;
            if (entry.getKey() == day) {
                added = true;
                own = own.with(sums);
            }
            running.add(own);
            if (own.isBeyondLimit() || running.isBeyondLimit()) {
                return false;
            }
        }
        if (!added) {
            running.add(sums);
        }
        return !running.isBeyondLimit();
    }

    private AccountSums allDays() {
        AccountSums all = new AccountSums();
        all.add(folded);
        days.values().forEach(day -> all.add(day.sums));
        return all;
    }

    /** Notes that a trading day is over, so that it has a row even if nothing happened on it; not before the account's first day. */
    public void endDay(int day) {
        boolean known = foldedThrough != 0 || !days.isEmpty() && days.firstKey() < day;
        if (known) {
            day(day, true);
        }
    }

    /** The day, null if it is folded. */
    @Nullable
    private Day day(int day, boolean create) {
        if (day <= foldedThrough) {
            return null;
        }
        Day found = days.get(day);
        if (found == null && create) {
            found = new Day(new AccountSums());
            days.put(day, found);
            if (days.size() > KEPT_DAYS) {
                Map.Entry<Integer, Day> oldest = days.pollFirstEntry();
                folded.add(oldest.getValue().sums);
                foldedThrough = oldest.getKey();
                if (foldedThrough == day) {
                    return null;
                }
            }
        }
        return found;
    }

    /** The account at the end of a day; a day without changes has none. */
    public AccountDay day(int day) {
        AccountSums before = new AccountSums();
        before.add(folded);
        for (Day earlier : days.headMap(day, false).values()) {
            before.add(earlier.sums);
        }
        Day found = days.get(day);
        AccountSums own = found == null ? new AccountSums() : found.sums;
        return new AccountDay(day, initial + before.staticChange(), own, before.frozen + own.frozen, before.margin + own.margin,
                before.floatProfit + own.floatProfit);
    }

    /** The account now: with all days, in one. */
    public AccountDay totals() {
        AccountSums all = allDays();
        return new AccountDay(newestDay(), initial, all, all.frozen, all.margin, all.floatProfit);
    }

    /** Newest trading day of which an instrument was settled for this account, 0 if none. */
    public int settledThrough() {
        return settledThrough;
    }

    /** Whether {@link #takeSettled} would give something. */
    public boolean hasSettled(int settledElsewhere) {
        for (Map.Entry<Integer, Day> day : days.entrySet()) {
            if (day.getValue().changed && isOver(day.getKey(), settledElsewhere)) {
                return true;
            }
        }
        return false;
    }

    /** A day that is over, for a table; a day that changes afterwards comes again with a higher revision. */
    public record SettledDay(AccountDay day, int revision) {
    }

    /**
     * The days that are over and changed since they were taken: settled, here or elsewhere, or with a later day begun.
     *
     * @param settledElsewhere newest trading day of which an instrument was settled for any account, 0 if none
     * @param rows takes them in ascending order
     * @param alerts takes the day, reason and detail of what is wrong with one
     */
    public void takeSettled(int settledElsewhere, List<SettledDay> rows, DayAlerts alerts) {
        for (Map.Entry<Integer, Day> entry : days.entrySet()) {
            Day day = entry.getValue();
            if (!day.changed || !isOver(entry.getKey(), settledElsewhere)) {
                continue;
            }
            day.changed = false;
            day.revision++;
            AccountDay figures = day(entry.getKey());
            rows.add(new SettledDay(figures, day.revision));
            if (opening != Opening.EVENT && !notOpenedTold) {
                notOpenedTold = true;
                alerts.accept(entry.getKey(), AlertReason.NOT_OPENED, "begins with " + Micros.toText(initial));
            }
            if (figures.money() < 0 && !day.belowZeroTold) {
                day.belowZeroTold = true;
                alerts.accept(entry.getKey(), AlertReason.MONEY_BELOW_ZERO, "money is " + Micros.toText(figures.money()));
            }
        }
    }

    /** Takes what is wrong with a day. */
    @FunctionalInterface
    public interface DayAlerts {
        void accept(int day, AlertReason reason, String detail);
    }

    private boolean isOver(int day, int settledElsewhere) {
        return day <= settledThrough || day <= settledElsewhere || day < days.lastKey();
    }

    /** Writes it as state. */
    public void write(DataOutput out) throws IOException {
        out.writeByte(FORMAT_VERSION);
        out.writeByte(opening.code);
        if (openedBy != null) {
            openedBy.write(out);
        }
        out.writeLong(initial);
        out.writeUTF(user);
        out.writeUTF(name);
        out.writeBoolean(notOpenedTold);
        out.writeInt(settledThrough);
        out.writeInt(foldedThrough);
        folded.write(out);
        out.writeByte(days.size());
        for (Map.Entry<Integer, Day> entry : days.entrySet()) {
            Day day = entry.getValue();
            out.writeInt(entry.getKey());
            day.sums.write(out);
            out.writeInt(day.revision);
            out.writeBoolean(day.changed);
            out.writeBoolean(day.belowZeroTold);
        }
        out.writeBoolean(report != null);
        if (report != null) {
            report.write(out);
        }
    }

    /**
     * Reads it from state.
     *
     * @throws IOException if a newer build wrote it
     */
    public static Account read(DataInput in) throws IOException {
        FormatVersion.check("account", in.readByte(), FORMAT_VERSION);
        Account account = new Account();
        account.opening = Opening.ofCode(in.readByte());
        if (account.opening != Opening.NONE) {
            account.openedBy = EventOrder.read(in);
        }
        account.initial = in.readLong();
        account.user = in.readUTF();
        account.name = in.readUTF();
        account.notOpenedTold = in.readBoolean();
        account.settledThrough = in.readInt();
        account.foldedThrough = in.readInt();
        account.folded = AccountSums.read(in);
        int count = in.readByte();
        for (int i = 0; i < count; i++) {
            int number = in.readInt();
            Day day = new Day(AccountSums.read(in));
            day.revision = in.readInt();
            day.changed = in.readBoolean();
            day.belowZeroTold = in.readBoolean();
            account.days.put(number, day);
        }
        if (in.readBoolean()) {
            account.report = Report.read(in);
        }
        return account;
    }
}
