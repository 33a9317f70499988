package io.qaexchange.broker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import javax.annotation.Nullable;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * A Kafka broker with its controller inside this process, for demos and tests: one node, KRaft, loopback only, plain text unless
 * settings say otherwise.
 *
 * <p>An empty folder is formatted. A broker that is started again on a folder still has its topics. Messages are kept until the folder is
 * deleted, whatever their time is: Kafka's default of seven days would delete the messages of an older trading day soon after they came.
 *
 * <p>Thread-safe; {@link #close()} waits until the broker has stopped.
 */
public final class EmbeddedKafka implements AutoCloseable {

    /** Name of the listener for clients. */
    public static final String LISTENER = "CLIENTS";
    private static final String LOOPBACK = "127.0.0.1";
    private static final int ATTEMPTS = 5;
    private static final Duration LEADERS_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration LEADERS_RETRY = Duration.ofMillis(20);
    private static final String META_PROPERTIES = "meta.properties";

    private final KafkaRaftServer server;
    private final String bootstrapServers;
    /** By which the broker opens its folder, or null if it opens it by its name. */
    @Nullable
    private final Path link;

    private EmbeddedKafka(KafkaRaftServer server, String bootstrapServers, @Nullable Path link) {
        this.server = server;
        this.bootstrapServers = bootstrapServers;
        this.link = link;
    }

    /**
     * Starts a broker that keeps its data in {@code folder}, on a free port.
     *
     * @throws IOException if the folder cannot be used or the broker does not come up
     */
    public static EmbeddedKafka start(Path folder) throws IOException {
        return start(folder, Map.of());
    }

    /** As {@link #start(Path)}, with further settings of the broker, which win; its listener for clients is {@link #LISTENER}. */
    public static EmbeddedKafka start(Path folder, Map<String, String> settings) throws IOException {
        return start(folder, settings, () -> FreePorts.find(2));
    }

    /** Finds ports for clients and controller. */
    @FunctionalInterface
    interface Ports {
        List<Integer> find() throws IOException;
    }

    /** A port that was free may be somebody else's by the time that the broker listens. */
    static EmbeddedKafka start(Path folder, Map<String, String> settings, Ports free) throws IOException {
        for (int attempt = 1;; attempt++) {
            List<Integer> ports = free.find();
            try {
                return start(folder, ports.get(0), ports.get(1), settings);
            } catch (IOException e) {
                if (attempt == ATTEMPTS || !isTakenPort(e)) {
                    throw e;
                }
            }
        }
    }

    private static boolean isTakenPort(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return true;
            }
        }
        return false;
    }

    /** As {@link #start(Path)}, on given ports for clients and controller. */
    public static EmbeddedKafka start(Path folder, int port, int controllerPort) throws IOException {
        return start(folder, port, controllerPort, Map.of());
    }

    private static EmbeddedKafka start(Path folder, int port, int controllerPort, Map<String, String> settings) throws IOException {
        Files.createDirectories(folder);
        Path link = null;
        KafkaRaftServer server = null;
        try {
            // Kafka's setting is a list, which it splits and strips.
            link = isOneEntryOfAList(folder) ? null : Files.createSymbolicLink(Files.createTempDirectory("broker").resolve("data"), folder.toAbsolutePath());
            Path data = link == null ? folder : link;
            if (!Files.exists(folder.resolve(META_PROPERTIES))) {
                new Formatter().setClusterId(Uuid.randomUuid().toString()).setNodeId(1).setControllerListenerName("CONTROLLER")
                        .setMetadataLogDirectory(data.toString()).addDirectory(data.toString())
                        .setReleaseVersion(MetadataVersion.latestProduction())
                        .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)).run();
            }
            Map<String, Object> config = config(data, port, controllerPort);
            config.putAll(settings);
            server = new KafkaRaftServer(new KafkaConfig(config), Time.SYSTEM);
            server.startup();
            return new EmbeddedKafka(server, LOOPBACK + ":" + port, link);
        } catch (Exception e) {
            if (server != null) {
                // Else its threads would stay, with the folder in use.
                server.shutdown();
                server.awaitShutdown();
            }
            delete(link);
            throw new IOException("the Kafka broker did not start in " + folder + " on port " + port + ": " + e.getMessage(), e);
        }
    }

    /** {@code host:port} of the broker. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    /**
     * Creates a topic with one replica, and waits until it takes records.
     *
     * @throws IOException if it exists or cannot be created
     */
    public void createTopic(String topic, int partitions) throws IOException {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            createTopic(admin, topic, partitions);
        }
    }

    /**
     * As {@link #createTopic(String, int)}, for clients that need settings of their own.
     *
     * <p>A new topic may not have a leader yet. If the broker refused the first batch of a producer and accepted the second, the first
     * could not be sent again, because its sequence numbers would be out of order.
     */
    public static void createTopic(Admin admin, String topic, int partitions) throws IOException {
        createTopic(admin, topic, partitions, Map.of());
    }

    /** As {@link #createTopic(Admin, String, int)}, with settings of the topic. */
    public static void createTopic(Admin admin, String topic, int partitions, Map<String, String> settings) throws IOException {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        }
        try {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(settings))).all().get();
            awaitLeaders(admin, ends);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while creating topic " + topic, e);
        } catch (ExecutionException e) {
            throw new IOException("topic " + topic + " was not created: " + e.getCause().getMessage(), e.getCause());
        }
    }

    /** Only the leader of a partition says where it ends; for a moment the broker may not know the topic either. */
    private static void awaitLeaders(Admin admin, Map<TopicPartition, OffsetSpec> ends) throws InterruptedException, ExecutionException {
        long deadlineNs = System.nanoTime() + LEADERS_TIMEOUT.toNanos();
        while (true) {
            try {
                admin.listOffsets(ends).all().get();
                return;
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof RetriableException) || System.nanoTime() > deadlineNs) {
                    throw e;
                }
                Thread.sleep(LEADERS_RETRY.toMillis());
            }
        }
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
        try {
            delete(link);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOneEntryOfAList(Path folder) {
        String path = folder.toString();
        return path.indexOf(',') < 0 && path.equals(path.strip());
    }

    private static void delete(@Nullable Path link) throws IOException {
        if (link != null) {
            Files.deleteIfExists(link);
            Files.deleteIfExists(link.getParent());
        }
    }

    private static Map<String, Object> config(Path folder, int port, int controllerPort) {
        Map<String, Object> config = new HashMap<>();
        config.put("process.roles", "broker,controller");
        config.put("node.id", "1");
        config.put("controller.quorum.voters", "1@" + LOOPBACK + ":" + controllerPort);
        config.put("controller.listener.names", "CONTROLLER");
        config.put("listeners", LISTENER + "://" + LOOPBACK + ":" + port + ",CONTROLLER://" + LOOPBACK + ":" + controllerPort);
        config.put("listener.security.protocol.map", LISTENER + ":PLAINTEXT,CONTROLLER:PLAINTEXT");
        config.put("inter.broker.listener.name", LISTENER);
        config.put("log.dirs", folder.toString());
        config.put("auto.create.topics.enable", "false");
        config.put("offsets.topic.replication.factor", "1");
        config.put("offsets.topic.num.partitions", "1");
        config.put("transaction.state.log.replication.factor", "1");
        config.put("transaction.state.log.min.isr", "1");
        config.put("transaction.state.log.num.partitions", "1");
        config.put("share.coordinator.state.topic.replication.factor", "1");
        config.put("share.coordinator.state.topic.min.isr", "1");
        config.put("group.initial.rebalance.delay.ms", "0");
        config.put("log.retention.ms", "-1");
        return config;
    }
}
