package io.qaexchange.kafka;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Address of a Kafka cluster, and the settings of its clients, such as security.
 *
 * @param brokers bootstrap servers, {@code host:port,…}
 * @param properties passed to each client as they are
 */
public record KafkaConnection(String brokers, Map<String, String> properties) {

    private static final int ANSWER_MS = 10_000;

    public KafkaConnection {
        requireNonNull(brokers, "brokers");
        properties = Map.copyOf(properties);
    }

    /** A Kafka cluster that needs no client settings. */
    public static KafkaConnection to(String brokers) {
        return new KafkaConnection(brokers, Map.of());
    }

    /**
     * A Kafka whose settings stand in a properties file, as for the option {@code --command-config} of Kafka's own tools.
     *
     * @throws IOException if the file cannot be read
     */
    public static KafkaConnection to(String brokers, Path commandConfig) throws IOException {
        Properties settings = new Properties();
        try (Reader reader = Files.newBufferedReader(commandConfig)) {
            settings.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException("settings of the Kafka client cannot be read from " + commandConfig, e);
        }
        Map<String, String> properties = new HashMap<>();
        settings.stringPropertyNames().forEach(name -> properties.put(name, settings.getProperty(name)));
        return new KafkaConnection(brokers, properties);
    }

    /** Settings of a client: what the user says, and over that what the client needs. */
    public Map<String, Object> client(Map<String, Object> needed) {
        Map<String, Object> client = new HashMap<>(properties);
        client.putAll(needed);
        client.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        return client;
    }

    /**
     * Checks that Kafka answers and has these topics. A producer or consumer would wait for a minute or more before it fails.
     *
     * @throws IOException if not, with what to do
     */
    public void checkTopics(List<String> topics) throws IOException {
        Map<String, Object> patience = Map.of(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS / 2,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MS);
        try (Admin admin = Admin.create(client(patience))) {
            admin.describeTopics(topics).allTopicNames().get(2L * ANSWER_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking Kafka at " + brokers + " for its topics", e);
        } catch (ExecutionException e) {
            throw new IOException(explain(e.getCause(), topics), e.getCause());
        } catch (TimeoutException e) {
            throw new IOException(noAnswer(), e);
        } catch (ApiException e) {
            throw new IOException("the settings for Kafka at " + brokers + " cannot be used", e);
        }
    }

    private String explain(Throwable failure, List<String> topics) {
        if (failure instanceof UnknownTopicOrPartitionException) {
            return "Kafka at " + brokers + " has no topic " + String.join(" or ", topics);
        }
        if (failure instanceof org.apache.kafka.common.errors.TimeoutException) {
            return noAnswer();
        }
        return "Kafka at " + brokers + " refused the connection: pass its security settings in a properties file with --command-config";
    }

    private String noAnswer() {
        return "Kafka does not answer at " + brokers + " (start one with bin/kafka start; a cluster with TLS needs --command-config)";
    }
}
