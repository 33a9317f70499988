package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventSchema;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Readers that never stop asking a query server while processes are killed, at both levels. Each answer is kept and checked at the end: at a
 * checkpoint it must have exactly the rows up to its offsets; live it must have no row twice, and none that nobody sent.
 */
final class ServerReaders {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SQL = "SELECT count(*) AS rows, count(DISTINCT (kafka_topic, kafka_partition, kafka_offset)) AS positions, "
            + "coalesce(sum(kafka_offset), 0) AS sum FROM (" + EventSchema.get().recordTypes().stream()
                    .map(type -> "SELECT kafka_topic, kafka_partition, kafka_offset FROM " + type.table()).collect(Collectors.joining(" UNION ALL ")) + ")";

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI server;
    private final List<Answer> answers = new ArrayList<>();
    private final Map<Integer, Integer> refusals = new HashMap<>();
    private final CompletableFuture<Void> done;
    private volatile boolean stopped;

    /** An answer: its level, the last offset of each partition, its rows, their positions and the sum of their offsets. */
    private record Answer(String level, Map<String, Long> upTo, long rows, long positions, long sum) {
    }

    ServerReaders(URI server) {
        this.server = server;
        this.done = CompletableFuture.runAsync(this::ask, task -> new Thread(task, "asks the server").start());
    }

    private void ask() {
        for (int i = 0; !stopped; i++) {
            String level = i % 2 == 0 ? "live" : "checkpoint";
            try {
                HttpResponse<String> response = http.send(HttpRequest.newBuilder(server.resolve("/v1/query?level=" + level)).timeout(Duration.ofMinutes(2))
                        .POST(HttpRequest.BodyPublishers.ofString(SQL)).build(), HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() == 200) {
                    answers.add(answer(response));
                } else {
                    // While the job restarts (503), the JobManager is away (502) or a checkpoint is let go (410) there is no answer, which is right.
                    assertThat(response.statusCode()).as(response.body()).isIn(502, 503, 410);
                    refusals.merge(response.statusCode(), 1, Integer::sum);
                    TimeUnit.MILLISECONDS.sleep(100);
                }
            } catch (IOException e) {
                // An answer that broke off because a subtask went: it does not look whole.
                refusals.merge(0, 1, Integer::sum);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static Answer answer(HttpResponse<String> response) throws IOException {
        JsonNode row = JSON.readTree(response.body()).get(0);
        Map<String, Long> upTo = new HashMap<>();
        for (String offset : response.headers().firstValue("Qaexchange-Offsets").orElse("").split(",")) {
            if (!offset.isEmpty()) {
                upTo.put(offset.substring(0, offset.indexOf('@')), Long.parseLong(offset.substring(offset.indexOf('@') + 1)));
            }
        }
        return new Answer(response.headers().firstValue("Qaexchange-Level").orElseThrow(), upTo, row.get("rows").asLong(), row.get("positions").asLong(),
                row.get("sum").asLong());
    }

    /**
     * Ends the readers and checks all answers.
     *
     * @return a line about them
     */
    String check(String brokers) throws Exception {
        stopped = true;
        done.get(3, TimeUnit.MINUTES);
        Map<String, List<Long>> sent = sent(brokers);
        long all = sent.values().stream().mapToLong(List::size).sum();
        int checkpoints = 0;
        for (Answer answer : answers) {
            assertThat(answer.positions()).as("%s: no row twice", answer).isEqualTo(answer.rows());
            assertThat(answer.rows()).as("%s: nothing is invented", answer).isLessThanOrEqualTo(all);
            if (answer.level().startsWith("checkpoint:")) {
                checkpoints++;
                long rows = 0;
                long sum = 0;
                for (Map.Entry<String, List<Long>> partition : sent.entrySet()) {
                    long last = answer.upTo().getOrDefault(partition.getKey(), -1L);
                    for (long offset : partition.getValue()) {
                        rows += offset <= last ? 1 : 0;
                        sum += offset <= last ? offset : 0;
                    }
                }
                assertThat(List.of(answer.rows(), answer.sum())).as("%s: exactly the rows up to its offsets", answer).isEqualTo(List.of(rows, sum));
            }
        }
        assertThat(checkpoints).as("answers at checkpoints").isPositive();
        assertThat(answers.size() - checkpoints).as("live answers").isPositive();
        return answers.size() + " answers of the server are exact, " + checkpoints + " of them at checkpoints; refusals by status: " + refusals;
    }

    /** By partition the offsets in Kafka whose message must be a row: the first of each identity. */
    private static Map<String, List<Long>> sent(String brokers) throws Exception {
        Map<String, List<Long>> sent = new HashMap<>();
        Set<String> seen = new HashSet<>();
        EventDecoder decoder = new EventDecoder();
        TopicReader.forEach(KafkaConnection.to(brokers), List.of("events"), message -> {
            Decoded decoded = decoder.decode(message.value());
            if (decoded.isAccepted() && seen.add(EventIdentity.of(decoder.event(), message.topic(), message.partition(), message.offset()).toString())) {
                sent.computeIfAbsent(message.topic() + "-" + message.partition(), partition -> new ArrayList<>()).add(message.offset());
            }
        });
        return sent;
    }
}
