package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.job.cli.data.ReplayCommand;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.stream.BoundedJob;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code bin/replay} against a real broker, and the job downstream of it. */
@Timeout(120)
class ReplayITCase {

    private static final Path EXAMPLES = Path.of("../../docs/examples");
    private static final String MESSAGES = "DEMO_2024-01-05_34200000_57600000_message_2.csv";

    @TempDir
    private Path folder;
    private EmbeddedKafka kafka;
    private PrintStream out;
    private PrintStream err;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream complained = new ByteArrayOutputStream();

    @BeforeEach
    void start() throws Exception {
        kafka = EmbeddedKafka.start(folder.resolve("kafka"));
        kafka.createTopic("events", 2);
        kafka.createTopic("dead-letters", 1);
        out = System.out;
        err = System.err;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void stop() {
        System.setOut(out);
        System.setErr(err);
        kafka.close();
    }

    @Test
    void storesAFileOnceThatIsReplayedTwice() throws Exception {
        long lines = Files.readAllLines(EXAMPLES.resolve(MESSAGES)).size();

        for (int run = 0; run < 2; run++) {
            assertThat(replay("--format", "lobster", EXAMPLES.resolve(MESSAGES).toString())).isEqualTo(Tool.GOOD);
        }
        assertThat(sent()).as("an event and a book for each line, twice").isEqualTo(4 * lines);
        BoundedJob.run(kafka, folder, 1);

        assertThat(deadLetters()).isZero();
        try (SqlTables tables = SqlTables.of(ManifestStore.of(new org.apache.flink.core.fs.Path(folder.resolve("archive").toUri())));
                Statement sql = tables.connection().createStatement()) {
            assertThat(number(sql, "SELECT (SELECT count(*) FROM order_insert) + (SELECT count(*) FROM order_update) + (SELECT count(*) FROM trade)"
                    + " + (SELECT count(*) FROM trading_status)")).isEqualTo(lines);
            assertThat(number(sql, "SELECT count(*) FROM book_snapshot")).isEqualTo(lines);
            assertThat(number(sql, "SELECT count(DISTINCT time_bucket(INTERVAL 30 minutes, event_time_us)) FROM trade WHERE kind = 'NORMAL'"))
                    .as("half hours of the session").isEqualTo(13);
            assertThat(number(sql, "SELECT count(*) FROM trade t WHERE kind = 'NORMAL' AND direction = 'SELL' AND price < (SELECT max(bids[1].price) "
                    + "FROM book_snapshot b WHERE b.sequence = t.sequence)")).as("executed sell orders below the best bid").isZero();
        }
    }

    @Test
    void namesBadLinesAndSkipsThem() throws Exception {
        Path file = Files.writeString(folder.resolve("ticks.csv"),
                "event_time,instrument,last_price\n1700000000000000000,A,1.5\nyesterday,A,2\n1700000001000000000,A,NaN\n1700000002000000000,A,2.5\n");

        assertThat(replay("--format", "csv", "--table", "tick", file.toString())).isEqualTo(Tool.GOOD);

        assertThat(sent()).isEqualTo(2);
        assertThat(complained.toString(StandardCharsets.UTF_8).lines()).hasSize(2)
                .anySatisfy(line -> assertThat(line).startsWith("ticks.csv:3: ")).anySatisfy(line -> assertThat(line).startsWith("ticks.csv:4: "));
        assertThat(printed.toString(StandardCharsets.UTF_8)).startsWith("sent 2 events; bad lines: 2");
    }

    @Test
    void stopsAtABadLineWhenStrict() throws Exception {
        Path file = Files.writeString(folder.resolve("ticks.jsonl"), """
                {"type":"tick","event_time":1700000000000000000,"instrument":"A","last_price":1}
                {"type":"tock"}
                {"type":"tick","event_time":1700000002000000000,"instrument":"A","last_price":3}
                """);

        assertThat(replay("--format", "jsonl", "--strict", file.toString())).isEqualTo(Tool.BAD);

        assertThat(sent()).as("events above the bad line").isEqualTo(1);
        assertThat(complained.toString(StandardCharsets.UTF_8)).startsWith("ticks.jsonl:2: ");
    }

    @Test
    void mergesFilesByTimeAtTheSpeedThatWasAskedFor() throws Exception {
        Path first = Files.writeString(folder.resolve("a.csv"), "event_time,instrument,last_price\n1700000000000000000,A,1\n1700000060000000000,A,3\n");
        Path second = Files.writeString(folder.resolve("b.csv"), "event_time,instrument,last_price\n1700000030000000000,A,2\n");
        long startedNs = System.nanoTime();

        assertThat(replay("--format", "csv", "--table", "tick", "--speed", "60", first.toString(), second.toString())).isEqualTo(Tool.GOOD);

        assertThat(System.nanoTime() - startedNs).as("a minute in a second").isGreaterThanOrEqualTo(1_000_000_000L);
        List<Double> prices = new java.util.ArrayList<>();
        var view = new io.qaexchange.events.EventView();
        TopicReader.forEach(KafkaConnection.to(kafka.bootstrapServers()), List.of("events"), message -> {
            view.wrap(message.value());
            prices.add(view.getDouble(view.recordType().field("last_price")));
        });
        assertThat(prices).containsExactly(1.0, 2.0, 3.0);
    }

    @Test
    void refusesTwoFilesOfOneName() throws Exception {
        Path other = Files.createDirectories(folder.resolve("other")).resolve("a.csv");
        String text = "event_time,instrument,last_price\n1700000000000000000,A,1\n";

        int code = replay("--format", "csv", "--table", "tick", Files.writeString(folder.resolve("a.csv"), text).toString(),
                Files.writeString(other, text).toString());

        assertThat(code).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("have the same name");
        assertThat(sent()).isZero();
    }

    private int replay(String... arguments) {
        CommandLine line = new CommandLine(new ReplayCommand());
        line.setExecutionExceptionHandler((exception, command, parsed) -> {
            System.err.println(exception.getMessage());
            return Tool.COULD_NOT_RUN;
        });
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--brokers";
        all[arguments.length + 1] = kafka.bootstrapServers();
        return line.execute(all);
    }

    private long sent() throws IOException {
        return count("events");
    }

    private long deadLetters() throws IOException {
        return count("dead-letters");
    }

    private long count(String topic) throws IOException {
        long[] count = new long[1];
        TopicReader.forEach(KafkaConnection.to(kafka.bootstrapServers()), List.of(topic), message -> count[0]++);
        return count[0];
    }

    private static long number(Statement sql, String query) throws Exception {
        try (ResultSet rows = sql.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
