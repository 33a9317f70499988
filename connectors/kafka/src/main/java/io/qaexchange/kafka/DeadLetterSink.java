package io.qaexchange.kafka;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.flink.DeadLetter;
import java.io.IOException;
import java.io.Serializable;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Writes dead letters to a topic exactly once, in transactions that Flink's checkpoints commit. Read the topic with {@code read_committed}.
 *
 * <p>Transactions, committing and state are those of Flink's {@link KafkaSink}, untouched; {@link DeadLetterFormat} says how a letter lies in Kafka,
 * {@link DeadLetterWriter} what happens if the topic does not take it.
 */
public final class DeadLetterSink implements TwoPhaseCommittingStatefulSink<DeadLetter, KafkaWriterState, KafkaCommittable>,
        SupportsPostCommitTopology<KafkaCommittable> {

    private static final long serialVersionUID = 1L;

    /** Metric: letters that the topic did not take and that are only counted and logged. */
    public static final String NOT_WRITTEN = "deadLettersNotWritten";

    /** Metric: transactions of written letters that Kafka did not commit. */
    public static final String NOT_COMMITTED = "deadLetterTransactionsNotCommitted";

    /** Below the 15 min that a broker allows by default. If the job is down for longer, dead letters of open transactions may be lost. */
    static final Duration TRANSACTION_TIMEOUT = Duration.ofMinutes(14);

    private final Options options;
    private final KafkaSink<ProducerRecord<byte[], byte[]>> sink;

    /** Behaviour if the dead-letter topic does not take a letter. */
    public enum OnFailure {
        /** The letter is counted and logged with its position, and the job goes on. */
        CONTINUE,
        /** The job ends, with the reason. */
        STOP
    }

    /**
     * Where letters go.
     *
     * @param brokers bootstrap servers
     * @param topic dead-letter topic
     * @param transactionPrefix begins the transactional ids; two jobs on one Kafka need different ones
     * @param onFailure what happens if the topic does not take a letter
     * @param timeout how long Kafka may not answer before that counts as a failure; until then Flink restarts the job
     * @param properties passed to the Kafka client as they are
     */
    public record Options(String brokers, String topic, String transactionPrefix, OnFailure onFailure, Duration timeout,
            Map<String, String> properties) implements Serializable {
        public Options {
            requireNonNull(brokers, "brokers");
            requireNonNull(topic, "topic");
            requireNonNull(transactionPrefix, "transactionPrefix");
            requireNonNull(onFailure, "onFailure");
            requireNonNull(timeout, "timeout");
            properties = Map.copyOf(properties);
        }

        KafkaConnection connection() {
            return new KafkaConnection(brokers, properties);
        }

        Properties producer() {
            Properties client = new Properties();
            client.putAll(properties);
            client.putIfAbsent(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, Long.toString(TRANSACTION_TIMEOUT.toMillis()));
            // One letter a batch: a batch of several may be longer than the topic takes, and would have to be split and sent again.
            client.put(ProducerConfig.BATCH_SIZE_CONFIG, "0");
            return client;
        }
    }

    private DeadLetterSink(Options options, KafkaSink<ProducerRecord<byte[], byte[]>> sink) {
        this.options = options;
        this.sink = sink;
    }

    /** The sink of these options. */
    public static DeadLetterSink of(Options options) {
        return new DeadLetterSink(options, KafkaSink.<ProducerRecord<byte[], byte[]>>builder()
                .setBootstrapServers(options.brokers())
                .setKafkaProducerConfig(options.producer())
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(options.transactionPrefix())
                .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
                .setRecordSerializer(new AsItIs(options.topic()))
                .build());
    }

    @Override
    public PrecommittingStatefulSinkWriter<DeadLetter, KafkaWriterState, KafkaCommittable> createWriter(WriterInitContext context) throws IOException {
        return restoreWriter(context, List.of());
    }

    @Override
    public PrecommittingStatefulSinkWriter<DeadLetter, KafkaWriterState, KafkaCommittable> restoreWriter(WriterInitContext context,
            Collection<KafkaWriterState> states) throws IOException {
        DeadLetterWriter writer = new DeadLetterWriter(options, sink, context, states, Clock.systemUTC());
        writer.open();
        return writer;
    }

    @Override
    public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
        return sink.getWriterStateSerializer();
    }

    @Override
    public Committer<KafkaCommittable> createCommitter(CommitterInitContext context) throws IOException {
        return new DeadLetterCommitter(sink.createCommitter(context), options, context.metricGroup().counter(NOT_COMMITTED));
    }

    @Override
    public SimpleVersionedSerializer<KafkaCommittable> getCommittableSerializer() {
        return sink.getCommittableSerializer();
    }

    @Override
    public void addPostCommitTopology(DataStream<CommittableMessage<KafkaCommittable>> committables) {
        sink.addPostCommitTopology(committables);
    }

    /** Passes records on. Also names its topic, which pooled transactional ids need. */
    private record AsItIs(String deadLetterTopic) implements KafkaRecordSerializationSchema<ProducerRecord<byte[], byte[]>>, KafkaDatasetFacetProvider {
        @Override
        public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
            return Optional.of(new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(List.of(deadLetterTopic))));
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(ProducerRecord<byte[], byte[]> letter, KafkaSinkContext context, Long timestampMs) {
            return letter;
        }
    }
}
