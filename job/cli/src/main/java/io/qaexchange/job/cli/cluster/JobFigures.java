package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Figures of a running job, summed over its subtasks, from Flink's REST. They are some seconds old and of slightly different moments.
 *
 * @param byName metric to sum; what is not there has no entry
 */
record JobFigures(Map<String, Long> byName) {

    private static final Set<String> WANTED = Set.of("consumed", "refused", "stored", "duplicates", "deadLetters", "hotRows", "archivedRows",
            "pendingRecords", "deadLettersNotWritten", "deadLettersCut", "unpublishedBatches");

    static JobFigures of(FlinkRest rest, String job) throws IOException, InterruptedException {
        Map<String, Long> sums = new TreeMap<>();
        for (JsonNode vertex : rest.get("/jobs/" + job).path("vertices")) {
            String path = "/jobs/" + job + "/vertices/" + vertex.path("id").asText() + "/subtasks/metrics";
            List<String> ids = new ArrayList<>();
            for (JsonNode metric : rest.get(path)) {
                if (WANTED.contains(name(metric.path("id").asText()))) {
                    ids.add(metric.path("id").asText());
                }
            }
            if (!ids.isEmpty()) {
                for (JsonNode metric : rest.get(path + "?agg=sum&get=" + URLEncoder.encode(String.join(",", ids), StandardCharsets.UTF_8))) {
                    sums.merge(name(metric.path("id").asText()), metric.path("sum").asLong(), Long::sum);
                }
            }
        }
        return new JobFigures(sums);
    }

    private static String name(String id) {
        return id.substring(id.lastIndexOf('.') + 1);
    }

    private long get(String name) {
        return byName.getOrDefault(name, 0L);
    }

    /** Consumed messages that are not counted anywhere else; above 0 while messages are on their way. */
    long open() {
        return get("consumed") - get("stored") - get("duplicates") - get("deadLetters") - get("refused");
    }

    List<String> lines() {
        if (!byName.containsKey("consumed")) {
            return List.of("no figures yet");
        }
        List<String> lines = new ArrayList<>();
        lines.add(text("%-16s %,d messages not read yet", "lag", get("pendingRecords")));
        lines.add(text("%-16s %,d hot (not in Parquet yet), %,d cold (in Parquet)", "rows", get("hotRows"), get("archivedRows")));
        lines.add(text("%-16s consumed %,d = stored %,d + duplicates %,d + dead letters %,d + refused %,d%s", "sum", get("consumed"), get("stored"),
                get("duplicates"), get("deadLetters"), get("refused"), open() == 0 ? "" : text("; %,d on their way", open())));
        if (get("deadLettersCut") + get("deadLettersNotWritten") > 0) {
            lines.add(text("%-16s %,d cut, %,d NOT WRITTEN (see the TaskManagers' logs)", "dead letters", get("deadLettersCut"),
                    get("deadLettersNotWritten")));
        }
        if (get("unpublishedBatches") > 0) {
            lines.add(text("%-16s %,d batches are not published after several checkpoints", "ARCHIVE", get("unpublishedBatches")));
        }
        return lines;
    }

    private static String text(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }
}
