package io.qaexchange.storage.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Rows of a comparison: as a table for people and as JSON for programs. One thread. */
final class Results {
    /**
     * @param ratio above 1 = ours is better; NaN if there is nothing to compare with
     * @param target as text, empty if there is none
     * @param met null where the run is too short to say, or there is no target
     * @param others what stores make of it that stand here for orientation, by name
     */
    record Row(String measure, String unit, double ours, double theirs, double ratio, String target, Boolean met,
            Map<String, Double> others) {}

    private final List<Row> rows = new ArrayList<>();
    private final String other;

    /** @param other whose figures stand beside ours */
    Results(String other) {
        this.other = other;
    }

    /** @param higherIsBetter whether the larger figure is the better one */
    void compare(String measure, String unit, double ours, double theirs, boolean higherIsBetter, double wantedRatio) {
        double ratio = higherIsBetter ? ours / theirs : theirs / ours;
        boolean wanted = wantedRatio > 0;
        rows.add(new Row(measure, unit, ours, theirs, ratio, wanted ? "ratio >= " + text(wantedRatio) : "", wanted ? ratio >= wantedRatio : null, new TreeMap<>()));
    }

    /** A bound on our figure alone (NaN = none); the other's stands beside it. */
    void bound(String measure, String unit, double ours, double theirs, boolean higherIsBetter, double bound, boolean longEnough) {
        double ratio = higherIsBetter ? ours / theirs : theirs / ours;
        boolean wanted = Double.isFinite(bound);
        String target = wanted ? "ours " + (higherIsBetter ? ">= " : "<= ") + text(bound) + " " + unit : "";
        boolean met = higherIsBetter ? ours >= bound : ours <= bound;
        rows.add(new Row(measure, unit, ours, theirs, ratio, target, wanted && longEnough ? met : null, new TreeMap<>()));
    }

    /** Adds to a row what another store makes of it. */
    void alsoMeasured(String measure, String store, double value) {
        rows.stream().filter(row -> row.measure().equals(measure)).findFirst().orElseThrow().others().put(store, value);
    }

    String table() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%-46s %-10s %12s %12s %8s  %-22s %s%n", "measure", "unit", "ours", other, "ratio", "target", "met"));
        for (Row row : rows) {
            text.append(String.format(Locale.ROOT, "%-46s %-10s %12s %12s %8s  %-22s %s%n", row.measure(), row.unit(), text(row.ours()),
                    text(row.theirs()), Double.isFinite(row.ratio()) ? String.format(Locale.ROOT, "%.2f", row.ratio()) : "-", row.target(),
                    row.met() == null ? "" : row.met() ? "yes" : "NO"));
            row.others().forEach((name, value) -> text.append(String.format(Locale.ROOT, "%-46s %-10s %12s%n", "    " + name, row.unit(), text(value))));
        }
        return text.toString();
    }

    String json() {
        StringBuilder text = new StringBuilder("[\n");
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            text.append(String.format(Locale.ROOT, "  {\"measure\": \"%s\", \"unit\": \"%s\", \"ours\": %s, \"%s\": %s, \"ratio\": %s, \"target\": \"%s\", \"met\": %s%s}%s%n",
                    row.measure(), row.unit(), number(row.ours()), other, number(row.theirs()), number(row.ratio()), row.target(), row.met(), others(row),
                    i + 1 < rows.size() ? "," : ""));
        }
        return text.append("]\n").toString();
    }

    private static String others(Row row) {
        StringBuilder text = new StringBuilder();
        row.others().forEach((name, value) -> text.append(String.format(Locale.ROOT, ", \"%s\": %s", name, number(value))));
        return text.toString();
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
