package io.qaexchange.parquet.bar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.StoredEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.junit.jupiter.api.Test;

/** Bars in footers beside a naive program; all damage of their bytes. */
class FileBarsTest {

    private static final long BEGIN_NS = 1_767_575_000_000_000_000L;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long MINUTE_NS = 60 * SECOND_NS;
    private static final int DAY = 20260105;
    private static final Comparator<Row> ORDER = Comparator.comparingLong(Row::ns).thenComparing(Row::source).thenComparingLong(Row::sequence);

    /** A row; without a source its identity is its place in Kafka. A tick has no volume. */
    private record Row(String table, String instrument, long ns, String source, long sequence, double price, double volume) {
    }

    private static List<Row> rows(Random random, int count, int seconds) {
        return rows("trade", random, count, seconds);
    }

    private static List<Row> rows(String table, Random random, int count, int seconds) {
        boolean tick = table.equals("tick");
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String source = random.nextInt(4) == 0 ? "topic-3" : "s" + random.nextInt(3);
            rows.add(new Row(table, "合约" + random.nextInt(5), BEGIN_NS + (random.nextInt(2 * seconds) - seconds) * SECOND_NS / 2, source,
                    random.nextBoolean() ? i : Long.MAX_VALUE - i, random.nextInt(9_000) * 0.2,
                    tick ? 0 : random.nextInt(90) * 0.1));
        }
        return rows;
    }

    private static StoredEvent encode(Row row) {
        EventBuilder event = new EventBuilder().start(row.table()).instrument(row.instrument()).eventTime(row.ns()).tradingDay(DAY);
        if (row.table().equals("trade")) {
            event.set("price", row.price()).set("volume", row.volume()).set("direction", "BUY").set("offset", "OPEN").set("trade_id", "t").set("kind", "NORMAL").set("order_id", "o")
                    .set("account", "a");
        } else {
            event.set("last_price", row.price());
        }
        if (!row.source().startsWith("topic")) {
            event.identity(row.source(), row.sequence());
        }
        return new StoredEvent().wrap(StoredEvent.encode(event.build(), new Arrival(row.ns(), "topic", 3, row.sequence())));
    }

    @Nullable
    private static String text(List<Row> rows) {
        FileBarsBuilder builder = FileBarsBuilder.of(EventSchema.get().table(rows.get(0).table()));
        rows.forEach(row -> builder.add(encode(row), DAY));
        return builder.texts().get(60);
    }

    private static Map<String, List<String>> naive(List<Row> rows) {
        return naive(rows, MINUTE_NS);
    }

    private static Map<String, List<String>> naive(List<Row> rows, long widthNs) {
        Map<String, List<String>> bars = new TreeMap<>();
        Map<String, Map<Long, List<Row>>> minutes = new TreeMap<>();
        rows.stream().sorted(ORDER).forEach(row -> minutes.computeIfAbsent(row.instrument(), none -> new TreeMap<>())
                .computeIfAbsent(Math.floorDiv(row.ns(), widthNs), none -> new ArrayList<>()).add(row));
        minutes.forEach((instrument, each) -> bars.put(instrument, each.entrySet().stream().map(entry -> {
            List<Row> of = entry.getValue();
            Row first = of.get(0);
            Row last = of.get(of.size() - 1);
            return String.format("%d %s %s#%d %s#%d %.1f %.1f %.1f %.1f %.6f %.6f", entry.getKey() * widthNs, of.size(), first.source(), first.sequence(), last.source(),
                    last.sequence(), first.price(), of.stream().mapToDouble(Row::price).max().orElseThrow(), of.stream().mapToDouble(Row::price).min().orElseThrow(), last.price(),
                    of.stream().mapToDouble(Row::volume).sum(),
                    of.stream().mapToDouble(row -> row.volume() * row.price()).sum());
        }).toList()));
        return bars;
    }

    private static Map<String, List<String>> shown(FileBars bars) {
        return bars.byInstrument().entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().stream().map(minute -> {
            PartialBar bar = minute.bar();
            return String.format("%d %s %s#%d %s#%d %.1f %.1f %.1f %.1f %.6f %.6f", minute.beginNs(), bar.rows(), new String(bar.first().source(), StandardCharsets.UTF_8),
                    bar.first().sequence(), new String(bar.last().source(), StandardCharsets.UTF_8), bar.last().sequence(), bar.open(), bar.high(), bar.low(), bar.close(), bar.volume(),
                    bar.turnover());
        }).toList(), (a, b) -> a, TreeMap::new));
    }

    @Test
    void areThoseOfANaiveProgramInAnyOrderOfRows() throws IOException {
        Random random = new Random(5);
        for (int round = 0; round < 50; round++) {
            List<Row> rows = rows(round % 2 == 0 ? "trade" : "tick", random, 1_000 + random.nextInt(2_000), 60 + random.nextInt(240));
            FileBars bars = FileBars.parse(text(rows));
            assertThat(shown(bars)).isEqualTo(naive(rows));
            assertThat(bars.tradingDay()).isEqualTo(DAY);
            assertThat(bars.size()).isEqualTo(naive(rows).values().stream().mapToInt(List::size).sum());
            assertThat(bars.rows()).isEqualTo(rows.size());
            Collections.shuffle(rows, random);
            assertThat(shown(FileBars.parse(text(rows)))).isEqualTo(shown(bars));
        }
    }

    /** Of any width, of days in turns, with instruments and minutes in turns; those that were taken do not come again. */
    @Test
    void ofRowsThatAreInNoFileTheyAreThoseOfANaiveProgram() throws IOException {
        Random random = new Random(9);
        for (int seconds : new int[] {1, 7, 60, 3_600}) {
            for (String table : List.of("trade", "tick")) {
                PartialBars bars = new PartialBars(EventSchema.get().table(table), BarTable.find(table), seconds);
                for (int round = 0; round < 3; round++) {
                    List<Row> rows = rows(table, random, 1_500, 200);
                    Map<Integer, List<Row>> byDay = new TreeMap<>();
                    for (Row row : rows) {
                        int day = DAY + random.nextInt(2);
                        byDay.computeIfAbsent(day, none -> new ArrayList<>()).add(row);
                        bars.add(encode(row), day);
                    }
                    int size = bars.size();
                    List<byte[]> taken = bars.take();
                    assertThat(taken).hasSize(2);
                    assertThat(bars.size()).isZero();
                    for (byte[] bytes : taken) {
                        FileBars ofDay = FileBars.read(bytes);
                        size -= ofDay.size();
                        assertThat(ofDay.widthSeconds()).isEqualTo(seconds);
                        assertThat(shown(ofDay)).isEqualTo(naive(byDay.get(ofDay.tradingDay()), seconds * SECOND_NS));
                    }
                    assertThat(size).isZero();
                }
            }
        }
    }

    @Test
    void addedUpTheyAreTheBarsOfAllRows() throws IOException {
        List<Row> rows = rows(new Random(6), 4_000, 30);
        Map<String, PartialBar> parts = new TreeMap<>();
        for (List<Row> part : List.of(rows.subList(2_500, 4_000), rows.subList(0, 1_000), rows.subList(1_000, 2_500))) {
            FileBars.parse(text(part)).byInstrument().forEach((instrument, minutes) -> minutes.forEach(minute -> parts
                    .computeIfAbsent(instrument + minute.beginNs(), none -> new PartialBar()).add(minute.bar())));
        }
        FileBars.parse(text(rows)).byInstrument().forEach((instrument, minutes) -> minutes.forEach(minute -> {
            PartialBar sum = parts.get(instrument + minute.beginNs());
            assertThat(sum).usingRecursiveComparison().ignoringFields("volume", "turnover").isEqualTo(minute.bar());
            assertThat(sum.volume()).isEqualTo(minute.bar().volume());
            assertThat(sum.turnover()).isEqualTo(minute.bar().turnover());
        }));
    }

    @Test
    void areNotKeptIfTheyAreNotWorthItOrOfSeveralDays() {
        List<Row> rows = rows(new Random(7), 200, 20);
        assertThat(text(rows)).isNotNull();
        List<Row> spread = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            spread.add(new Row("trade", row.instrument(), row.ns() + i / 10 * MINUTE_NS, row.source(), row.sequence(), 1.0, 1.0));
        }
        assertThat(text(spread)).as("bars of few rows").isNull();
        assertThat(FileBarsBuilder.of(EventSchema.get().table("trade")).texts()).as("no rows").isEmpty();
        FileBarsBuilder days = FileBarsBuilder.of(EventSchema.get().table("trade"));
        rows.forEach(row -> days.add(encode(row), DAY));
        days.add(encode(rows.get(0)), DAY + 1);
        assertThat(days.texts()).isEmpty();
        assertThat(FileBarsBuilder.of(EventSchema.get().table("order_insert"))).isNull();
    }

    /** Bars of a width are there from {@link FileBarsBuilder#LEAST_ROWS} rows a bar on, in files of any length. */
    @Test
    void haveTheWidthsThatAreWorthIt() throws IOException {
        assertThat(widths(3_000, 40_000)).containsExactly(3_600);
        assertThat(widths(6_000, 20_000)).containsExactly(900, 3_600);
        assertThat(widths(6_000, 1_000)).containsExactly(60, 900, 3_600);
        assertThat(widths(250_000, 300_000)).containsExactly(900, 3_600);
        assertThat(widths(250_000, 3_000_000)).containsExactly(3_600);
        assertThat(widths(250_000, 30_000_000)).isEmpty();
        assertThat(widths(700_000, 240_000)).as("20,000 bars of a minute would make the footer too long").containsExactly(900, 3_600);
    }

    private static Set<Integer> widths(int count, int seconds) throws IOException {
        List<Row> rows = rows(new Random(count), count, seconds);
        FileBarsBuilder builder = FileBarsBuilder.of(EventSchema.get().table("trade"));
        rows.forEach(row -> builder.add(encode(row), DAY));
        for (Map.Entry<Integer, String> text : builder.texts().entrySet()) {
            FileBars bars = FileBars.parse(text.getValue());
            assertThat(bars.widthSeconds()).isEqualTo(text.getKey());
            assertThat(shown(bars)).isEqualTo(naive(rows, text.getKey() * SECOND_NS));
        }
        return builder.texts().keySet();
    }

    @Test
    void noDamageOfABytePasses() throws IOException {
        String text = text(rows(new Random(8), 400, 60));
        Map<String, List<String>> right = shown(FileBars.parse(text));
        byte[] bytes = Base64.getDecoder().decode(text);
        Random random = new Random(9);
        for (int i = 0; i < bytes.length; i++) {
            byte[] damaged = bytes.clone();
            damaged[i] ^= 1 << random.nextInt(8);
            assertThatThrownBy(() -> FileBars.parse(Base64.getEncoder().encodeToString(damaged))).as("byte " + i).isInstanceOf(IOException.class);
            String torn = Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(bytes, i));
            assertThatThrownBy(() -> FileBars.parse(torn)).as("the first " + i + " bytes").isInstanceOf(IOException.class);
        }
        for (int i = 0; i < text.length(); i++) {
            String damaged = text.substring(0, i) + (char) (text.charAt(i) ^ 1 << random.nextInt(7)) + text.substring(i + 1);
            try {
                assertThat(shown(FileBars.parse(damaged))).as("character " + i).isEqualTo(right);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("the bars");
            }
        }
    }
}
