package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.store.InstrumentState;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Numbers of instruments as lines of a table. Stateless. */
final class InstrumentLines {

    private static final List<String> TITLES = List.of("instrument", "rows", "hot", "cold", "to archive", "archived", "late", "newest event (UTC)", "last arrival");
    private static final long KIB = 1024;

    private InstrumentLines() {
    }

    /**
     * The instruments with the most rows, a line each, below a line of titles.
     *
     * @param all of the job, accounts among them, which are left out
     * @param most how many instruments
     * @param nowMs ms since 1970
     */
    static List<String> of(List<InstrumentStatistics> all, int most, long nowMs) {
        List<InstrumentStatistics> instruments = all.stream().filter(of -> !of.isAccount())
                .sorted(Comparator.comparingLong(InstrumentStatistics::stored).reversed().thenComparing(InstrumentStatistics::routeKey)).toList();
        List<List<String>> rows = new ArrayList<>();
        rows.add(TITLES);
        instruments.stream().limit(most).forEach(of -> rows.add(row(of, nowMs)));
        int[] widths = new int[TITLES.size()];
        for (List<String> row : rows) {
            for (int c = 0; c < widths.length; c++) {
                widths[c] = Math.max(widths[c], row.get(c).length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(String.format("%-" + widths[0] + "s", row.get(0)));
            for (int c = 1; c < widths.length; c++) {
                line.append("  ").append(String.format("%" + widths[c] + "s", row.get(c)));
            }
            lines.add(line.toString());
        }
        if (instruments.size() > most) {
            lines.add(String.format(Locale.ROOT, "%,d more; --instruments %d shows all", instruments.size() - most, instruments.size()));
        }
        return lines;
    }

    private static List<String> row(InstrumentStatistics of, long nowMs) {
        return List.of(of.routeKey(), count(of.stored()), count(of.stored() - of.archived()), count(of.archived()), bytes(of.unarchivedBytes()),
                of.archivedBytes() == InstrumentState.UNKNOWN ? "?" : bytes(of.archivedBytes()), count(of.lateRows()), time(of.newestEventNs()),
                of.lastArrivalMs() == 0 ? "-" : ago(Duration.ofMillis(Math.max(0, nowMs - of.lastArrivalMs()))));
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String bytes(long bytes) {
        return bytes < KIB * KIB ? String.format(Locale.ROOT, "%,d KiB", (bytes + KIB - 1) / KIB)
                : String.format(Locale.ROOT, "%,.1f MiB", bytes / (double) (KIB * KIB));
    }

    private static String time(long ns) {
        return ns == InstrumentState.NO_TIME ? "-"
                : Instant.ofEpochSecond(0, ns).truncatedTo(ChronoUnit.MILLIS).toString().replace('T', ' ').replace("Z", "");
    }

    private static String ago(Duration age) {
        if (age.toMinutes() < 2) {
            return String.format(Locale.ROOT, "%.1f s ago", age.toMillis() / 1000.0);
        }
        return age.toHours() < 2 ? age.toMinutes() + " min ago" : age.toHours() < 48 ? age.toHours() + " h ago" : age.toDays() + " d ago";
    }
}
