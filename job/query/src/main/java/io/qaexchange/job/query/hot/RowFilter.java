package io.qaexchange.job.query.hot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * Rows of a table that a reader wants. It may let through more than are wanted, never less: who asked still filters.
 *
 * <p>Immutable.
 *
 * @param instruments of these instruments only; null for all
 * @param fromNs event time from there on
 * @param toNs event time up to there, inclusive
 * @param fromDay trading day, yyyymmdd, from there on
 * @param toDay trading day up to there, inclusive
 */
public record RowFilter(@Nullable Set<String> instruments, long fromNs, long toNs, int fromDay, int toDay) {

    /** Every row. */
    public static final RowFilter ALL = new RowFilter(null, Long.MIN_VALUE, Long.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE);

    public RowFilter {
        instruments = instruments == null ? null : Set.copyOf(instruments);
    }

    /** Rows of these instruments. */
    public static RowFilter ofInstruments(Set<String> instruments) {
        return new RowFilter(instruments, Long.MIN_VALUE, Long.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /** Rows of these event times, inclusive. */
    public static RowFilter ofTimes(long fromNs, long toNs) {
        return new RowFilter(null, fromNs, toNs, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /** Rows of these trading days, inclusive. */
    public static RowFilter ofDays(int fromDay, int toDay) {
        return new RowFilter(null, Long.MIN_VALUE, Long.MAX_VALUE, fromDay, toDay);
    }

    /** The filter that lets through the rows that both let through. */
    public RowFilter and(RowFilter other) {
        Set<String> both = instruments;
        if (both == null) {
            both = other.instruments;
        } else if (other.instruments != null) {
            both = new HashSet<>(both);
            both.retainAll(other.instruments);
        }
        return new RowFilter(both, Math.max(fromNs, other.fromNs), Math.min(toNs, other.toNs), Math.max(fromDay, other.fromDay),
                Math.min(toDay, other.toDay));
    }

    /** A filter that lets through the rows of either, and perhaps more. */
    public RowFilter or(RowFilter other) {
        Set<String> either = null;
        if (instruments != null && other.instruments != null) {
            either = new HashSet<>(instruments);
            either.addAll(other.instruments);
        }
        return new RowFilter(either, Math.min(fromNs, other.fromNs), Math.max(toNs, other.toNs), Math.min(fromDay, other.fromDay),
                Math.max(toDay, other.toDay));
    }

    /** Whether a row of that key of the state may pass: its instrument, or another key for what has no instrument. */
    public boolean hasRouteKey(String routeKey) {
        return instruments == null || instruments.contains(routeKey);
    }

    /**
     * Whether a row may pass whose instrument is between these, inclusive, in the order of their bytes in UTF-8.
     *
     * @param lowest smallest instrument; null if it is not known
     * @param highest greatest instrument; null if it is not known
     */
    public boolean hasInstrumentBetween(@Nullable String lowest, @Nullable String highest) {
        if (instruments == null || lowest == null || highest == null) {
            return true;
        }
        byte[] from = lowest.getBytes(StandardCharsets.UTF_8);
        byte[] to = highest.getBytes(StandardCharsets.UTF_8);
        for (String instrument : instruments) {
            byte[] wanted = instrument.getBytes(StandardCharsets.UTF_8);
            if (Arrays.compareUnsigned(from, wanted) <= 0 && Arrays.compareUnsigned(wanted, to) <= 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether rows between these times, inclusive, may pass. */
    public boolean hasTimes(long lowestNs, long highestNs) {
        return highestNs >= fromNs && lowestNs <= toNs;
    }

    /** Whether rows of some trading days only are let through. */
    public boolean hasDays() {
        return fromDay != Integer.MIN_VALUE || toDay != Integer.MAX_VALUE;
    }

    public boolean hasDay(int tradingDay) {
        return tradingDay >= fromDay && tradingDay <= toDay;
    }
}
