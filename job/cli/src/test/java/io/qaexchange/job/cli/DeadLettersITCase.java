package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.job.cli.data.DeadLetterTopic;
import io.qaexchange.job.cli.data.DeadLettersCommand;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
            assertThat(run(rig, "count")).isEqualTo(Tool.GOOD);
        }
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
