package io.qaexchange.kafka;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.flink.MessageOrigin;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * Kafka source of the exchange job. It emits raw bytes with their position, so the content of a message cannot fail the source.
 *
 * <p>Offsets live in Flink's checkpoints; those committed to the consumer group are for monitoring only. Aborted transactions are not
 * read. New partitions are found while the job runs.
 */
public final class EventSource {

    /** Consumer group when none is given. */
    public static final String DEFAULT_GROUP = "qaexchange";
    static final Duration DEFAULT_DISCOVERY_INTERVAL = Duration.ofSeconds(60);

    /**
     * How long a broker holds a fetch request while there are no messages. A client that closes waits for the response, and a recovering
     * job waits for the client: with Kafka's default of 500 ms, up to half a second. With messages arriving, nothing waits.
     */
    static final Duration DEFAULT_FETCH_WAIT = Duration.ofMillis(100);

    private EventSource() {
    }

    /** Where a job without a checkpoint begins to read. */
    public sealed interface Start extends Serializable {
        /** At the oldest message that Kafka still has. */
        record Earliest() implements Start {
        }

        /** After the newest message. */
        record Latest() implements Start {
        }

        /** At the first message whose Kafka time is not before this one, ms since 1970. */
        record Timestamp(long epochMs) implements Start {
        }
    }

    /**
     * Settings of the source.
     *
     * @param brokers bootstrap servers, {@code host:port,…}
     * @param topics topics, at least one
     * @param start where to begin without a checkpoint
     * @param bounded stop at the offsets that are the newest when the job starts
     * @param properties passed to the Kafka client as they are
     */
    public record Options(String brokers, List<String> topics, Start start, boolean bounded, Map<String, String> properties) {
        public Options {
            requireNonNull(brokers, "brokers");
            requireNonNull(start, "start");
            topics = List.copyOf(topics);
            properties = Map.copyOf(properties);
            if (topics.isEmpty()) {
                throw new IllegalArgumentException("at least one topic is required");
            }
        }
    }

    /** The source of these options. */
    public static KafkaSource<KafkaMessage> of(Options options) {
        KafkaSourceBuilder<KafkaMessage> builder = KafkaSource.<KafkaMessage>builder()
                .setBootstrapServers(options.brokers())
                .setTopics(options.topics())
                .setGroupId(options.properties().getOrDefault(ConsumerConfig.GROUP_ID_CONFIG, DEFAULT_GROUP))
                .setStartingOffsets(startingOffsets(options.start()))
                .setProperties(client(options))
                .setDeserializer(new RawDeserializer());
        if (options.bounded()) {
            builder.setBounded(OffsetsInitializer.latest());
        }
        return builder.build();
    }

    /** The properties of the Kafka client: the given ones, and defaults of ours for others. */
    static Properties client(Options options) {
        Properties client = new Properties();
        client.putAll(options.properties());
        client.putIfAbsent(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        client.putIfAbsent("partition.discovery.interval.ms", Long.toString(DEFAULT_DISCOVERY_INTERVAL.toMillis()));
        client.putIfAbsent(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, Long.toString(DEFAULT_FETCH_WAIT.toMillis()));
        return client;
    }

    private static OffsetsInitializer startingOffsets(Start start) {
        if (start instanceof Start.Timestamp timestamp) {
            return OffsetsInitializer.timestamp(timestamp.epochMs());
        }
        return start instanceof Start.Latest ? OffsetsInitializer.latest() : OffsetsInitializer.earliest();
    }

    /** Passes bytes and position on; a tombstone becomes an empty message. */
    private static final class RawDeserializer implements KafkaRecordDeserializationSchema<KafkaMessage> {
        private static final long serialVersionUID = 1L;
        private static final byte[] NO_BYTES = {};

        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> consumed, Collector<KafkaMessage> out) {
            byte[] value = consumed.value() == null ? NO_BYTES : consumed.value();
            out.collect(new KafkaMessage(consumed.topic(), consumed.partition(), consumed.offset(),
                    new MessageOrigin(consumed.key(), headers(consumed.headers()), consumed.timestamp()), value));
        }

        private static List<MessageOrigin.Header> headers(Headers headers) {
            Iterator<Header> each = headers.iterator();
            if (!each.hasNext()) {
                return List.of();
            }
            List<MessageOrigin.Header> list = new ArrayList<>();
            while (each.hasNext()) {
                Header header = each.next();
                list.add(new MessageOrigin.Header(header.key(), header.value()));
            }
            return list;
        }

        @Override
        public TypeInformation<KafkaMessage> getProducedType() {
            return new KafkaMessage.Serializer().typeInformation();
        }
    }
}
