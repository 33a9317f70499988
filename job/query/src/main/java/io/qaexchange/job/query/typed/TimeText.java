package io.qaexchange.job.query.typed;

import java.time.LocalDate;

/** Times as DuckDB writes those of zone UTC: {@code 2026-01-05 01:03:20.123456+00}. Stateless. */
final class TimeText {

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final int SECONDS_PER_DAY = 86_400;
    private static final int FRACTION_DIGITS = 9;
    private static final String ZONE = "+00";

    private TimeText() {
    }

    /** @param ns nanoseconds since 1970 */
    static String of(long ns) {
        long seconds = Math.floorDiv(ns, NANOS_PER_SECOND);
        int ofDay = (int) Math.floorMod(seconds, (long) SECONDS_PER_DAY);
        StringBuilder text = new StringBuilder(32).append(LocalDate.ofEpochDay(Math.floorDiv(seconds, (long) SECONDS_PER_DAY))).append(' ');
        twoDigits(text, ofDay / 3_600).append(':');
        twoDigits(text, ofDay / 60 % 60).append(':');
        twoDigits(text, ofDay % 60);
        fraction(text, (int) Math.floorMod(ns, NANOS_PER_SECOND));
        return text.append(ZONE).toString();
    }

    private static StringBuilder twoDigits(StringBuilder text, int value) {
        return text.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
    }

    /** The digits up to the last that is not 0. */
    private static void fraction(StringBuilder text, int nanos) {
        if (nanos == 0) {
            return;
        }
        text.append('.');
        int at = text.length();
        text.setLength(at + FRACTION_DIGITS);
        for (int i = FRACTION_DIGITS - 1, left = nanos; i >= 0; i--, left /= 10) {
            text.setCharAt(at + i, (char) ('0' + left % 10));
        }
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        text.setLength(end);
    }
}
