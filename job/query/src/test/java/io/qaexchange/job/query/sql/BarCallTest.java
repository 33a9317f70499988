package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bars of SQL beside a naive program, on few times so that many rows share one, with one thread and with several. */
class BarCallTest {

    private static final long BEGIN_NS = 1_767_575_000_000_000_000L;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int TRADING_DAY = 20260105;
    private static final int ROWS = 400;
    private static final int SECONDS = 60;
    private static final Comparator<Row> ORDER = Comparator.comparingLong(Row::ns).thenComparing(Row::source).thenComparingLong(Row::sequence);

    @TempDir
    private Path folder;
    private MemoryRows rows;
    private final Map<String, List<Row>> all = new HashMap<>();

    /** A row; price is the last price of a tick, and what side is of a delta. */
    private record Row(String instrument, long ns, String source, long sequence, double price, double volume, String side) {
        String id() {
            return instrument + " " + ns + " " + source + "#" + sequence;
        }
    }

    @BeforeEach
    void generate() throws Exception {
        rows = new MemoryRows(folder, Instruments.defaults());
        Random random = new Random(11);
        Map<String, Long> sequences = new HashMap<>();
        for (String table : List.of("trade", "tick", "book_snapshot", "book_delta")) {
            List<byte[]> cold = new ArrayList<>();
            for (int i = 0; i < ROWS; i++) {
                String source = random.nextBoolean() ? "x" : "y";
                Row row = new Row("i" + random.nextInt(3), BEGIN_NS + random.nextInt(SECONDS) * SECOND_NS, source, random.nextInt(1_000) * 1_000L
                        + sequences.merge(source, 1L, Long::sum), 10 + random.nextInt(5), 1 + random.nextInt(9), random.nextBoolean() ? "BID" : "ASK");
                double volume = table.equals("book_delta") && random.nextInt(4) == 0 ? 0 : row.volume();
                Row stored = new Row(row.instrument(), row.ns(), source, row.sequence(), row.price(), volume, row.side());
                all.computeIfAbsent(table, name -> new ArrayList<>()).add(stored);
                byte[] bytes = encode(table, stored);
                if (random.nextBoolean()) {
                    rows.addHot(bytes);
                } else {
                    cold.add(bytes);
                }
            }
            rows.addFile(EventSchema.get().table(table), TRADING_DAY, cold);
        }
    }

    private static byte[] encode(String table, Row row) {
        EventBuilder event = new EventBuilder().start(table).instrument(row.instrument()).eventTime(row.ns()).identity(row.source(), row.sequence())
                .tradingDay(TRADING_DAY);
        switch (table) {
            case "trade" -> event.set("price", row.price()).set("volume", row.volume()).set("direction", "BUY").set("offset", "OPEN").set("trade_id", row.id()).set("kind", "NORMAL")
                    .set("order_id", "o").set("account", "a");
            case "tick" -> event.set("last_price", row.price());
            case "book_snapshot" -> {
                event.addLevel("bids", row.price() - 1, row.volume()).addLevel("bids", row.price() - 2, 5);
                event.addLevel("asks", row.price() + 1, row.volume() + 1);
            }
            default -> event.set("side", row.side()).set("price", row.price()).set("volume", row.volume());
        }
        return StoredEvent.encode(event.build(), new Arrival(row.ns(), "events", 0, row.sequence()));
    }

    private List<Row> sorted(String table, String instrument) {
        return all.get(table).stream().filter(row -> row.instrument().equals(instrument)).sorted(ORDER).toList();
    }

    private static final List<String> INSTRUMENTS = List.of("i0", "i1", "i2");

    @Test
    void barsAreThoseOfANaiveProgram() throws Exception {
        for (int width : new int[] {1, 7 * 60, 10, 60}) {
            if (86_400 % width != 0) {
                continue;
            }
            List<String> expected = new ArrayList<>();
            for (String instrument : INSTRUMENTS) {
                Map<Long, List<Row>> slots = new TreeMap<>();
                sorted("trade", instrument).forEach(row -> slots.computeIfAbsent(Math.floorDiv(row.ns(), width * SECOND_NS), slot -> new ArrayList<>()).add(row));
                slots.forEach((slot, of) -> expected.add(String.format(Locale.ROOT, "%s %d %.3f %.3f %.3f %.3f %.3f %d", instrument, slot * width,
                        of.get(0).price(), of.stream().mapToDouble(Row::price).max().orElseThrow(), of.stream().mapToDouble(Row::price).min().orElseThrow(),
                        of.get(of.size() - 1).price(), of.stream().mapToDouble(Row::volume).sum(), of.size())));
            }
            assertThat(query("SELECT printf('%s %d %.3f %.3f %.3f %.3f %.3f %d', instrument, epoch_us(bar) // 1000000, open, high, low, close, volume, rows) FROM bars('trade', INTERVAL "
                    + width + " seconds) ORDER BY instrument, bar")).isEqualTo(expected);
            assertThat(query("WITH b AS (FROM bars('trade', '" + width + "s')) SELECT count(*)::VARCHAR FROM b")).containsExactly("" + expected.size());
        }
    }

