package io.qaexchange.job.cli.data;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.kafka.KafkaConnection;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/generate}. */
@Command(name = "generate", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Sends a generated trading day to Kafka, as the demo does, and prints what it was.",
        footer = {"", "Exit code: 0 good, 2 it could not run."})
public final class GenerateCommand implements Callable<Integer> {

    @Option(names = "--events", defaultValue = "100000", description = "Messages to send. Default: ${DEFAULT-VALUE}.")
    private long events;
    @Option(names = "--seed", defaultValue = "1", description = "Seed. Default: ${DEFAULT-VALUE}.")
    private long seed;
    @Option(names = "--rate", paramLabel = "N", description = "Messages per second. Default: as many as Kafka takes.")
    private Double rate;
    @Option(names = "--brokers", defaultValue = "127.0.0.1:9092", description = "Bootstrap servers. Default: ${DEFAULT-VALUE}.")
    private String brokers;
    @Mixin
    private KafkaClientConfig client;
    @Option(names = "--topic", defaultValue = "events", description = "Topic. Default: ${DEFAULT-VALUE}.")
    private String topic;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new GenerateCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        if (rate != null && !(rate > 0)) {
            throw new UsageException("--rate must be above 0, not " + rate);
        }
        KafkaConnection kafka = client.connection(brokers);
        kafka.checkTopics(List.of(topic));
        Feeder feeder = new Feeder(kafka, topic, seed, events);
        feeder.setRate(rate == null ? Double.POSITIVE_INFINITY : rate);
        EventGenerator generator = feeder.start().get();
        System.out.print(generator.summary());
        return Tool.GOOD;
    }
}
