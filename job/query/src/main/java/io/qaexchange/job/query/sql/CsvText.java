package io.qaexchange.job.query.sql;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;

/** RFC 4180 in UTF-8, lines ending with LF: NULL is nothing, an empty text is "". */
final class CsvText {

    private final Writer out;

    CsvText(OutputStream out) {
        this.out = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16);
    }

    void write(List<String> labels, ResultWriter.TextRows rows) throws SQLException, IOException {
        writeLine(labels.toArray(new String[0]));
        rows.forEach(this::writeLine);
        out.flush();
    }

    private void writeLine(String[] values) throws IOException {
        for (int c = 0; c < values.length; c++) {
            if (c > 0) {
                out.write(',');
            }
            if (values[c] != null) {
                out.write(quoted(values[c]));
            }
        }
        out.write('\n');
    }

    private static String quoted(String text) {
        boolean plain = !text.isEmpty() && text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r')
                && text.charAt(0) != ' ' && text.charAt(text.length() - 1) != ' ';
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
