package io.qaexchange.job.cli.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.job.cli.client.ServerClient;
import io.qaexchange.job.cli.client.ServerProblem;
import io.qaexchange.job.cli.data.KafkaEvents;
import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.LiveRows;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.kafka.common.TopicPartition;

/**
 * Audits a running job: its rows as of one Flink checkpoint against the messages in Kafka up to the offsets of that checkpoint. If a query server
 * is named, its SQL must count the same rows in each table at that checkpoint.
 */
final class LiveAudit {

    private static final long NEXT_CHECKPOINT_S = 120;
    private static final long POLL_MS = 200;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Settings settings;

    /**
     * Settings of an audit.
     *
     * @param kafka where the messages are
     * @param topics topics of the events
     * @param deadLetterTopic where the job puts what it refuses
     * @param memoryBytes memory for expected rows
     * @param noted SHA-256 of a version of the archive manifest, noted earlier; null for none
     */
    record Settings(KafkaConnection kafka, List<String> topics, String deadLetterTopic, long memoryBytes, @Nullable String noted) {
    }

    LiveAudit(Settings settings) {
        this.settings = settings;
    }

    /** @param server null for none */
    AuditReport run(LiveReader reader, @Nullable ServerClient server) throws Exception {
        Path copy = Files.createTempFile("hot", ".rows");
        try {
            AtomicReference<String> counted = new AtomicReference<>();
            LiveRows rows = LiveRows.copy(reader, copy, held -> counted.set(server == null ? null : count(server, held)));
            Map<TopicPartition, Long> upTo = new HashMap<>();
            for (PartitionOffset offset : rows.offsets()) {
                upTo.put(new TopicPartition(offset.topic(), offset.partition()), offset.offset());
            }
            awaitDeadLetters(reader, rows.level());
            AuditReport report = Audit.run(new KafkaEvents(settings.kafka(), settings.topics(), settings.deadLetterTopic(), upTo), rows, rows.instruments(),
                    settings.memoryBytes());
            String about = "as of " + rows.level() + ", Kafka up to " + rows.offsets().stream()
                    .map(offset -> offset.topic() + "-" + offset.partition() + "@" + offset.offset()).collect(Collectors.joining(", "));
            report = report.about(server == null ? about : about + "; the server at " + server.address() + " was asked too");
            return (counted.get() == null ? report : report.withProblem(counted.get())).with(ArchiveCheck.run(reader.archive(), settings.noted()));
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    /**
     * Compares the counts of the server's SQL with the rows.
     *
     * @return how they differ; null if they do not
     */
    @Nullable
    private static String count(ServerClient server, LiveRows rows) throws IOException, InterruptedException {
        Map<String, Long> wanted = new TreeMap<>(rows.rowsByTable());
        String sql = "SELECT " + wanted.keySet().stream().map(table -> "(SELECT count(*) FROM " + table + ") AS " + table).collect(Collectors.joining(", "));
        JsonNode found;
        try (ServerClient.Answer answer = server.query(sql, "json", rows.level().toString())) {
            found = JSON.readTree(answer.body()).path(0);
        } catch (ServerProblem e) {
            return "the server at " + server.address() + " did not count the rows at " + rows.level() + ": " + e.getMessage();
        }
        StringBuilder differences = new StringBuilder();
        wanted.forEach((table, count) -> {
            if (found.path(table).asLong(-1) != count) {
                differences.append(differences.isEmpty() ? "" : ", ").append(table).append(' ').append(found.path(table).asText()).append(" instead of ").append(count);
            }
        });
        return differences.isEmpty() ? null : "the server at " + server.address() + " counts other rows at " + rows.level() + ": " + differences;
    }

    /** Waits for a newer checkpoint: only then the dead letters of this one are committed in Kafka for certain. */
    private static void awaitDeadLetters(LiveReader reader, ReadLevel level) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(NEXT_CHECKPOINT_S);
        while (true) {
            try (LiveRead newest = reader.open(new ReadLevel.LatestCheckpoint())) {
                if (!newest.level().equals(level)) {
                    return;
                }
            }
            if (System.nanoTime() > deadlineNs) {
                throw new JobNotRunningException("no checkpoint was completed for " + NEXT_CHECKPOINT_S + " s after " + level
                        + ": its dead letters may not be committed yet, so nothing can be compared");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }
}
