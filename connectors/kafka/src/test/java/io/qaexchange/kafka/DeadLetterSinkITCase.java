package io.qaexchange.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.events.flink.IncomingEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A dead letter always fits, and a topic that takes none does not stop the job unless it was told to: against a broker with rights. */
@Timeout(180)
class DeadLetterSinkITCase {

    private static final long TIME_MS = 1_767_657_600_000L;
    private static final int EIGHT_MEGABYTES = 8 << 20;
    private static final String LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"p\"";
    private static final byte[] KEY = "SHFE.rb2601".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private static Path folder;
    private static EmbeddedKafka kafka;
    private String events;
    private String letters;
    private long sent;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start(folder.resolve("kafka"), Map.of(
                "listener.security.protocol.map", EmbeddedKafka.LISTENER + ":SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                "sasl.enabled.mechanisms", "PLAIN", "sasl.mechanism.inter.broker.protocol", "PLAIN",
                "listener.name.clients.plain.sasl.jaas.config", LOGIN.formatted("admin") + " user_admin=\"p\" user_exchange=\"p\";",
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users", "User:admin;User:ANONYMOUS"));
        allow(ResourceType.GROUP, "*", AclOperation.ALL);
        allow(ResourceType.TRANSACTIONAL_ID, "*", AclOperation.ALL);
    }

    @AfterAll
    static void stop() {
        kafka.close();
    }

    @BeforeEach
    void name(TestInfo test) throws Exception {
        events = test.getTestMethod().orElseThrow().getName();
        letters = events + "-letters";
        topic(events, Map.of("max.message.bytes", Integer.toString(EIGHT_MEGABYTES)));
        allow(ResourceType.TOPIC, events, AclOperation.READ);
    }

    @Test
    void aMessageNearTheLimitIsCutAndKeepsKeyHeadersAndTime() throws Exception {
        topic(letters, Map.of());
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        byte[] value = bytes(1_048_400);
        send(value, KEY, new RecordHeader("reason", "theirs".getBytes(StandardCharsets.UTF_8)), new RecordHeader("empty", null));

        run(Map.of(), DeadLetterSink.OnFailure.STOP, 0);

        ConsumerRecord<byte[], byte[]> letter = onlyLetter();
        assertIsAbout(letter, value);
        assertThat(letter.value().length).isBetween(1_040_000, value.length - 1);
        assertThat(letter.key()).isEqualTo(KEY);
        assertThat(DeadLetterFormat.text(letter.headers(), DeadLetterFormat.TIMESTAMP)).isEqualTo(Long.toString(TIME_MS));
        assertThat(DeadLetterFormat.position(letter.headers())).isEqualTo(events + "-0@0");
        assertThat(DeadLetterFormat.originalHeaders(letter.headers())).extracting(Header::key).containsExactly("reason", "empty");
        assertThat(DeadLetterFormat.originalHeaders(letter.headers()).get(0).value()).isEqualTo("theirs".getBytes(StandardCharsets.UTF_8));
        assertThat(DeadLetterFormat.text(letter.headers(), DeadLetterFormat.REASON)).isEqualTo("wrong schema");
    }

    @Test
    void fiveMegabytesAreCutToWhatTheProducerMaySend() throws Exception {
        topic(letters, Map.of("max.message.bytes", Integer.toString(EIGHT_MEGABYTES)));
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        byte[] value = bytes(5 << 20);
        send(value, null);

        run(Map.of(), DeadLetterSink.OnFailure.STOP, 0);

        ConsumerRecord<byte[], byte[]> letter = onlyLetter();
        assertIsAbout(letter, value);
        assertThat(letter.value().length).isBetween(1_040_000, 1 << 20);
        assertThat(DeadLetterFormat.text(letter.headers(), DeadLetterFormat.KEY_MISSING)).isEqualTo("true");
    }

    @Test
    void fiveMegabytesAreWholeWhereProducerAndTopicTakeThem() throws Exception {
        topic(letters, Map.of("max.message.bytes", Integer.toString(EIGHT_MEGABYTES)));
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        byte[] value = bytes(5 << 20);
        send(value, KEY);

        run(Map.of("max.request.size", Integer.toString(EIGHT_MEGABYTES)), DeadLetterSink.OnFailure.STOP, 0);

        assertThat(onlyLetter().value()).isEqualTo(value);
    }

    @Test
    void aTopicOfSmallMessagesGetsSmallLetters() throws Exception {
        topic(letters, Map.of("max.message.bytes", "700"));
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        byte[] value = bytes(20_000);
        send(value, bytes(3_000), new RecordHeader("trace", bytes(5_000)), new RecordHeader("other", bytes(10)));

        run(Map.of(), DeadLetterSink.OnFailure.STOP, 0);

        ConsumerRecord<byte[], byte[]> letter = onlyLetter();
        assertIsAbout(letter, value);
        assertThat(DeadLetterFormat.text(letter.headers(), DeadLetterFormat.KEY_LENGTH)).isEqualTo("3000");
        assertThat(DeadLetterFormat.text(letter.headers(), DeadLetterFormat.HEADERS_DROPPED)).isEqualTo("2");
        assertThat(letter.key()).isEqualTo(Arrays.copyOf(bytes(3_000), letter.key().length));
    }

    @Test
    void compressionThatMakesRandomBytesLongerIsReckonedWith() throws Exception {
        topic(letters, Map.of("max.message.bytes", "100000", "compression.type", "snappy"));
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        byte[] value = bytes(100_000);
        send(value, KEY);

        run(Map.of("compression.type", "lz4"), DeadLetterSink.OnFailure.STOP, 0);

        assertIsAbout(onlyLetter(), value);
    }

    @Test
    void manySmallLettersForATopicOfSmallBatches() throws Exception {
        topic(letters, Map.of("max.message.bytes", "700"));
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        for (int i = 0; i < 200; i++) {
            send(("no event " + i).getBytes(StandardCharsets.UTF_8), KEY);
        }

        run(Map.of(), DeadLetterSink.OnFailure.STOP, 0);

        assertThat(letters(200)).hasSize(200);
    }

    @Test
    void aLimitThatMayNotBeReadIsLearned() throws Exception {
        topic(letters, Map.of("max.message.bytes", "3000"));
        allow(ResourceType.TOPIC, letters, AclOperation.WRITE);
        allow(ResourceType.TOPIC, letters, AclOperation.READ);
        byte[] value = bytes(200_000);
        send(value, KEY);

        run(Map.of(), DeadLetterSink.OnFailure.STOP, 6);

        assertIsAbout(onlyLetter(), value);
    }

    @Test
    void aTopicThatTakesNotEvenALetterWithoutValueIsCounted() throws Exception {
        topic(letters, Map.of("max.message.bytes", "100"));
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        send(bytes(10), KEY);

        long notWritten = run(Map.of(), DeadLetterSink.OnFailure.CONTINUE, 0);

        assertThat(letters()).isEmpty();
        assertThat(notWritten).isEqualTo(1);
    }

    @Test
    void aMissingTopicIsCountedOrStopsTheJob() throws Exception {
        send(bytes(10), KEY);
        send(bytes(20), KEY);

        assertThat(run(Map.of(), DeadLetterSink.OnFailure.CONTINUE, 0)).isEqualTo(2);
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        assertThatThrownBy(() -> run(Map.of(), DeadLetterSink.OnFailure.STOP, 1000)).rootCause()
                .isInstanceOf(UnknownTopicOrPartitionException.class);
        assertThatThrownBy(() -> run(Map.of(), DeadLetterSink.OnFailure.STOP, 1000))
                .hasStackTraceContaining("topic " + letters + " does not take dead letters").hasStackTraceContaining("dead-letters.on-failure is stop");
    }

    @Test
    void aTopicWithoutTheRightToWriteIsCountedOrStopsTheJob() throws Exception {
        topic(letters, Map.of());
        allow(ResourceType.TOPIC, letters, AclOperation.DESCRIBE);
        send(bytes(10), KEY);

        assertThat(run(Map.of(), DeadLetterSink.OnFailure.CONTINUE, 0)).isEqualTo(1);
        assertThatThrownBy(() -> run(Map.of(), DeadLetterSink.OnFailure.STOP, 1000)).hasStackTraceContaining("topic " + letters
                + " does not take dead letters").hasStackTraceContaining("DeadLetterRefusedException");

        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        run(Map.of(), DeadLetterSink.OnFailure.STOP, 0);
        assertThat(letters(1)).hasSize(1);
    }

    @Test
    void aTopicThatIsNotEvenToBeSeenIsCounted() throws Exception {
        topic(letters, Map.of());
        send(bytes(10), KEY);

        assertThat(run(Map.of(), DeadLetterSink.OnFailure.CONTINUE, 0)).isEqualTo(1);
    }

    @Test
    void noClientStaysOpenWhenATaskEnds() throws Exception {
        topic(letters, Map.of());
        allow(ResourceType.TOPIC, letters, AclOperation.ALL);
        send(bytes(100), null);

        run(Map.of(), DeadLetterSink.OnFailure.STOP, 0);

        onlyLetter();
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName).noneMatch(name -> name.startsWith("kafka-admin-client-thread"));
    }

