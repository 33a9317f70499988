package io.qaexchange.job.query.finance;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.instruments.Instruments;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The texts of {@code datadriven/bars}: {@code instruments} is followed by an instruments file, {@code bars WIDTH FILL ZONE} by rows
 * {@code INSTRUMENT TIME SOURCE#SEQUENCE PRICE VOLUME}; after {@code ----} come the bars, in local time. With {@code -Dtest.rewrite=true} the answers are written anew.
 */
class BarBuilderTest {

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final int ORDERS = 20;

    @ParameterizedTest
    @ValueSource(strings = {"clock", "sessions", "fill"})
    void makesTheBarsOfTheText(String name) throws Exception {
        Path file = Path.of("src/test/resources/datadriven/bars/" + name + ".txt");
        String text = Files.readString(file);
        String answered = answered(text);
        if (Boolean.getBoolean("test.rewrite")) {
            Files.writeString(file, answered);
        }
        assertThat(answered).isEqualTo(text);
    }

    private static String answered(String text) throws IOException {
        Instruments instruments = Instruments.defaults();
        StringBuilder answered = new StringBuilder();
        for (String part : text.strip().split("\n\n")) {
            String[] halves = part.split("\n----\n?", 2);
            List<String> lines = halves[0].lines().toList();
            int command = 0;
            while (lines.get(command).startsWith("#")) {
                command++;
            }
            List<String> input = lines.subList(command + 1, lines.size());
            answered.append(answered.isEmpty() ? "" : "\n").append(halves[0]).append("\n----\n");
            String[] words = lines.get(command).split(" ");
            switch (words[0]) {
                case "instruments" -> instruments = Instruments.parse("test", String.join("\n", input));
                case "bars" -> answered.append(bars(words, input, instruments));
                default -> throw new IllegalArgumentException("no such command: " + words[0]);
            }
        }
        return answered.toString();
    }

    private static String bars(String[] words, List<String> rows, Instruments instruments) {
        Granularity width = Granularity.parse(words[1]);
        Bars.Fill fill = Bars.Fill.valueOf(words[2].toUpperCase(Locale.ROOT));
        ZoneId zone = ZoneId.of(words[3]);
        String first = null;
        Random random = new Random(7);
        List<String> shuffled = new ArrayList<>(rows);
        for (int i = 0; i < ORDERS; i++) {
            String made = make(width, fill, zone, shuffled, instruments);
            assertThat(first == null ? made : first).as("bars do not depend on the order of rows").isEqualTo(made);
            first = made;
            Collections.shuffle(shuffled, random);
        }
        return first;
    }

    private static String make(Granularity width, Bars.Fill fill, ZoneId zone, List<String> rows, Instruments instruments) {
        BarBuilder builder = new BarBuilder(width, fill, instruments);
        for (String row : rows) {
            String[] parts = row.trim().split(" +");
            Instant time = OffsetDateTime.parse(parts[1]).toInstant();
            long ns = time.getEpochSecond() * NANOS_PER_SECOND + time.getNano();
            String[] identity = parts[2].split("#");
            double price = Double.parseDouble(parts[3]);
            double volume = Double.parseDouble(parts[4]);
            builder.add(parts[0], instruments.get(parts[0]).tradingDay(ns), ns, identity[0].getBytes(StandardCharsets.UTF_8), Long.parseLong(identity[1]),
                    price, volume);
        }
        StringBuilder text = new StringBuilder();
        DateTimeFormatter format = DateTimeFormatter.ofPattern("MM-dd HH:mm:ss", Locale.ROOT).withZone(zone);
        for (Bar bar : builder.finish()) {
            text.append(bar.instrument()).append(' ').append(bar.tradingDay()).append(' ').append(format.format(Instant.ofEpochSecond(bar.beginNs() / NANOS_PER_SECOND)))
                    .append("  ").append(String.join(" ", Arrays.asList("" + bar.open(), "" + bar.high(), "" + bar.low(), "" + bar.close())))
                    .append("  volume ").append(bar.volume()).append(" rows ").append(bar.rows()).append('\n');
        }
        return text.toString();
    }
}
