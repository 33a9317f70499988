package io.qaexchange.kafka;

import io.qaexchange.events.flink.DeadLetter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Writes dead letters to a topic, exactly once, in transactions that Flink's checkpoints commit. Readers should read committed.
 *
 * <p>Key: the position of the message. Value: its bytes. Headers: {@value #REASON}, {@value #DETAIL}, {@value #TOPIC},
 * {@value #PARTITION}, {@value #OFFSET}, all as UTF-8 text.
 */
public final class DeadLetterSink {

    public static final String REASON = "reason";
    public static final String DETAIL = "detail";
    public static final String TOPIC = "topic";
    public static final String PARTITION = "partition";
    public static final String OFFSET = "offset";

    /** Below the 15 min that a broker allows by default; a job that stays down longer may lose open dead letters' transactions. */
    static final Duration TRANSACTION_TIMEOUT = Duration.ofMinutes(14);

    private DeadLetterSink() {
    }

    /**
     * The sink.
     *
     * @param brokers bootstrap servers
     * @param topic dead-letter topic
     * @param transactionPrefix begins the transactional ids; two jobs on one Kafka need different ones
     * @param properties passed to the Kafka client as they are
     */
    public static KafkaSink<DeadLetter> of(String brokers, String topic, String transactionPrefix, Map<String, String> properties) {
        Properties client = new Properties();
        client.putAll(properties);
        client.putIfAbsent(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, Long.toString(TRANSACTION_TIMEOUT.toMillis()));
        return KafkaSink.<DeadLetter>builder()
                .setBootstrapServers(brokers)
                .setKafkaProducerConfig(client)
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(transactionPrefix)
                .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
                .setRecordSerializer(new LetterSerializer(topic))
                .build();
    }

    /** Also names its topic, which pooled transactional ids need. */
    private record LetterSerializer(String deadLetterTopic)
            implements KafkaRecordSerializationSchema<DeadLetter>, KafkaDatasetFacetProvider {
        @Override
        public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
            return Optional.of(new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(List.of(deadLetterTopic))));
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(DeadLetter letter, KafkaSinkContext context, Long timestampMs) {
            ProducerRecord<byte[], byte[]> written = new ProducerRecord<>(deadLetterTopic, utf8(letter.position()), letter.value());
            written.headers().add(REASON, utf8(letter.reason())).add(DETAIL, utf8(letter.detail())).add(TOPIC, utf8(letter.topic()))
                    .add(PARTITION, utf8(Integer.toString(letter.partition()))).add(OFFSET, utf8(Long.toString(letter.offset())));
            return written;
        }

        private static byte[] utf8(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }
}
