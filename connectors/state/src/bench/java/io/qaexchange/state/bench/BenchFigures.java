package io.qaexchange.state.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoublePredicate;

/**
 * The figures of the contenders for each measure: as a table for people and as JSON for programs, both as {@code bin/bench engine} has them. One
 * thread.
 */
final class BenchFigures {
    private static final String OURS = "OURS";
    private static final String OTHER = "ROCKSDB";

    private final Map<String, Row> rows = new LinkedHashMap<>();

    /** One measure; figures are by contender. */
    private static final class Row {
        final String unit;
        final boolean higherIsBetter;
        final Map<String, Double> figures = new TreeMap<>();
        String target = "";
        Boolean met;

        Row(String unit, boolean higherIsBetter) {
            this.unit = unit;
            this.higherIsBetter = higherIsBetter;
        }

        double figure(String contender) {
            return figures.getOrDefault(contender, Double.NaN);
        }

        double ratio() {
            return higherIsBetter ? figure(OURS) / figure(OTHER) : figure(OTHER) / figure(OURS);
        }
    }

    void higherIsBetter(String measure, String unit, Object contender, double figure) {
        rows.computeIfAbsent(measure, name -> new Row(unit, true)).figures.put(contender.toString(), figure);
    }

    void lowerIsBetter(String measure, String unit, Object contender, double figure) {
        rows.computeIfAbsent(measure, name -> new Row(unit, false)).figures.put(contender.toString(), figure);
    }

    /** The target of our figure of a measure. */
    void target(String measure, String target, DoublePredicate isMet) {
        Row row = rows.get(measure);
        row.target = target;
        row.met = isMet.test(row.figure(OURS));
    }

    double figure(String measure, Object contender) {
        return rows.get(measure).figure(contender.toString());
    }

    /** Prints the table, and writes the JSON if there is a file for it. */
    void report(String json) throws IOException {
        System.out.print(table());
        if (json != null) {
            Files.writeString(Path.of(json), json());
        }
    }

    private String table() {
        StringBuilder text = new StringBuilder();
        String line = "%-46s %-10s %12s %12s %8s  %-22s %s%n";
        text.append(String.format(Locale.ROOT, line, "measure", "unit", "ours", "rocksdb", "ratio", "target", "met"));
        rows.forEach((measure, row) -> {
            text.append(String.format(Locale.ROOT, line, measure, row.unit, text(row.figure(OURS)), text(row.figure(OTHER)),
                    Double.isFinite(row.ratio()) ? String.format(Locale.ROOT, "%.2f", row.ratio()) : "-", row.target,
                    row.met == null ? "" : row.met ? "yes" : "NO"));
            row.figures.forEach((contender, figure) -> {
                if (!contender.equals(OURS) && !contender.equals(OTHER)) {
                    text.append(String.format(Locale.ROOT, "%-46s %-10s %12s%n", "    " + contender.toLowerCase(Locale.ROOT), row.unit, text(figure)));
                }
            });
        });
        return text.toString();
    }

    private String json() {
        StringBuilder text = new StringBuilder("[");
        rows.forEach((measure, row) -> {
            text.append(text.length() > 1 ? "," : "").append(String.format(Locale.ROOT, "%n  {\"measure\": \"%s\", \"unit\": \"%s\"", measure, row.unit));
            row.figures.forEach((contender, figure) -> text.append(String.format(Locale.ROOT, ", \"%s\": %s", contender.toLowerCase(Locale.ROOT),
                    number(figure))));
            text.append(String.format(Locale.ROOT, ", \"ratio\": %s, \"target\": \"%s\", \"met\": %s}", number(row.ratio()), row.target, row.met));
        });
        return text.append(System.lineSeparator()).append("]").append(System.lineSeparator()).toString();
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.6g", value) : "null";
    }

    private static String text(double value) {
        if (!Double.isFinite(value)) {
            return "-";
        }
        return Math.abs(value) >= 1000 || value == Math.rint(value) ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.3g", value);
    }
}
