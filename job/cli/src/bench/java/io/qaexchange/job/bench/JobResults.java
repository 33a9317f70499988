package io.qaexchange.job.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Rows of the job's figures, a column for each contender: as a table for people and as JSON for programs. One thread. */
final class JobResults {

    static final List<String> CONTENDERS = List.of("lsm", "rocksdb", "hashmap", "ceiling", JobRuns.WITHOUT_LEDGER);

    /**
     * @param figures by contender; those that have none are left out
     * @param target as text, empty if there is none
     * @param met null if there is no target
     */
    record Row(String measure, String unit, Map<String, Double> figures, String target, Boolean met) {
    }

    private final List<Row> rows = new ArrayList<>();

    void add(String measure, String unit, Map<String, Double> figures) {
        rows.add(new Row(measure, unit, figures, "", null));
    }

    void add(String measure, String unit, Map<String, Double> figures, String target, boolean met) {
        rows.add(new Row(measure, unit, figures, target, met));
    }

    String table() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%-44s %-10s", "measure", "unit"));
        CONTENDERS.forEach(contender -> text.append(String.format(Locale.ROOT, " %10s", contender)));
        text.append("  target\n");
        for (Row row : rows) {
            text.append(String.format(Locale.ROOT, "%-44s %-10s", row.measure(), row.unit()));
            for (String contender : CONTENDERS) {
                text.append(String.format(Locale.ROOT, " %10s", text(row.figures().get(contender))));
            }
            String met = row.met() == null ? "" : row.met() ? "  " + row.target() + ": yes" : "  " + row.target() + ": NO";
            text.append(met).append('\n');
        }
        return text.toString();
    }

    String json() {
        StringBuilder text = new StringBuilder("[\n");
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            text.append("  {\"measure\": \"").append(row.measure()).append("\", \"unit\": \"").append(row.unit()).append('"');
            for (String contender : CONTENDERS) {
                Double figure = row.figures().get(contender);
                text.append(", \"").append(contender).append("\": ")
                        .append(figure == null || !Double.isFinite(figure) ? "null" : String.format(Locale.ROOT, "%.6g", figure));
            }
            text.append(", \"target\": \"").append(row.target()).append("\", \"met\": ").append(row.met()).append('}')
                    .append(i + 1 < rows.size() ? ",\n" : "\n");
        }
        return text.append("]\n").toString();
    }

    private static String text(Double figure) {
        if (figure == null || !Double.isFinite(figure)) {
            return "";
        }
        return figure >= 1000 ? String.format(Locale.ROOT, "%,.0f", figure) : String.format(Locale.ROOT, "%.3g", figure);
    }
}
