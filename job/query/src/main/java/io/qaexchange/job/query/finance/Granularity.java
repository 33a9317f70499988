package io.qaexchange.job.query.finance;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Width of bars: a number of seconds, minutes or hours that divides a day, or the trading day. Immutable.
 *
 * @param seconds width in seconds; 0 for the trading day
 */
public record Granularity(int seconds) {

    /** One bar for each trading day, the night session included. */
    public static final Granularity TRADING_DAY = new Granularity(0);

    private static final int DAY = 86_400;
    private static final Pattern TEXT = Pattern.compile("(\\d{1,5})\\s*(s|m|h|second|minute|hour)s?");

    public Granularity {
        if (seconds < 0 || seconds > 0 && DAY % seconds != 0) {
            throw new IllegalArgumentException("bars of " + seconds + " s do not divide a day");
        }
    }

    /**
     * Reads a width such as {@code 1s}, {@code 5m}, {@code 1h}, {@code 1d}.
     *
     * @throws IllegalArgumentException saying what is possible
     */
    public static Granularity parse(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        if (lower.equals("1d") || lower.equals("1 day") || lower.equals("day")) {
            return TRADING_DAY;
        }
        Matcher matcher = TEXT.matcher(lower);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("interval \"" + text + "\" is none such as 1s, 30s, 1m, 5m, 1h, or 1d for trading days");
        }
        int unit = switch (matcher.group(2).charAt(0)) {
            case 's' -> 1;
            case 'm' -> 60;
            default -> 3600;
        };
        int seconds = Integer.parseInt(matcher.group(1)) * unit;
        if (seconds == 0 || seconds >= DAY) {
            throw new IllegalArgumentException("interval \"" + text + "\" is not between 1s and 12h; 1d is the trading day");
        }
        return new Granularity(seconds);
    }

    public boolean isTradingDay() {
        return seconds == 0;
    }

    /** The trading day or the seconds, as {@link #parse} reads them. */
    @Override
    public String toString() {
        return isTradingDay() ? "1d" : seconds + "s";
    }

    /**
     * The width that a period code of K-lines stands for.
     *
     * @throws IllegalArgumentException naming the codes
     */
    public static Granularity ofPeriod(long code) {
        return switch ((int) code) {
            case 0 -> TRADING_DAY;
            case 3 -> new Granularity(3);
            case 4 -> new Granularity(60);
            case 5 -> new Granularity(300);
            case 6 -> new Granularity(900);
            case 7 -> new Granularity(1_800);
            case 8 -> new Granularity(3_600);
            default -> throw new IllegalArgumentException("period " + code + " is none of 0 (trading day), 3 (3 s), 4 (1 min), 5 (5 min), 6 (15 min), 7 (30 min), "
                    + "8 (60 min)");
        };
    }
}
