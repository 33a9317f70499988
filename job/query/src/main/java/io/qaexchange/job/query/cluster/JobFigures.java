package io.qaexchange.job.query.cluster;

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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Figures of a running job over its subtasks, from Flink's REST. They are some seconds old and of slightly different moments.
 *
 * @param byName metric to sum, or to the greatest or least of its subtasks where a sum says nothing; what is not there has no entry
 * @param byReason refused messages and events by reason, since the tasks began
 */
public record JobFigures(Map<String, Long> byName, Map<String, Long> byReason) {

    private static final Set<String> SUMS = Set.of("consumed", "refused", "stored", "duplicates", "deadLetters", "hotRows", "archivedRows",
            "pendingRecords", "deadLettersNotWritten", "deadLettersCut", "deadLetterTransactionsNotCommitted", "unpublishedBatches", "handedOverBatches", "storedBytes", "archivedBytes",
            "archivedFiles", "lateRows", "archivingFailures", "archiving", "archivingPaused", "ledgerBooked", "ledgerAlerts", "reportsCompared", "reportDifferences");
    private static final Set<String> GREATEST = Set.of("eventTimeLagMs", "arrivalAgeMs", "manifestVersion", "publishedFiles");
    private static final Set<String> LEAST = Set.of("diskFreeBytes");
    private static final Set<String> BY_REASON = Set.of("deadLettersByReason", "refusedByReason");
    /** Flink's own rates, averages over a minute, by the name that they get here. */
    private static final Map<String, String> RATES = Map.of("Decode.numRecordsInPerSecond", "messagesPerSecond", "Event_store.numRecordsInPerSecond",
            "eventsPerSecond");
    private static final Pattern REASON = Pattern.compile("\\.reason\\.([^.]+)\\.");

    /** Asks for them. */
    public static JobFigures of(FlinkRest rest, String job) throws IOException, InterruptedException {
        return of(rest, job, rest.get("/jobs/" + job));
    }

    /**
     * Asks for them: all operators at once, for their metrics' names and then for the values of those that are wanted.
     *
     * @param details Flink's answer about the job, with its operators
     */
    static JobFigures of(FlinkRest rest, String job, JsonNode details) throws IOException, InterruptedException {
        List<String> operators = new ArrayList<>();
        details.path("vertices").forEach(vertex -> operators.add("/jobs/" + job + "/vertices/" + vertex.path("id").asText() + "/subtasks/metrics"));
        List<String> values = new ArrayList<>();
        List<JsonNode> names = rest.getAll(operators);
        for (int i = 0; i < names.size(); i++) {
            List<String> ids = new ArrayList<>();
            for (JsonNode metric : names.get(i)) {
                if (isWanted(metric.path("id").asText())) {
                    ids.add(metric.path("id").asText());
                }
            }
            if (!ids.isEmpty()) {
                values.add(operators.get(i) + "?get=" + URLEncoder.encode(String.join(",", ids), StandardCharsets.UTF_8));
            }
        }
        Map<String, Long> byName = new TreeMap<>();
        Map<String, Long> byReason = new TreeMap<>();
        for (JsonNode metrics : rest.getAll(values)) {
            metrics.forEach(metric -> add(metric, byName, byReason));
        }
        return new JobFigures(byName, byReason);
    }

    private static boolean isWanted(String id) {
        String name = name(id);
        return SUMS.contains(name) || GREATEST.contains(name) || LEAST.contains(name) || BY_REASON.contains(name) || RATES.containsKey(id);
    }

    private static void add(JsonNode metric, Map<String, Long> byName, Map<String, Long> byReason) {
        String id = metric.path("id").asText();
        String name = name(id);
        long sum = Math.round(metric.path("sum").asDouble());
        if (RATES.containsKey(id)) {
            byName.merge(RATES.get(id), sum, Long::sum);
        } else if (GREATEST.contains(name)) {
            byName.merge(name, metric.path("max").asLong(), Math::max);
        } else if (LEAST.contains(name)) {
            byName.merge(name, metric.path("min").asLong(), Math::min);
        } else if (SUMS.contains(name)) {
            byName.merge(name, sum, Long::sum);
        } else {
            Matcher reason = REASON.matcher(id);
            if (reason.find() && sum > 0) {
                byReason.merge(reason.group(1).replace('_', ' '), sum, Long::sum);
            }
        }
    }

    private static String name(String id) {
        return id.substring(id.lastIndexOf('.') + 1);
    }

    /** The sum of a metric; 0 if it is not there. */
    public long get(String name) {
        return byName.getOrDefault(name, 0L);
    }

    /** Consumed messages that are not counted anywhere else; above 0 while messages are on their way. */
    public long open() {
        return get("consumed") - get("stored") - get("duplicates") - get("deadLetters") - get("refused");
    }

    public List<String> lines() {
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
        if (get("deadLetterTransactionsNotCommitted") > 0) {
            lines.add(text("%-16s %,d transactions NOT COMMITTED (see the TaskManagers' logs)", "dead letters", get("deadLetterTransactionsNotCommitted")));
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
