package io.qaexchange.job.query.sql;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Columns aligned, for people. Widths come from the first {@value #SAMPLE_ROWS} rows, so that the rest can go out as it comes; a wider
 * value after them moves its own line only.
 */
final class TableText {

    static final int SAMPLE_ROWS = 1000;

    private final Writer out;
    private final List<String[]> sample = new ArrayList<>();
    private int[] widths;

    TableText(OutputStream out) {
        this.out = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16);
    }

    void write(List<String> labels, ResultWriter.TextRows rows) throws SQLException, IOException {
        sample.add(labels.toArray(new String[0]));
        rows.forEach(row -> {
            String[] values = Arrays.stream(row).map(value -> value == null ? null : new String(value, StandardCharsets.UTF_8)).toArray(String[]::new);
            if (widths == null) {
                sample.add(values);
                if (sample.size() > SAMPLE_ROWS) {
                    writeSample(labels.size());
                }
            } else {
                writeLine(values);
            }
        });
        if (widths == null) {
            writeSample(labels.size());
        }
        out.flush();
    }

    private void writeSample(int columns) throws IOException {
        widths = new int[columns];
        for (String[] line : sample) {
            for (int c = 0; c < columns; c++) {
                widths[c] = Math.max(widths[c], line[c] == null ? 0 : width(line[c]));
            }
        }
        for (String[] line : sample) {
            writeLine(line);
        }
        sample.clear();
    }

    private void writeLine(String[] values) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = 0; c < values.length; c++) {
            String value = values[c] == null ? "" : values[c];
            line.append(c == 0 ? "" : "  ").append(value).append(" ".repeat(Math.max(0, widths[c] - width(value))));
        }
        out.write(line.toString().stripTrailing());
        out.write('\n');
    }

    /** Width of the longest line in it. */
    private static int width(String value) {
        return value.indexOf('\n') < 0 ? value.codePointCount(0, value.length())
                : value.lines().mapToInt(line -> line.codePointCount(0, line.length())).max().orElse(0);
    }
}
