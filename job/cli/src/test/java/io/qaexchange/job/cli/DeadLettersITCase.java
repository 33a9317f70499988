package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.job.cli.data.DeadLetterTopic;
import io.qaexchange.job.cli.data.DeadLettersCommand;
import io.qaexchange.job.cli.data.KafkaDeadLetters;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.management.ObjectName;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Refused messages through the whole job and back: a message near Kafka's limit does not stop it, and what was repaired is sent again once. */
@Timeout(180)
class DeadLettersITCase {

    private static final byte[] KEY = "A".getBytes(StandardCharsets.UTF_8);

    @Test
    void lettersAreWrittenAndSentAgainOnce(@TempDir Path folder) throws Exception {
        EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"));
        kafka.createTopic("events", 1);
        kafka.createTopic("dead-letters", 1);
        byte[] huge = new byte[1_048_400];
        Arrays.fill(huge, (byte) 'x');
        byte[] conflict = tick(2);
        try (JobRig rig = JobRig.start(folder, kafka)) {
            rig.submit(1, null);
            send(rig, huge, "broken".getBytes(StandardCharsets.UTF_8), tick(1), conflict);
            KafkaConnection connection = KafkaConnection.to(rig.brokers());
            JobRig.await(() -> DeadLetterTopic.read(connection, "dead-letters").letters() == 3);

            DeadLetterTopic letters = DeadLetterTopic.read(connection, "dead-letters");
            assertThat(letters.positions()).containsExactlyInAnyOrder("events-0@0", "events-0@1", "events-0@3");
            assertThat(letters.byReason()).containsEntry("conflict", 1L);
            assertThat(LiveMetrics.sum("deadLettersCut")).isEqualTo(1);

            Path repaired = Files.write(folder.resolve("repaired"), tick(7, 7));
            assertThat(run(rig, "resend", "--position", "events-0@1", "--value", repaired.toString())).isEqualTo(Tool.GOOD);
            assertThat(run(rig, "resend", "--position", "events-0@1", "--value", repaired.toString())).as("again").isEqualTo(Tool.GOOD);
            assertThat(run(rig, "resend", "--position", "events-0@0")).as("one that is cut").isEqualTo(Tool.GOOD);
            JobRig.await(() -> LiveMetrics.sum("stored") == 2 && DeadLetterTopic.read(connection, "dead-letters").letters() == 4);

            List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
            TopicReader.forEach(connection, List.of("events"), all::add);
            assertThat(all).hasSize(6);
            assertThat(all.get(4).key()).isEqualTo(KEY);
            assertThat(all.get(5).value()).as("the whole message, from its own topic").isEqualTo(huge);
            assertThat(run(rig, "resend")).as("without saying which").isEqualTo(2);
            assertThat(run(rig, "resend", "--all", "--dry-run")).isEqualTo(Tool.GOOD);
            askTheServer(rig);
            all.clear();
            TopicReader.forEach(connection, List.of("events"), all::add);
            assertThat(all).as("the server sent one message again, once").hasSize(7);
            assertThat(run(rig, "count")).isEqualTo(Tool.GOOD);
        }
    }