    /** Reads all of the events' topic, with so many restarts allowed; answers how many letters were not written if none is. */
    private long run(Map<String, String> producer, DeadLetterSink.OnFailure onFailure, int restarts) throws Exception {
        awaitSent();
        InMemoryReporter metrics = InMemoryReporter.createWithRetainedMetrics();
        Configuration configuration = new Configuration();
        metrics.addToConfiguration(configuration);
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(200));
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, restarts);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(50));
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        environment.setParallelism(1);
        Map<String, String> client = login("exchange");
        SingleOutputStreamOperator<IncomingEvent> decoded = environment.fromSource(EventSource.of(new EventSource.Options(kafka.bootstrapServers(),
                        List.of(events), new EventSource.Start.Earliest(), true, client)), WatermarkStrategy.noWatermarks(), "Kafka",
                new KafkaMessage.Serializer().typeInformation()).process(new DecodeFunction()).returns(new IncomingEvent.Serializer().typeInformation());
        decoded.sinkTo(new DiscardingSink<>());
        client.putAll(producer);
        String prefix = letters + "-" + onFailure;
        decoded.getSideOutput(DeadLetter.OUTPUT).sinkTo(DeadLetterSink.of(new DeadLetterSink.Options(kafka.bootstrapServers(), letters, prefix, onFailure,
                Duration.ofMinutes(1), client))).name("Dead letters");
        JobGraph job = environment.getStreamGraph().getJobGraph();
        // A cluster of its own: that of a local environment may have ended, and its metrics gone, before they are read.
        try (MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder().setConfiguration(configuration).withRandomPorts().build())) {
            cluster.start();
            cluster.executeJobBlocking(job);
            return restarts > 0 ? -1 : notWritten(metrics, job.getJobID());
        }
    }

    private static long notWritten(InMemoryReporter metrics, JobID job) {
        assertThat(metrics.findMetrics(job, "Process.0.consumed").values()).as("messages that the job has read").isNotEmpty()
                .allSatisfy(metric -> assertThat(((Gauge<?>) metric).getValue()).isNotEqualTo(0L));
        Collection<Metric> counters = metrics.findMetrics(job, DeadLetterSink.NOT_WRITTEN).values();
        assertThat(counters).as("counters of the writer").isNotEmpty();
        return counters.stream().mapToLong(counter -> ((Counter) counter).getCount()).sum();
    }

    private void assertIsAbout(ConsumerRecord<byte[], byte[]> letter, byte[] value) {
        assertThat(letter.value()).isEqualTo(Arrays.copyOf(value, letter.value().length));
        assertThat(DeadLetterFormat.text(letter.headers(), DeadLetterFormat.LENGTH)).isEqualTo(Integer.toString(value.length));
        assertThat(DeadLetterFormat.text(letter.headers(), DeadLetterFormat.SHA256)).isEqualTo(DeadLetterFormat.sha256(value));
    }

    private ConsumerRecord<byte[], byte[]> onlyLetter() throws Exception {
        List<ConsumerRecord<byte[], byte[]>> all = letters(1);
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    private List<ConsumerRecord<byte[], byte[]>> letters() throws Exception {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        TopicReader.forEach(new KafkaConnection(kafka.bootstrapServers(), login("admin")), List.of(letters), all::add);
        return all;
    }

    /** The letters once there are so many: a busy broker shows the last transaction of a job some time after the job has ended. */
    private List<ConsumerRecord<byte[], byte[]>> letters(int expected) throws Exception {
        long deadlineNs = System.nanoTime() + Duration.ofMinutes(1).toNanos();
        List<ConsumerRecord<byte[], byte[]>> all = letters();
        while (all.size() < expected && System.nanoTime() < deadlineNs) {
            all = letters();
        }
        return all;
    }

    /** Waits until readers are shown all that was sent: a bounded job ends where the topic seems to end when it starts. */
    private void awaitSent() throws Exception {
        TopicPartition partition = new TopicPartition(events, 0);
        try (Admin admin = admin()) {
            CommonTestUtils.waitUntilCondition(() -> admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition).get()
                    .offset() >= sent, 20L);
        }
    }

    private void send(byte[] value, byte[] key, Header... headers) throws Exception {
        Map<String, String> settings = login("admin");
        settings.put("max.request.size", Integer.toString(EIGHT_MEGABYTES));
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(new KafkaConnection(kafka.bootstrapServers(), settings).client(Map.of()),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(events, 0, TIME_MS, key, value, List.of(headers))).get();
            sent++;
        }
    }

    private static void topic(String name, Map<String, String> settings) throws Exception {
        try (Admin admin = admin()) {
            EmbeddedKafka.createTopic(admin, name, 1, settings);
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
            CommonTestUtils.waitUntilCondition(() -> {
                Config seen = admin.describeConfigs(List.of(resource)).all().get().get(resource);
                return settings.entrySet().stream().allMatch(setting -> seen.get(setting.getKey()).value().equals(setting.getValue()));
            }, 20L);
        }
    }

    private static void allow(ResourceType type, String name, AclOperation operation) throws Exception {
        try (Admin admin = admin()) {
            admin.createAcls(List.of(new AclBinding(new ResourcePattern(type, name, PatternType.LITERAL),
                    new AccessControlEntry("User:exchange", "*", operation, AclPermissionType.ALLOW)))).all().get();
        }
    }

    private static Admin admin() {
        return Admin.create(new KafkaConnection(kafka.bootstrapServers(), login("admin")).client(Map.of()));
    }

    private static Map<String, String> login(String user) {
        Map<String, String> settings = new HashMap<>();
        settings.put("security.protocol", "SASL_PLAINTEXT");
        settings.put("sasl.mechanism", "PLAIN");
        settings.put("sasl.jaas.config", LOGIN.formatted(user) + ";");
        return settings;
    }

    /** Random bytes that are no event, the same each time. */
    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        bytes[0] = 'x';
        return bytes;
    }
}
