package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * The broker that {@code bin/kafka} starts in a folder: its address in {@code kafka.ready} once it answers, and its Kafka cluster id in
 * {@code kafka.id}. Who answers at the address is asked for that id.
 *
 * @param folder the folder
 */
public record LocalBroker(Path folder) {

    private static final String READY = "kafka.ready";
    private static final String ID = "kafka.id";
    private static final int ANSWER_MS = 5_000;
    /** A broker that has just been started is ours; on a busy machine it takes its time. */
    private static final int FIRST_ANSWER_MS = 120_000;

    public static LocalBroker of(Path folder) {
        return new LocalBroker(folder.toAbsolutePath().normalize());
    }

    public boolean wasStarted() {
        return Files.exists(folder.resolve(READY));
    }

    /** Before a start. */
    void starts() throws IOException {
        Files.deleteIfExists(folder.resolve(READY));
    }

    /** The broker answers at that address. */
    void ready(String address) throws IOException, InterruptedException {
        Files.writeString(folder.resolve(ID), clusterId(address, FIRST_ANSWER_MS));
        Files.writeString(folder.resolve(READY), address);
    }

    /** Its address, as it was started. */
    public String address() throws IOException {
        return Files.readString(folder.resolve(READY)).strip();
    }

    /**
     * Its address, if it answers there.
     *
     * @throws UsageException if another broker answers there
     * @throws IOException if none does
     */
    public String connect() throws IOException, InterruptedException {
        return connect(2 * ANSWER_MS);
    }

    /** As {@link #connect()}, of a broker that has just been started: its clients of before all come back at once. */
    String connectFirst() throws IOException, InterruptedException {
        return connect(FIRST_ANSWER_MS);
    }

    private String connect(int patienceMs) throws IOException, InterruptedException {
        String address = address();
        if (Files.exists(folder.resolve(ID)) && !clusterId(address, patienceMs).equals(Files.readString(folder.resolve(ID)).strip())) {
            throw new UsageException("the Kafka broker that answers at " + address + " is not the one of " + folder
                    + ". Start that one on another port (bin/kafka start --dir " + Tool.shellWord(folder) + " --port N), or name the brokers: -- --brokers HOST:PORT");
        }
        return address;
    }

    private static String clusterId(String address, int patienceMs) throws IOException, InterruptedException {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, address, AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, patienceMs))) {
            return admin.describeCluster().clusterId().get(patienceMs, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("no Kafka broker answers at " + address + " (bin/kafka start starts the one of this folder)", e);
        }
    }
}
