package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;

/**
 * A JSON object per line. Numbers have all their digits; times, intervals and bytes are texts as DuckDB writes them. JSON has no NaN and
 * no infinity: they are the texts "NaN", "Infinity" and "-Infinity".
 */
final class JsonText {

    private final Writer out;

    JsonText(OutputStream out) {
        this.out = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16);
    }

    /**
     * Writes all rows.
     *
     * @param json whether the values are JSON already
     */
    void write(List<String> names, ResultWriter.TextRows rows, boolean json) throws SQLException, IOException {
        String[] keys = names.stream().map(name -> text(name) + ":").toArray(String[]::new);
        rows.forEach(values -> {
            for (int c = 0; c < keys.length; c++) {
                out.write(c == 0 ? '{' : ',');
                out.write(keys[c]);
                out.write(values[c] == null ? "null" : json ? finite(values[c]) : text(values[c]));
            }
            out.write("}\n");
        });
        out.flush();
    }

    private static String text(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    /** Puts the numbers that JSON does not have into quotation marks. */
    static String finite(String json) {
        if (json.indexOf('N') < 0 && json.indexOf('I') < 0) {
            return json;
        }
        StringBuilder text = new StringBuilder(json.length() + 8);
        boolean inText = false;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (inText) {
                text.append(c);
                if (c == '\\') {
                    text.append(json.charAt(++i));
                } else if (c == '"') {
                    inText = false;
                }
            } else if (c == '"') {
                text.append(c);
                inText = true;
            } else if (json.startsWith("NaN", i) || json.startsWith("Infinity", i)) {
                String number = c == 'N' ? "NaN" : "Infinity";
                boolean negative = !text.isEmpty() && text.charAt(text.length() - 1) == '-';
                if (negative) {
                    text.setLength(text.length() - 1);
                }
                text.append('"').append(negative && c != 'N' ? "-" : "").append(number).append('"');
                i += number.length() - 1;
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }
}
