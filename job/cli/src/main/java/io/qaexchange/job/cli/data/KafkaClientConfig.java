package io.qaexchange.job.cli.data;

import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How commands reach a Kafka that wants more than an address. */
public final class KafkaClientConfig {

    @Option(names = "--command-config", paramLabel = "FILE",
            description = "Properties file for the Kafka client (SASL, TLS), as for Kafka's own tools.")
    private Path file;

    public KafkaConnection connection(String brokers) throws IOException {
        return file == null ? KafkaConnection.to(brokers) : KafkaConnection.to(brokers, file);
    }
}
