package io.qaexchange.job.query.sql;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;

/** RFC 4180 in UTF-8, lines ending with LF: NULL is nothing, an empty text is "". */
final class CsvText {

    private final OutputStream out;

    CsvText(OutputStream out) {
        this.out = new BufferedOutputStream(out, 1 << 16);
    }

    void write(List<String> labels, ResultWriter.TextRows rows) throws SQLException, IOException {
        writeLine(labels.stream().map(label -> label.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new));
        rows.forEach(this::writeLine);
        out.flush();
    }

    private void writeLine(byte[][] values) throws IOException {
        for (int c = 0; c < values.length; c++) {
            if (c > 0) {
                out.write(',');
            }
            if (values[c] != null) {
                write(values[c]);
            }
        }
        out.write('\n');
    }

    private void write(byte[] text) throws IOException {
        if (isPlain(text)) {
            out.write(text);
            return;
        }
        out.write('"');
        for (byte b : text) {
            if (b == '"') {
                out.write('"');
            }
            out.write(b);
        }
        out.write('"');
    }

    private static boolean isPlain(byte[] text) {
        for (byte b : text) {
            if (b == ',' || b == '"' || b == '\n' || b == '\r') {
                return false;
            }
        }
        return text.length > 0 && text[0] != ' ' && text[text.length - 1] != ' ';
    }
}