    /** The same through HTTP. Of four letters one was repaired and sent, one was sent as it was; the conflict and the letter about the sent one are left. */
    private static void askTheServer(JobRig rig) throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        QueryServer.Options options = new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, null, 4, 4, new QueryEngine.Limits("512MB", 2, 60, "1GB", 0),
                new QueryServer.Doors(QueryServer.Doors.NONE, 0, QueryServer.Doors.NONE, null, Duration.ofMinutes(2)),
                new QueryServer.Steering(null, null, new KafkaDeadLetters(KafkaConnection.to(rig.brokers()), "dead-letters")));
        try (QueryServer server = QueryServer.start(options)) {
            long before = bytesSent("dead-letters");
            JsonNode overview = ask(server, "GET", "/v1/dead-letters", "", 200);
            long once = bytesSent("dead-letters") - before;
            before = bytesSent("dead-letters");
            TopicReader.forEachSoFar(KafkaConnection.to(rig.brokers()), List.of("dead-letters"), letter -> { });
            assertThat(once).as("the broker sends the topic once for a look").isBetween(1L, (bytesSent("dead-letters") - before) * 3 / 2);
            assertThat(overview.get("letters").asInt()).isEqualTo(4);
            assertThat(overview.get("sentAgain").asInt()).isEqualTo(2);
            // Letters of one moment stand in any order: several subtasks write them.
            assertThat(overview.get("newest").findValuesAsText("position")).hasSize(4).contains("events-0@0", "events-0@3");
            JsonNode conflicts = ask(server, "GET", "/v1/dead-letters?reason=conflict&limit=1", "", 200);
            assertThat(conflicts.get("matching").asInt()).isEqualTo(1);
            assertThat(conflicts.at("/newest/0/position").asText()).isEqualTo("events-0@3");

            JsonNode conflict = ask(server, "GET", "/v1/dead-letters/events-0@3", "", 200);
            assertThat(conflict.at("/message/isEvent").asBoolean()).isTrue();
            assertThat(conflict.at("/message/decoded").asText()).contains("1767657600000000000", "\"last_price\" : 2");
            assertThat(conflict.get("key").asText()).isEqualTo("A");
            JsonNode broken = ask(server, "GET", "/v1/dead-letters/events-0@1", "", 200);
            assertThat(broken.at("/message/text").asText()).isEqualTo("broken");
            assertThat(broken.at("/message/isEvent").asBoolean()).isFalse();
            assertThat(broken.get("sentAgainAt").asText()).isNotEmpty();
            JsonNode huge = ask(server, "GET", "/v1/dead-letters/events-0@0", "", 200);
            assertThat(huge.get("isCut").asBoolean()).isTrue();
            assertThat(huge.at("/message/text").asText().length()).as("of a large message the beginning").isLessThan(100_000);

            JsonNode dry = ask(server, "POST", "/admin/dead-letters/resend?position=events-0@3&dry-run=true", "{\"type\":\"no\"}", 200);
            assertThat(dry.get("wouldBeSent").asInt()).isEqualTo(1);
            assertThat(dry.at("/message/isEvent").asBoolean()).as("the body would be refused too").isFalse();
            JsonNode all = ask(server, "POST", "/admin/dead-letters/resend?all=true&dry-run=true", "", 200);
            assertThat(all.get("wouldBeSent").asInt()).isEqualTo(2);
            assertThat(all.get("sentEarlier").asInt()).isEqualTo(2);
            assertThat(ask(server, "GET", "/v1/dead-letters", "", 200).get("sentAgain").asInt()).as("dry runs send nothing").isEqualTo(2);
            assertThat(ask(server, "POST", "/admin/dead-letters/resend?position=events-0@3&wait=60", "", 200).get("result").asText()).isEqualTo("sent again: 1; sent again earlier: 0; not sent: 0");
            assertThat(ask(server, "POST", "/admin/dead-letters/resend?position=events-0@3&wait=60", "", 200).get("result").asText()).isEqualTo("sent again: 0; sent again earlier: 1; not sent: 0");

            assertThat(ask(server, "GET", "/v1/dead-letters/events-0@99", "", 404).get("detail").asText()).contains("events-0@99", "TOPIC-PARTITION@OFFSET");
            ask(server, "GET", "/v1/dead-letters?limit=0", "", 400);
            assertThat(ask(server, "POST", "/admin/dead-letters/resend", "", 400).get("detail").asText()).contains("reason=, position= or all=true");
            ask(server, "POST", "/admin/dead-letters/resend?all=true&reason=conflict", "", 400);
            assertThat(ask(server, "POST", "/admin/dead-letters/resend?all=true", "x", 400).get("detail").asText()).contains("position=");
            ask(server, "POST", "/admin/dead-letters/resend?position=events-9@9&dry-run=true", "", 404);
        }
        QueryServer.Steering away = new QueryServer.Steering(null, null, new KafkaDeadLetters(KafkaConnection.to("127.0.0.1:1"), "dead-letters"));
        try (QueryServer server = QueryServer.start(new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, null, 4, 4, options.limits(), options.doors(), away))) {
            assertThat(ask(server, "GET", "/v1/dead-letters", "", 502).get("detail").asText()).contains("Kafka does not answer at 127.0.0.1:1");
        }
    }

    /** Bytes of a topic that the broker of this process has sent to readers. */
    private static long bytesSent(String topic) throws Exception {
        Object count = ManagementFactory.getPlatformMBeanServer().getAttribute(
                new ObjectName("kafka.server:type=BrokerTopicMetrics,name=BytesOutPerSec,topic=" + topic), "Count");
        return ((Number) count).longValue();
    }

    private static JsonNode ask(QueryServer server, String method, String path, String body, int status) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        return new ObjectMapper().readTree(answer.body());
    }

    private static int run(JobRig rig, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--brokers", rig.brokers()));
        CommandLine line = new CommandLine(new DeadLettersCommand());
        line.setExecutionExceptionHandler((exception, commandLine, parsed) -> Tool.explain(exception, commandLine));
        return line.execute(all.toArray(new String[0]));
    }

    private static void send(JobRig rig, byte[]... messages) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", rig.brokers()), new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (byte[] message : messages) {
                producer.send(new ProducerRecord<>("events", KEY, message)).get();
            }
        }
    }

    /** The same identity whatever the price. */
    private static byte[] tick(double price) {
        return tick(price, 1);
    }

    private static byte[] tick(double price, long sequence) {
        return new EventBuilder().start("tick").eventTime(1_767_657_600_000_000_000L).instrument("A").identity("test", sequence).tradingDay(20260106)
                .set("last_price", price).build();
    }
}
