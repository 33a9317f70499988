package io.qaexchange.job.tool;

import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How commands reach a Kafka that wants more than an address. */
final class KafkaClientConfig {

    @Option(names = "--command-config", paramLabel = "FILE",
            description = "Properties file for the Kafka client (SASL, TLS), as for Kafka's own tools.")
    private Path file;

    KafkaConnection connection(String brokers) throws IOException {
        return file == null ? KafkaConnection.to(brokers) : KafkaConnection.to(brokers, file);
    }
}
