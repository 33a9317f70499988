package io.qaexchange.job.cli.data;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.kafka.KafkaConnection;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/generate}. */
@Command(name = "generate", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Sends a generated trading day to Kafka, as the demo does, and prints a summary.",
                "With --from now it is a market that is open now: events have the time of the clock and come until Ctrl-C, --for or --events."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
public final class GenerateCommand implements Callable<Integer> {

    private static final long DAY_MESSAGES = 100_000;
    private static final double LIVE_RATE = 100;
    private static final long PROGRESS_SECONDS = 5;
    private static final long STOP_SECONDS = 20;

    @Option(names = "--events", paramLabel = "N", description = "Messages to send. Default: 100000; with --from now without end.")
    private Long events;
    @Option(names = "--seed", defaultValue = "1", description = "Seed. Default: ${DEFAULT-VALUE}.")
    private long seed;
    @Option(names = "--day", paramLabel = "YYYY-MM-DD", description = "Trading day. Default: 2026-01-06.")
    private String day;
    @Option(names = "--from", paramLabel = "now", description = "now: a live market, with the time of the clock, whose names are new at each start.")
    private String from;
    @Option(names = "--for", paramLabel = "DURATION", description = "Stop after that time: 60s, \"5 min\".")
    private String duration;
    @Option(names = "--rate", paramLabel = "N", description = "Messages per second. Default: as many as Kafka takes; with --from now 100.")
    private Double rate;
    @Option(names = "--clean", description = "Without copies (1%%), late events (1%%), conflicts (0.05%%) and broken messages (0.05%%).")
    private boolean clean;
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
        if (from != null && !from.equals("now")) {
            throw new UsageException("--from must be now, not " + from);
        }
        if (from != null && day != null) {
            throw new UsageException("--day and --from now exclude each other: a live market has the day of the clock");
        }
        if (events != null && events < EventGenerator.MIN_MESSAGES) {
            throw new UsageException("--events must be at least " + EventGenerator.MIN_MESSAGES + ", not " + events);
        }
        boolean live = from != null;
        double perSecond = rate != null ? rate : live ? LIVE_RATE : Double.POSITIVE_INFINITY;
        long endNs = duration == null ? Long.MAX_VALUE : System.nanoTime() + duration().toNanos();
        KafkaConnection kafka = client.connection(brokers);
        EventGenerator generator = generator(live, perSecond);
        kafka.checkTopics(List.of(topic));
        Feeder feeder = new Feeder(kafka, topic, generator);
        feeder.setRate(perSecond);
        CompletableFuture<EventGenerator> sending = feeder.start();
        Thread summary = new Thread(() -> summarize(feeder, sending, System.out), "summary at the end");
        Runtime.getRuntime().addShutdownHook(summary);
        await(feeder, sending, live, endNs);
        Runtime.getRuntime().removeShutdownHook(summary);
        System.out.print(sending.get().summary());
        return Tool.GOOD;
    }

    private EventGenerator generator(boolean live, double perSecond) {
        long messages = events != null ? events : live ? Long.MAX_VALUE : DAY_MESSAGES;
        return live ? EventGenerator.live(seed, messages, Clock.systemUTC(), perSecond, !clean) : EventGenerator.ofDay(seed, messages, day(), !clean);
    }

    /** Waits until all is sent or the time is over. */
    private static void await(Feeder feeder, CompletableFuture<EventGenerator> sending, boolean live, long endNs) throws Exception {
        long before = 0;
        while (!sending.isDone()) {
            long leftNs = endNs - System.nanoTime();
            if (leftNs <= 0) {
                feeder.stop();
                sending.get(STOP_SECONDS, TimeUnit.SECONDS);
                return;
            }
            try {
                sending.get(Math.min(leftNs, TimeUnit.SECONDS.toNanos(PROGRESS_SECONDS)), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                if (live && System.nanoTime() < endNs) {
                    System.err.printf(Locale.ROOT, "sent %,d messages, %.0f/s%n", feeder.sent(), (feeder.sent() - before) / (double) PROGRESS_SECONDS);
                    before = feeder.sent();
                }
            }
        }
    }

    /** After Ctrl-C: the messages that were sent are acknowledged, and the table of them is printed. */
    private static void summarize(Feeder feeder, CompletableFuture<EventGenerator> sending, PrintStream out) {
        feeder.stop();
        try {
            out.print(sending.get(STOP_SECONDS, TimeUnit.SECONDS).summary());
        } catch (ExecutionException | TimeoutException e) {
            System.err.println("generate: Kafka did not acknowledge all messages: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        out.flush();
    }

    private LocalDate day() {
        try {
            return day == null ? EventGenerator.TRADING_DAY : LocalDate.parse(day);
        } catch (DateTimeParseException e) {
            throw new UsageException("--day must be a date such as 2026-01-06, not " + day, e);
        }
    }

    private Duration duration() {
        try {
            return TimeUtils.parseDuration(duration);
        } catch (IllegalArgumentException e) {
            throw new UsageException("--for must be a duration such as 60s or \"5 min\", not " + duration, e);
        }
    }
}
