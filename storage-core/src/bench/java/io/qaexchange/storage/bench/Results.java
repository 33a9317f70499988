package io.qaexchange.storage.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Rows of a comparison: as a table for people and as JSON for programs. One thread. */
final class Results {
    /**
     * @param theirs one figure for each of {@link #rivals}; NaN where it was not measured
     * @param ratio to the better of them; above 1 = ours is better; NaN if there is nothing to compare with
     * @param target as text, empty if there is none
     * @param met null where the run is too short to say, or there is no target
     * @param others what stores make of it that stand here for orientation, by name
     */
    record Row(String measure, String unit, double ours, double[] theirs, double ratio, String target, Boolean met,
            Map<String, Double> others) {}

    private final List<Row> rows = new ArrayList<>();
    private final List<String> rivals;

    /** @param rivals whose figures stand beside ours, in columns */
    Results(String... rivals) {
        this.rivals = List.of(rivals);
    }

    /** @param higherIsBetter whether the larger figure is the better one */
    void compare(String measure, String unit, double ours, double theirs, boolean higherIsBetter, double wantedRatio) {
        compare(measure, unit, new double[] {ours, theirs}, higherIsBetter, wantedRatio);
    }

    /** @param figures ours, then those of the rivals as far as they were measured */
    void compare(String measure, String unit, double[] figures, boolean higherIsBetter, double wantedRatio) {
        double ratio = ratio(figures, higherIsBetter);
        boolean wanted = wantedRatio > 0 && Double.isFinite(ratio);
        add(measure, unit, figures, ratio, wanted ? "ratio >= " + text(wantedRatio) : "", wanted ? ratio >= wantedRatio : null);
    }

    /** A bound on our figure alone (NaN = none); the other's stands beside it. */
    void bound(String measure, String unit, double ours, double theirs, boolean higherIsBetter, double bound, boolean longEnough) {
        bound(measure, unit, new double[] {ours, theirs}, higherIsBetter, bound, longEnough);
    }

    /** The same with several rivals. */
    void bound(String measure, String unit, double[] figures, boolean higherIsBetter, double bound, boolean longEnough) {
        boolean wanted = Double.isFinite(bound) && Double.isFinite(figures[0]);
        String target = wanted ? "ours " + (higherIsBetter ? ">= " : "<= ") + text(bound) + " " + unit : "";
        boolean met = higherIsBetter ? figures[0] >= bound : figures[0] <= bound;
        add(measure, unit, figures, ratio(figures, higherIsBetter), target, wanted && longEnough ? met : null);
    }

    private void add(String measure, String unit, double[] figures, double ratio, String target, Boolean met) {
        double[] theirs = new double[rivals.size()];
        Arrays.fill(theirs, Double.NaN);
        System.arraycopy(figures, 1, theirs, 0, figures.length - 1);
        rows.add(new Row(measure, unit, figures[0], theirs, ratio, target, met, new TreeMap<>()));
    }

    private static double ratio(double[] figures, boolean higherIsBetter) {
        double worst = Double.NaN;
        for (int i = 1; i < figures.length; i++) {
            double ratio = higherIsBetter ? figures[0] / figures[i] : figures[i] / figures[0];
            worst = Double.isNaN(worst) || ratio < worst ? ratio : worst;
        }
        return worst;
    }

    /** Adds to a row what another store makes of it. */
    void alsoMeasured(String measure, String store, double value) {
        rows.stream().filter(row -> row.measure().equals(measure)).findFirst().ifPresent(row -> row.others().put(store, value));
    }

    String table() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%-60s %-10s %12s", "measure", "unit", "ours"));
        rivals.forEach(rival -> text.append(String.format(Locale.ROOT, " %12s", rival)));
        text.append(String.format(Locale.ROOT, " %8s  %-22s %s%n", "ratio", "target", "met"));
        for (Row row : rows) {
            text.append(String.format(Locale.ROOT, "%-60s %-10s %12s", row.measure(), row.unit(), text(row.ours())));
            for (double theirs : row.theirs()) {
                text.append(String.format(Locale.ROOT, " %12s", text(theirs)));
            }
            text.append(String.format(Locale.ROOT, " %8s  %-22s %s%n", Double.isFinite(row.ratio()) ? String.format(Locale.ROOT, "%.2f", row.ratio()) : "-",
                    row.target(), row.met() == null ? "" : row.met() ? "yes" : "NO"));
            row.others().forEach((name, value) -> text.append(String.format(Locale.ROOT, "%-60s %-10s %12s%n", "    " + name, row.unit(), text(value))));
        }
        return text.toString();
    }

    String json() {
        StringBuilder text = new StringBuilder("[\n");
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            text.append(String.format(Locale.ROOT, "  {\"measure\": \"%s\", \"unit\": \"%s\", \"ours\": %s", row.measure(), row.unit(), number(row.ours())));
            for (int rival = 0; rival < rivals.size(); rival++) {
                text.append(String.format(Locale.ROOT, ", \"%s\": %s", rivals.get(rival), number(row.theirs()[rival])));
            }
            text.append(String.format(Locale.ROOT, ", \"ratio\": %s, \"target\": \"%s\", \"met\": %s%s}%s%n", number(row.ratio()), row.target(), row.met(),
                    others(row), i + 1 < rows.size() ? "," : ""));
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
