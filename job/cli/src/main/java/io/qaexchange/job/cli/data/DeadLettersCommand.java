package io.qaexchange.job.cli.data;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.kafka.DeadLetterFormat;
import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/dead-letters}. */
@Command(name = "dead-letters", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Looks at refused messages: list them, count them by reason, show one, or send messages again after the producer was repaired.",
                "A message is sent again only once, however often the command runs. An event that is in the store already is a duplicate and changes nothing."},
        footer = {"", "  bin/dead-letters count", "  bin/dead-letters list --reason conflict",
                "  bin/dead-letters show --position events-0@17 > message", "  bin/dead-letters resend --position events-0@17 --value repaired",
                "", "Exit code: 0 good, 1 some messages could not be sent again, 2 it could not run."})
public final class DeadLettersCommand implements Callable<Integer> {

    private static final int SHOWN_BYTES = 60;

    @Parameters(paramLabel = "list|count|show|resend", description = "What to do.")
    private String action;
    @Option(names = "--reason", description = "Only letters with this reason.")
    private String reason;
    @Option(names = "--position", paramLabel = "TOPIC-PARTITION@OFFSET", description = "Only the letter about this message.")
    private String position;
    @Option(names = "--all", description = "resend: all letters; without it, say --reason or --position.")
    private boolean all;
    @Option(names = "--value", paramLabel = "FILE", description = "resend: send the bytes of this file instead of the message of --position.")
    private Path value;
    @Option(names = "--dry-run", description = "resend: count what would be sent, and send nothing.")
    private boolean dryRun;
    @Option(names = "--limit", paramLabel = "N", defaultValue = "100", description = "list: at most so many, the newest. Default: ${DEFAULT-VALUE}.")
    private int limit;
    @Option(names = "--brokers", defaultValue = "127.0.0.1:9092", description = "Bootstrap servers. Default: ${DEFAULT-VALUE}.")
    private String brokers;
    @Mixin
    private KafkaClientConfig client;
    @Option(names = "--topic", defaultValue = "dead-letters", description = "Dead-letter topic. Default: ${DEFAULT-VALUE}.")
    private String topic;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new DeadLettersCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        if (!List.of("list", "count", "show", "resend").contains(action)) {
            throw new UsageException("say list, count, show or resend, not " + action);
        }
        KafkaConnection kafka = client.connection(brokers);
        kafka.checkTopics(List.of(topic));
        DeadLetters letters = new DeadLetters(kafka, topic);
        return switch (action) {
            case "list" -> list(letters);
            case "count" -> count(letters);
            case "show" -> show(letters);
            default -> resend(letters);
        };
    }

    private boolean isWanted(DeadLetters.Letter letter) {
        return (reason == null || letter.text(DeadLetterFormat.REASON).equals(reason)) && (position == null || letter.position().equals(position));
    }

    private int list(DeadLetters letters) throws IOException {
        List<DeadLetters.Letter> wanted = letters.read().stream().filter(this::isWanted).toList();
        for (DeadLetters.Letter letter : wanted.subList(Math.max(0, wanted.size() - limit), wanted.size())) {
            System.out.println(letter.position() + "  " + letter.text(DeadLetterFormat.REASON) + ": " + letter.text(DeadLetterFormat.DETAIL));
            System.out.println("    " + letter.text(DeadLetterFormat.LENGTH) + " bytes" + (letter.isCut() ? ", the letter has " + letter.found().value().length : "")
                    + (letter.resent() == null ? "" : ", sent again at " + letter.resent()) + ": " + printable(letter.found().value()));
        }
        System.out.println(String.format(Locale.ROOT, "%,d letters%s", wanted.size(), wanted.size() > limit ? ", the newest " + limit + " are shown (--limit)" : ""));
        return Tool.GOOD;
    }

    private int count(DeadLetters letters) throws IOException {
        Map<String, long[]> byReason = new TreeMap<>();
        for (DeadLetters.Letter letter : letters.read()) {
            if (isWanted(letter)) {
                long[] counts = byReason.computeIfAbsent(letter.text(DeadLetterFormat.REASON), name -> new long[2]);
                counts[0]++;
                counts[1] += letter.resent() == null ? 0 : 1;
            }
        }
        System.out.printf(Locale.ROOT, "%-24s %12s %12s%n", "reason", "letters", "sent again");
        byReason.forEach((name, counts) -> System.out.printf(Locale.ROOT, "%-24s %,12d %,12d%n", name, counts[0], counts[1]));
        System.out.printf(Locale.ROOT, "%-24s %,12d %,12d%n", "all", byReason.values().stream().mapToLong(counts -> counts[0]).sum(),
                byReason.values().stream().mapToLong(counts -> counts[1]).sum());
        return Tool.GOOD;
    }

    private int show(DeadLetters letters) throws IOException {
        if (position == null) {
            throw new UsageException("show needs --position TOPIC-PARTITION@OFFSET (bin/dead-letters list names them)");
        }
        DeadLetters.Letter letter = letters.read().stream().filter(this::isWanted).findFirst()
                .orElseThrow(() -> new UsageException("there is no letter about " + position + " in topic " + topic));
        letter.found().headers().forEach(header -> System.err.println(header.key() + ": "
                + (header.value() == null ? "null" : printable(header.value()))));
        System.out.write(letter.found().value());
        System.out.flush();
        return Tool.GOOD;
    }

    private int resend(DeadLetters letters) throws IOException {
        if (!all && reason == null && position == null) {
            throw new UsageException("say which letters: --reason, --position or --all");
        }
        if (value != null && position == null) {
            throw new UsageException("--value replaces one message: say which with --position");
        }
        byte[] repaired = value == null ? null : Files.readAllBytes(value);
        DeadLetters.Outcome outcome = dryRun ? letters.plan(this::isWanted, repaired) : letters.resend(this::isWanted, repaired);
        outcome.problems().forEach(System.err::println);
        System.out.printf(Locale.ROOT, (dryRun ? "would be sent again" : "sent again") + ": %,d; sent again earlier: %,d; not sent: %,d%n", outcome.sent(), outcome.earlier(), outcome.problems().size());
        return outcome.problems().isEmpty() ? Tool.GOOD : Tool.BAD;
    }

    /** The first characters of a text; other bytes as dots. */
    private static String printable(byte[] bytes) {
        String text = new String(bytes, 0, Math.min(bytes.length, SHOWN_BYTES), StandardCharsets.UTF_8).replaceAll("[^\\x20-\\x7e]", ".");
        return bytes.length > SHOWN_BYTES ? text + "…" : text;
    }
}
