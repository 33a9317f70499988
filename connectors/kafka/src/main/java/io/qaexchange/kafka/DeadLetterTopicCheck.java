package io.qaexchange.kafka;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a broker whether it has the dead-letter topic, whether we may write to it, and how long a record may be. Stateless. */
final class DeadLetterTopicCheck {

    /** Kafka's default of {@code max.message.bytes}: what is assumed where we may not ask. */
    static final long DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
    private static final int DEFAULT_MAX_REQUEST_BYTES = 1 << 20;
    private static final long DEFAULT_BUFFER_BYTES = 32L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** Compression makes random bytes longer, with snappy by up to a sixth. */
    private static final double COMPRESSIBLE = 6.0 / 7;
    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterTopicCheck.class);

    private DeadLetterTopicCheck() {
    }

    /**
     * Bytes that a batch with one record may have before it is compressed.
     *
     * @throws IOException with Kafka's exception as its cause, if the topic is missing, we may not write to it, or Kafka does not answer
     */
    static long maxRecordBytes(KafkaConnection kafka, String topic, Properties producer) throws IOException {
        Map<String, Object> patience = Map.of(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis() / 2,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        try (Admin admin = Admin.create(kafka.client(patience))) {
            checkMayWrite(describe(admin, kafka, topic), topic);
            Map<String, String> settings = settings(admin, topic);
            long topicBytes = Long.parseLong(settings.getOrDefault(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Long.toString(DEFAULT_MAX_MESSAGE_BYTES)));
            long producerBytes = Math.min(number(producer, ProducerConfig.MAX_REQUEST_SIZE_CONFIG, DEFAULT_MAX_REQUEST_BYTES),
                    number(producer, ProducerConfig.BUFFER_MEMORY_CONFIG, DEFAULT_BUFFER_BYTES));
            boolean compressed = !producer.getProperty(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none").equals("none")
                    || !List.of("producer", "uncompressed").contains(settings.getOrDefault(TopicConfig.COMPRESSION_TYPE_CONFIG, "producer"));
            return Math.min(producerBytes, compressed ? (long) (topicBytes * COMPRESSIBLE) : topicBytes);
        }
    }

    private static TopicDescription describe(Admin admin, KafkaConnection kafka, String topic) throws IOException {
        DescribeTopicsOptions options = new DescribeTopicsOptions().includeAuthorizedOperations(true);
        try {
            return get(admin.describeTopics(List.of(topic), options).topicNameValues().get(topic));
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                throw new IOException("the dead-letter topic " + topic + " cannot be looked at: " + e.getCause().getMessage(), e.getCause());
            }
        }
        createdByTheBroker(kafka, topic);
        try {
            return get(admin.describeTopics(List.of(topic), options).topicNameValues().get(topic));
        } catch (ExecutionException e) {
            throw new IOException("the dead-letter topic " + topic + " is missing", e.getCause());
        }
    }

    /** Brokers with {@code auto.create.topics.enable} create a topic when a producer asks for it. */
    private static void createdByTheBroker(KafkaConnection kafka, String topic) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(kafka.client(Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG,
                PATIENCE.toMillis() / 5)), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.partitionsFor(topic);
        } catch (org.apache.kafka.common.errors.TimeoutException | AuthorizationException | UnknownTopicOrPartitionException e) {
            LOG.debug("the broker does not create topic {}", topic, e);
        }
    }

    private static void checkMayWrite(TopicDescription topic, String name) throws IOException {
        Set<AclOperation> allowed = topic.authorizedOperations();
        if (allowed != null && !allowed.isEmpty() && !allowed.contains(AclOperation.WRITE) && !allowed.contains(AclOperation.ALL)) {
            throw new IOException("the dead-letter topic " + name + " may not be written to: this job has no right to WRITE",
                    new org.apache.kafka.common.errors.TopicAuthorizationException(Set.of(name)));
        }
    }

    private static Map<String, String> settings(Admin admin, String topic) throws IOException {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Map<String, String> settings = new HashMap<>();
        try {
            Config config = get(admin.describeConfigs(List.of(resource)).values().get(resource));
            config.entries().forEach(entry -> settings.put(entry.name(), entry.value()));
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof AuthorizationException)) {
                throw new IOException("the settings of the dead-letter topic " + topic + " cannot be read: " + e.getCause().getMessage(), e.getCause());
            }
            LOG.info("no right to read the settings of topic {}: {} bytes are taken as its max.message.bytes", topic, DEFAULT_MAX_MESSAGE_BYTES);
        }
        return settings;
    }

    private static <T> T get(org.apache.kafka.common.KafkaFuture<T> future) throws IOException, ExecutionException {
        try {
            return future.get(2 * PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking Kafka for the dead-letter topic", e);
        } catch (TimeoutException e) {
            throw new IOException("Kafka does not answer", new org.apache.kafka.common.errors.TimeoutException(e));
        }
    }

    private static long number(Properties properties, String name, long otherwise) {
        Object value = properties.get(name);
        return value == null ? otherwise : Long.parseLong(value.toString().strip());
    }
}
