package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.bar.FileBars;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bars of rows of which many lie in files that keep bars, and the others where bars are made of them, beside bars of the same rows one by one. */
class StoredBarsTest {

    /** Monday 2026-01-05, 20:50 in Shanghai, before the night session. */
    private static final long BEGIN_NS = 1_767_617_400_000_000_000L;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int ROWS = 16_000;
    private static final int FILES = 3;

    @TempDir
    private Path folder;
    private MemoryRows inFiles;
    private MemoryRows oneByOne;

    @BeforeEach
    void generate() throws Exception {
        Instruments instruments = Instruments.parse("test", """
                default:
                  time_zone: Asia/Shanghai
                  roll_hour: 18
                instruments:
                  - id: night
                    sessions: [21:00-21:17, 21:30-23:00]
                """);
        inFiles = new MemoryRows(folder, instruments);
        inFiles.makeBars();
        oneByOne = new MemoryRows(folder, instruments);
        Random random = new Random(3);
        for (String table : List.of("trade", "tick")) {
            RecordType type = EventSchema.get().table(table);
            Map<Integer, List<byte[]>> files = new TreeMap<>();
            for (int i = 0; i < ROWS; i++) {
                byte[] row = row(table, random, i);
                oneByOne.addHot(row);
                int where = random.nextInt(FILES + 1);
                if (where == FILES) {
                    inFiles.addHot(row);
                } else {
                    files.computeIfAbsent(where, none -> new ArrayList<>()).add(row);
                }
            }
            for (List<byte[]> rows : files.values()) {
                inFiles.addFile(type, 20260106, rows);
            }
        }
    }

    private static byte[] row(String table, Random random, int i) {
        EventBuilder event = new EventBuilder().start(table).instrument(random.nextBoolean() ? "night" : "always").eventTime(BEGIN_NS + random.nextInt(3_000) * SECOND_NS)
                .identity("s" + random.nextInt(2), i).tradingDay(20260106);
        if (table.equals("trade")) {
            event.set("price", 100 + random.nextInt(100) * 0.2).set("volume", random.nextInt(50) * 0.1).set("direction", "BUY").set("offset", "OPEN").set("trade_id", "t" + i)
                    .set("kind", "NORMAL").set("order_id", "o").set("account", "a");
        } else {
            event.set("last_price", 100 + random.nextInt(100) * 0.2);
        }
        return StoredEvent.encode(event.build(), new Arrival(1, "events", 0, i));
    }

    @Test
    void areTheBarsOfAllRows() throws Exception {
        List<String> arguments = new ArrayList<>();
        for (String width : List.of("10s", "1m", "3m", "5m", "1h", "1d")) {
            arguments.add("'" + width + "'");
            arguments.add("'" + width + "', since := " + (BEGIN_NS + 600 * SECOND_NS) + ", until := " + (BEGIN_NS + 1_800 * SECOND_NS));
            arguments.add("'" + width + "', since := " + (BEGIN_NS + 631 * SECOND_NS + 17));
            if (!width.equals("1d")) {
                arguments.add("'" + width + "', fill := 'previous'");
            }
        }
        List<String> conditions = List.of("", " WHERE instrument = 'night'", " WHERE instrument IN ('always', 'neither')");
        int next = 0;
        for (String table : List.of("trade", "tick")) {
            for (String argument : arguments) {
                String sql = "SELECT instrument, bar, open, high, low, close, volume, turnover, rows FROM bars('" + table + "', " + argument + ")"
                        + conditions.get(next++ % conditions.size()) + " ORDER BY ALL";
                assertThat(query(inFiles, sql)).as(sql).isNotEmpty().isEqualTo(query(oneByOne, sql));
            }
            String two = "SELECT a.instrument, a.bar, a.close, b.close, b.rows FROM bars('" + table + "', '1m') a JOIN bars('" + table + "', '10s') b USING (instrument, bar) ORDER BY ALL";
            assertThat(query(inFiles, two)).isNotEmpty().isEqualTo(query(oneByOne, two));
            String both = "SELECT (SELECT count(*) FROM " + table + "), sum(rows) FROM bars('" + table + "', '1m')";
            assertThat(query(inFiles, both)).isEqualTo(query(oneByOne, both));
        }
    }

    /** Pages that were overwritten: whoever needs them fails, and bars of minutes do not need them. */
    @Test
    void bytesOfRowsAreNotRead() throws Exception {
        String minutes = "SELECT * FROM bars('trade', '5m') ORDER BY ALL";
        List<String> right = query(oneByOne, minutes);
        for (var file : inFiles.files()) {
            Path path = folder.resolve(file.path());
            byte[] bytes = Files.readAllBytes(path);
            int footerBytes = ByteBuffer.wrap(bytes, bytes.length - 8, 4).order(ByteOrder.LITTLE_ENDIAN).getInt();
            Arrays.fill(bytes, 4, bytes.length - 8 - footerBytes, (byte) 0x55);
            Files.write(path, bytes);
        }
        assertThat(query(inFiles, minutes)).isEqualTo(right);
        assertThatThrownBy(() -> query(inFiles, "FROM bars('trade', '10s')")).isInstanceOf(SQLException.class);
    }

    /** A damaged entry of the footer: its checksum tells, and the rows are read. */
    @Test
    void damagedBarsAreMadeOfRows() throws Exception {
        String minutes = "SELECT * FROM bars('trade', '5m') ORDER BY ALL";
        for (var file : inFiles.files()) {
            Path path = folder.resolve(file.path());
            byte[] bytes = Files.readAllBytes(path);
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            for (int width : FileBars.WIDTHS) {
                int at = text.indexOf(FooterKeys.bars(width)) + FooterKeys.bars(width).length() + 100;
                bytes[at] = (byte) (bytes[at] == 'A' ? 'B' : 'A');
            }
            Files.write(path, bytes);
        }
        assertThat(query(inFiles, minutes)).isEqualTo(query(oneByOne, minutes));
    }

    private static List<String> query(RowSource rows, String sql) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse(sql);
            tables.load(rows, query);
            List<String> found = new ArrayList<>();
            try (Statement statement = tables.connection().createStatement(); ResultSet result = statement.executeQuery(query.text())) {
                while (result.next()) {
                    StringBuilder row = new StringBuilder();
                    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        row.append(result.getString(i)).append(' ');
                    }
                    found.add(row.toString());
                }
            }
            return found;
        }
    }
}
