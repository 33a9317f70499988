package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;

/**
 * A JSON object per line. Numbers have all their digits; times, intervals and bytes are texts as DuckDB writes them. JSON has no NaN and
 * no infinity: they are the texts "NaN", "Infinity" and "-Infinity".
 */
final class JsonText {

    private static final byte[] NULL = {'n', 'u', 'l', 'l'};

    private final OutputStream out;

    JsonText(OutputStream out) {
        this.out = new BufferedOutputStream(out, 1 << 16);
    }

    /** Writes rows of one value each: the row's object as DuckDB writes it. */
    void writeObjects(ResultWriter.TextRows rows) throws SQLException, IOException {
        rows.forEach(row -> {
            out.write(finite(row[0]));
            out.write('\n');
        });
        out.flush();
    }

    /** Writes rows of texts. */
    void writeTexts(List<String> names, ResultWriter.TextRows rows) throws SQLException, IOException {
        byte[][] keys = names.stream().map(name -> quoted(name.getBytes(StandardCharsets.UTF_8))).toArray(byte[][]::new);
        rows.forEach(values -> {
            for (int c = 0; c < keys.length; c++) {
                out.write(c == 0 ? '{' : ',');
                out.write(keys[c]);
                out.write(':');
                out.write(values[c] == null ? NULL : quoted(values[c]));
            }
            out.write('}');
            out.write('\n');
        });
        out.flush();
    }

    private static byte[] quoted(byte[] text) {
        return ('"' + new String(JsonStringEncoder.getInstance().quoteAsString(new String(text, StandardCharsets.UTF_8))) + '"').getBytes(StandardCharsets.UTF_8);
    }

    /** As {@link #finite(String)}; an object that has neither is given back as it is. */
    private static byte[] finite(byte[] json) {
        for (int i = 0; i + 1 < json.length; i++) {
            if (json[i] == 'N' && json[i + 1] == 'a' || json[i] == 'I' && json[i + 1] == 'n') {
                return finite(new String(json, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
            }
        }
        return json;
    }

    /** Puts the numbers that JSON does not have into quotation marks. */
    static String finite(String json) {
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
