package io.qaexchange.job.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Statements on a server with the settings of a shell: level, format, records. One thread. */
final class SqlSession {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ServerClient client;
    private final Map<String, List<String>> columns = new HashMap<>();
    private List<String> tables;
    private String level;
    private String format;
    private boolean records;

    SqlSession(ServerClient client, String level, String format) {
        this.client = client;
        this.level = level;
        this.format = format;
    }

    ServerClient client() {
        return client;
    }

    String level() {
        return level;
    }

    void setLevel(String level) {
        this.level = level;
    }

    String format() {
        return format;
    }

    void setFormat(String format) {
        SqlCommand.requireFormat(format);
        this.format = format;
    }

    boolean isRecords() {
        return records;
    }

    /** @param records whether each row is shown as lines of column and value */
    void setRecords(boolean records) {
        this.records = records;
    }

    /**
     * Runs a statement and prints its rows as they come.
     *
     * @return the answer, whose rows are gone
     */
    ServerClient.Answer run(String sql, PrintStream out) throws IOException, InterruptedException {
        try (ServerClient.Answer answer = client.query(sql, records ? "ndjson" : format, level)) {
            if (records) {
                printRecords(answer, out);
            } else {
                answer.body().transferTo(out);
            }
            return answer;
        }
    }

    private static void printRecords(ServerClient.Answer answer, PrintStream out) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
        int row = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode values = JSON.readTree(line);
            int width = 0;
            for (var names = values.fieldNames(); names.hasNext();) {
                width = Math.max(width, names.next().length());
            }
            out.println("-[ " + ++row + " ]" + "-".repeat(Math.max(2, width)));
            for (var fields = values.fields(); fields.hasNext();) {
                var field = fields.next();
                String text = field.getValue().isNull() ? "" : field.getValue().isTextual() ? field.getValue().asText() : field.getValue().toString();
                out.println(field.getKey() + " ".repeat(width - field.getKey().length()) + " | " + text);
            }
        }
    }

    /** The names of all tables. */
    List<String> tables() throws IOException, InterruptedException {
        if (tables == null) {
            List<String> names = new ArrayList<>();
            client.get("/v1/tables").path("tables").forEach(name -> names.add(name.isTextual() ? name.asText() : name.path("name").asText()));
            tables = names;
        }
        return tables;
    }

    /** The columns of a table; none if there is no such table. */
    List<String> columns(String table) throws IOException, InterruptedException {
        if (!tables().contains(table)) {
            return List.of();
        }
        List<String> known = columns.get(table);
        if (known == null) {
            known = new ArrayList<>();
            try (ServerClient.Answer answer = client.query("DESCRIBE " + table, "json", "archive")) {
                for (JsonNode column : JSON.readTree(answer.body())) {
                    known.add(column.path("column_name").asText());
                }
            }
            columns.put(table, known);
        }
        return known;
    }
}