    @Test
    void barsOfOneInstrumentAndTimeAreThoseOfAll() throws Exception {
        String columns = "SELECT instrument || ' ' || bar || ' ' || open || ' ' || close || ' ' || rows FROM ";
        String since = "make_timestamp_ns(" + (BEGIN_NS + 20 * SECOND_NS) + ")::TIMESTAMPTZ_NS";
        List<String> some = query(columns + "bars('trade', INTERVAL 10 seconds) WHERE instrument = 'i1' AND bar >= '2026-01-05 01:03:40+00' AND bar < '2026-01-05 01:04:00+00' ORDER BY bar");
        assertThat(some).hasSize(2).isEqualTo(query(columns + "(SELECT * FROM bars('trade', INTERVAL 10 seconds)) WHERE instrument = 'i1' "
                + "AND bar >= '2026-01-05 01:03:40+00' AND bar < '2026-01-05 01:04:00+00' ORDER BY bar"));
        assertThat(query(columns + "bars('trade', '10s', since := " + (BEGIN_NS + 20 * SECOND_NS) + ") b ORDER BY 1"))
                .isEqualTo(query(columns + "(SELECT instrument, time_bucket(INTERVAL 10 seconds, event_time_us) AS bar, arg_min(price, (event_time, source, sequence)) AS open, "
                        + "arg_max(price, (event_time, source, sequence)) AS close, count(*) AS rows FROM trade WHERE event_time >= " + since + " GROUP BY 1, 2) ORDER BY 1"));
        assertThat(query("SELECT b.bar::VARCHAR FROM bars('trade', '1d') b JOIN latest('trade') l USING (instrument) WHERE b.instrument = 'i0'"))
                .containsExactly("2026-01-05");
        assertThat(query("SELECT count(*)::VARCHAR FROM kline('trade', 4)")).isEqualTo(query("SELECT count(*)::VARCHAR FROM bars('trade', INTERVAL 1 minute)"));
    }

    @Test
    void saysWhichArgumentIsWrong() {
        assertThatThrownBy(() -> query("FROM bars('trade')")).isInstanceOf(WrongSqlException.class).hasMessageContaining("a table and a width");
        assertThatThrownBy(() -> query("FROM bars('order_insert', '1m')")).isInstanceOf(WrongSqlException.class).hasMessageContaining("order_insert");
        assertThatThrownBy(() -> query("FROM bars('trade', '7m')")).isInstanceOf(WrongSqlException.class);
        assertThatThrownBy(() -> query("FROM bars('trade', (SELECT '1m'))")).isInstanceOf(WrongSqlException.class).hasMessageContaining("constant");
        assertThatThrownBy(() -> query("FROM bars('trade', '1m', fill := 'zero')")).isInstanceOf(WrongSqlException.class).hasMessageContaining("zero");
        assertThatThrownBy(() -> query("FROM bars('trade', '1m', until := 'soon')")).isInstanceOf(WrongSqlException.class).hasMessageContaining("soon");
        assertThatThrownBy(() -> query("FROM kline('trade', 5000)")).isInstanceOf(WrongSqlException.class).hasMessageContaining("5000");
    }

    /** The first column, with one thread and with four. */
    private List<String> query(String sql) throws Exception {
        List<String> one = query(sql, 1);
        assertThat(query(sql, 4)).as(sql).isEqualTo(one);
        return one;
    }

    private List<String> query(String sql, int threads) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse(sql);
            try (Statement statement = tables.connection().createStatement()) {
                statement.execute("SET threads = " + threads);
                tables.load(rows, query);
                List<String> found = new ArrayList<>();
                try (ResultSet result = statement.executeQuery(query.text())) {
                    while (result.next()) {
                        found.add(result.getString(1));
                    }
                }
                return found;
            }
        }
    }
}
