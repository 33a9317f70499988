package io.qaexchange.job.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.events.EventBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ExchangeJobITCase {

    @Test
    @Timeout(90)
    void archivesEverythingAtTheEndOfABoundedInput(@TempDir Path folder) throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"))) {
            kafka.createTopic("events", 3);
            kafka.createTopic("dead-letters", 1);
            produce(kafka, 1000);

            BoundedJob.run(kafka, folder, 2);

            var manifest = ManifestStore.of(new org.apache.flink.core.fs.Path(folder.resolve("archive").toUri())).latest();
            assertThat(manifest.files().stream().mapToLong(DataFile::rows).sum()).isEqualTo(1000);
        }
    }

    private static void produce(EmbeddedKafka kafka, int count) {
        EventBuilder builder = new EventBuilder();
        Map<String, Object> properties = Map.of("bootstrap.servers", kafka.bootstrapServers());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < count; i++) {
                String instrument = "SHFE.rb" + i % 7;
                byte[] event = builder.start("tick").eventTime(1_700_000_000_000_000_000L + i * 1_000_000L).instrument(instrument)
                        .identity("test", i).tradingDay(20231115).set("last_price", 100.0 + i % 10).build();
                producer.send(new ProducerRecord<>("events", instrument.getBytes(StandardCharsets.UTF_8), event));
            }
        }
    }
}
