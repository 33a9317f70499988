package io.qaexchange.storage.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Rows of a comparison: as a table for people and as JSON for programs. One thread. */
final class Results {
    /**
     * @param ratio above 1 = ours is better; NaN if there is nothing to compare with
     * @param target as text, empty if there is none
     * @param met null where the run is too short to say, or there is no target
     */
    record Row(String measure, String unit, double ours, double rocksdb, double ratio, String target, Boolean met) {}

    private final List<Row> rows = new ArrayList<>();

    /** @param higherIsBetter whether the larger figure is the better one */
    void compare(String measure, String unit, double ours, double rocksdb, boolean higherIsBetter, double wantedRatio) {
        double ratio = higherIsBetter ? ours / rocksdb : rocksdb / ours;
        boolean wanted = wantedRatio > 0;
        rows.add(new Row(measure, unit, ours, rocksdb, ratio, wanted ? "ratio >= " + text(wantedRatio) : "", wanted ? ratio >= wantedRatio : null));
    }

    /** A bound on our figure alone; the other's stands beside it. */
    void bound(String measure, String unit, double ours, double rocksdb, boolean higherIsBetter, double bound, boolean longEnough) {
        double ratio = higherIsBetter ? ours / rocksdb : rocksdb / ours;
        String target = "ours " + (higherIsBetter ? ">= " : "<= ") + text(bound) + " " + unit;
        boolean met = higherIsBetter ? ours >= bound : ours <= bound;
        rows.add(new Row(measure, unit, ours, rocksdb, ratio, target, longEnough ? met : null));
    }

    String table() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%-46s %-10s %12s %12s %8s  %-22s %s%n", "measure", "unit", "ours", "rocksdb", "ratio", "target", "met"));
        for (Row row : rows) {
            text.append(String.format(Locale.ROOT, "%-46s %-10s %12s %12s %8s  %-22s %s%n", row.measure(), row.unit(), text(row.ours()),
                    text(row.rocksdb()), Double.isFinite(row.ratio()) ? String.format(Locale.ROOT, "%.2f", row.ratio()) : "-", row.target(),
                    row.met() == null ? "" : row.met() ? "yes" : "NO"));
        }
        return text.toString();
    }

    String json() {
        StringBuilder text = new StringBuilder("[\n");
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            text.append(String.format(Locale.ROOT, "  {\"measure\": \"%s\", \"unit\": \"%s\", \"ours\": %s, \"rocksdb\": %s, \"ratio\": %s, \"target\": \"%s\", \"met\": %s}%s%n",
                    row.measure(), row.unit(), number(row.ours()), number(row.rocksdb()), number(row.ratio()), row.target(), row.met(),
                    i + 1 < rows.size() ? "," : ""));
        }
        return text.append("]\n").toString();
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.6g", value) : "null";
    }

    private static String text(double value) {
        if (!Double.isFinite(value)) {
            return "-";
        }
        if (Math.abs(value) >= 1000) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        return value == Math.rint(value) ? String.format(Locale.ROOT, "%.0f", value) : String.format(Locale.ROOT, "%.3g", value);
    }
}
