package io.qaexchange.job.cli.data;

import io.qaexchange.events.publish.EventPublisher;
import io.qaexchange.events.publish.PublisherOptions;
import io.qaexchange.events.replay.Replay;
import io.qaexchange.events.replay.ReplayException;
import io.qaexchange.events.replay.ReplayOptions;
import io.qaexchange.events.replay.ReplayReader;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/replay}. */
@Command(name = "replay", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Sends recorded market data to Kafka. Several files are merged by event time.",
                "File name and line number identify an event, so a file that is sent twice is stored once."},
        footer = {"", "Lines that are not events are reported on standard error as file:line and skipped.",
                "Exit code: 0 success; 1 no line was valid, or one was not and --strict is set; 2 the command could not run."})
public final class ReplayCommand implements Callable<Integer> {

    private static final Pattern ORDER_BOOK = Pattern.compile(".*_orderbook_\\d+\\.csv(\\.gz|\\.zst)?");

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "Recorded files. Files that end with .gz or .zst are decompressed.")
    private List<Path> files;
    @Option(names = "--format", required = true, description = "csv, jsonl (a JSON object per line), or lobster (LOBSTER message files; an order book "
            + "file beside one is read with it).")
    private String format;
    @Option(names = "--table", description = "Table whose columns the header of a csv file names: tick, trade, order_insert, …")
    private String table;
    @Option(names = "--speed", defaultValue = "max", paramLabel = "max|X",
            description = "max, or a multiple of the recorded speed, such as 1, 60 or 0.5. Default: ${DEFAULT-VALUE}.")
    private String speed;
    @Option(names = "--zone", defaultValue = "America/New_York", description = "Time zone of lobster files. Default: ${DEFAULT-VALUE}.")
    private String zone;
    @Option(names = "--brokers", defaultValue = "127.0.0.1:9092", description = "Bootstrap servers. Default: ${DEFAULT-VALUE}.")
    private String brokers;
    @Mixin
    private KafkaClientConfig client;
    @Option(names = "--topic", defaultValue = "events", description = "Topic. Default: ${DEFAULT-VALUE}.")
    private String topic;
    @Option(names = "--strict", description = "Stop at the first line that is not an event.")
    private boolean strict;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new ReplayCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        Replayer replayer = new Replayer(speed(), strict, System.err);
        try (ReplayReader reader = open()) {
            KafkaConnection kafka = client.connection(brokers);
            kafka.checkTopics(List.of(topic));
            PublisherOptions options = PublisherOptions.of(topic, brokers).withName("replay").withKafka("compression.type", "lz4");
            for (Map.Entry<String, String> property : kafka.properties().entrySet()) {
                options = options.withKafka(property.getKey(), property.getValue());
            }
            EventPublisher publisher = EventPublisher.open(options);
            try (publisher) {
                replayer.run(reader, publisher);
            }
            EventPublisher.Counts counts = publisher.counts();
            System.out.printf("sent %,d events; bad lines: %,d%s%n", counts.acknowledged(), replayer.badLines(),
                    reader.unknownKeys() == 0 ? "" : String.format("; keys without a column: %,d", reader.unknownKeys()));
            if (counts.failed() > 0) {
                throw new IOException(String.format("Kafka did not acknowledge %,d events", counts.failed()), publisher.firstFailure());
            }
        }
        boolean bad = replayer.badLines() > 0 && (strict || replayer.events() == 0);
        return bad ? Tool.BAD : Tool.GOOD;
    }

    private ReplayReader open() {
        try {
            ReplayOptions options = new ReplayOptions(ReplayOptions.Format.of(format), table, ZoneId.of(zone));
            List<Path> recorded = files;
            if (options.format() == ReplayOptions.Format.LOBSTER) {
                recorded = files.stream().filter(file -> !ORDER_BOOK.matcher(file.getFileName().toString()).matches()).toList();
                if (recorded.isEmpty()) {
                    throw new UsageException("order book files are read with their message files: name those");
                }
            }
            return Replay.open(recorded, options);
        } catch (IllegalArgumentException | DateTimeException | ReplayException e) {
            throw new UsageException(e.getMessage(), e);
        }
    }

    private double speed() {
        if (speed.equals("max")) {
            return Double.POSITIVE_INFINITY;
        }
        try {
            double factor = Double.parseDouble(speed);
            if (factor > 0 && Double.isFinite(factor)) {
                return factor;
            }
        } catch (NumberFormatException e) {
            throw new UsageException("--speed must be max or a number above 0, not " + speed, e);
        }
        throw new UsageException("--speed must be max or a number above 0, not " + speed);
    }
}
