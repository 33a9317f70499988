package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.arrow.ArrowBatch;
import io.qaexchange.job.query.arrow.OwnedVectorsReader;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.HotRow;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.ByteArrayReadableSeekableByteChannel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that are read while a query shows them are those that it would show if all of them were loaded first. */
@Timeout(120)
class HotRowStreamTest {

    private static final long TIME_NS = 1_767_575_000_000_000_000L;
    private static final int DAY = 20260105;
    private static final int COLD = 2_000;
    /** More than are awaited before the query begins, and than a batch has. */
    private static final int HOT = 60_000;
    private static final int NEVER = -1;

    @TempDir
    private Path folder;
    private MemoryRows rows;
    /** The hot row, by number, before which the reading fails. */
    private int failAt = NEVER;

    /** Rows of which the reading can fail. */
    private final class Failing implements RowSource {
        private int given;

        @Override
        public void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception {
            rows.forEachHotRow(filter, (routeKey, stored) -> {
                if (given++ == failAt) {
                    throw new LiveException(LiveProtocol.GONE, "subtask 1 has gone");
                }
                visitor.accept(routeKey, stored);
            });
        }

        @Override
        public List<io.qaexchange.archive.manifest.DataFile> files() {
            return rows.files();
        }

        @Override
        public io.qaexchange.archive.tier.ColdFile open(io.qaexchange.archive.manifest.DataFile file) {
            return rows.open(file);
        }

        @Override
        public java.util.Set<String> folders() {
            return rows.folders();
        }

        @Override
        public Instruments instruments() {
            return rows.instruments();
        }

        @Override
        public List<io.qaexchange.job.model.table.LedgerRow> hotLedgerRows() {
            return rows.hotLedgerRows();
        }
    }

    @BeforeEach
    void make() throws Exception {
        rows = new MemoryRows(Files.createDirectory(folder.resolve("archive")), Instruments.defaults());
        rows.addFile(EventSchema.get().table("tick"), DAY, Stream.iterate(0, i -> i + 1).limit(COLD).map(HotRowStreamTest::tick).toList());
        for (int i = COLD; i < COLD + HOT; i++) {
            rows.addHot(tick(i));
        }
        for (int i = 0; i < 100; i++) {
            rows.addHot(book(i));
        }
    }

    private static byte[] tick(int number) {
        EventBuilder tick = new EventBuilder().start("tick").instrument("SHFE.rb26" + number % 90).eventTime(TIME_NS + number * 1_001L).identity("x", number).tradingDay(DAY)
                .set("last_price", number / 4.0);
        if (number % 3 == 0) {
            tick.set("volume", (double) number);
        }
        return StoredEvent.encode(tick.build(), new Arrival(TIME_NS + number, "events-" + number % 2, number % 7, number));
    }

    private static byte[] book(int number) {
        EventBuilder book = new EventBuilder().start("book_snapshot").instrument("SHFE.rb2601").eventTime(TIME_NS + number).identity("x", number).tradingDay(DAY);
        for (int level = 0; level < number % 6; level++) {
            book.addLevel("bids", 100.0 - level, number);
        }
        return StoredEvent.encode(book.build(), new Arrival(TIME_NS, "events", 0, number));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM tick", "SELECT sequence, instrument FROM tick", "SELECT date, event_time, 'x' FROM tick", "SELECT * FROM book_snapshot", "SELECT * FROM trade",
            "SELECT * FROM tick WHERE last_price > 400 AND volume IS NOT NULL", "SELECT sequence FROM tick WHERE CAST(volume AS INTEGER) BETWEEN 900 AND 9000 OR last_price IN (1, 2) LIMIT 1000000",
            "SELECT * FROM tick WHERE date = DATE '2026-01-05'; -- all of them"})
    void showsWhatALoadedTableShows(String sql) throws Exception {
        assertThat(shown(sql, true)).isEqualTo(shown(sql, false));
    }

    @ParameterizedTest
    @EnumSource(value = ResultFormat.class, names = {"ARROW", "PARQUET"})
    void writesAllRowsInBinaryForms(ResultFormat format) throws Exception {
        byte[] file = written("SELECT * FROM tick", format, true);
        Path written = Files.write(folder.resolve("answer." + format.name().toLowerCase(java.util.Locale.ROOT)), file);
        if (format == ResultFormat.PARQUET) {
            assertThat(countOf(written)).isEqualTo(COLD + HOT);
        } else {
            assertThat(countOfArrow(written)).isEqualTo(COLD + HOT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM tick", "SELECT sequence, instrument FROM tick", "SELECT date, event_time, volume FROM main.tick AS t", "SELECT instrument, volume FROM tick AS t", "FROM tick"})
    void rowsAsTheyAreAreThoseOfDuckDb(String sql) throws Exception {
        byte[] loaded = written(sql, ResultFormat.ARROW, SqlTables.Showing.LOADED);
        byte[] direct = written(sql, ResultFormat.ARROW, SqlTables.Showing.AS_THEY_ARE);
        assertThat(linesOfArrow(direct)).hasSize(COLD + HOT).isEqualTo(linesOfArrow(loaded));
        assertThat(schemaOf(direct)).isEqualTo(schemaOf(loaded));
    }

    /** One row of each group, and of no group, when hot rows are many and archived ones follow. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"SELECT instrument FROM tick GROUP BY ALL | 90", "SELECT 1 FROM tick GROUP BY () | 1", "SELECT * REPLACE (max(sequence) AS sequence) FROM (SELECT sequence FROM tick) | 1",
            "SELECT * EXCLUDE (event_time) FROM tick LIMIT 61000 | 61000"})
    void aStatementOverAllRowsIsOneStatement(String sql, int rows) throws Exception {
        assertThat(linesOfArrow(written(sql, ResultFormat.ARROW, SqlTables.Showing.AS_THEY_ARE))).hasSize(rows);
        assertThat(shown(sql, true)).hasSize(rows + 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM tick", "SELECT sequence FROM tick LIMIT 5", "SELECT * FROM trade"})
    void columnsAsTheyAreAreKnown(String sql) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            assertThat(tables.parse(sql).passing().columns()).isNotEmpty();
        }
    }

    /** DuckDB makes something of these columns, or says what is wrong with them. */
    @ParameterizedTest
    @ValueSource(strings = {"SELECT sequence AS s FROM tick", "SELECT 1 FROM tick", "SELECT sequence, sequence FROM tick", "SELECT Sequence FROM tick",
            "SELECT * EXCLUDE (volume) FROM tick", "SELECT * RENAME (volume AS v) FROM tick", "SELECT * REPLACE (1 AS volume) FROM tick", "SELECT COLUMNS('s.*') FROM tick",
            "SELECT t.* FROM tick t", "SELECT t.sequence FROM tick t", "SELECT a FROM tick AS t(a, b)", "SELECT * FROM other.tick", "SELECT * FROM book_snapshot",
            "SELECT * FROM tick WHERE volume > 5", "SELECT *, 1 FROM tick"})
    void otherColumnsAreNotAsTheyAre(String sql) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            assertThat(tables.parse(sql).passing().columns()).isNull();
        }
    }

    /** A database that did nothing need not be made empty. */
    @ParameterizedTest
    @CsvSource({"SELECT * FROM tick LIMIT 5, ARROW, AS_THEY_ARE, true", "SELECT * FROM tick, ARROW, AS_THEY_ARE, false", "SELECT * FROM tick LIMIT 5, CSV, PASSING, false"})
    void tellsWhetherTheDatabaseWasUsed(String sql, ResultFormat format, SqlTables.Showing showing, boolean untouched) throws Exception {
        List<Boolean> told = new ArrayList<>();
        try (SqlDatabase database = SqlDatabase.open(null, folder)) {
            try (SqlTables tables = SqlTables.in(database, (same, filled) -> told.add(filled == null))) {
                SqlQuery query = tables.parse(sql);
                tables.load(new Failing(), query, RowAccess.ALL, showing);
                ResultWriter.of(tables, query).write(format, new ByteArrayOutputStream());
            }
        }
        assertThat(told).containsExactly(untouched);
    }

    /** Without DuckDB, columns of every table have the types that it gives them. */
    @Test
    void columnsAsTheyAreHaveTheirTypes() throws Exception {
        for (RecordType type : EventSchema.get().recordTypes()) {
            try (SqlTables tables = SqlTables.create(); BufferAllocator allocator = new RootAllocator(); ArrowBatch batch = new ArrowBatch(type, allocator)) {
                List<String> columns = SqlTables.columns(type.table()).entrySet().stream().filter(column -> !column.getValue().endsWith("[]")).map(java.util.Map.Entry::getKey).toList();
                SqlQuery query = tables.parse(columns.stream().map(SqlText::name).collect(Collectors.joining(", ", "SELECT ", " FROM " + SqlText.name(type.table()))));
                assertThat(query.passing().columns()).isEqualTo(columns);
                tables.load(RowSource.NONE, query);
                ByteArrayOutputStream none = new ByteArrayOutputStream();
                ResultWriter.of(tables, query).write(ResultFormat.ARROW, none);
                try (ShownRows shown = new ShownRows(allocator, new NoRows(allocator, batch), columns, 1)) {
                    assertThat(shown.getVectorSchemaRoot().getSchema()).isEqualTo(schemaOf(none.toByteArray()));
                    assertThat(shown.loadNextBatch()).isFalse();
                }
            }
        }
    }

    private static final class NoRows extends OwnedVectorsReader {
        NoRows(BufferAllocator allocator, ArrowBatch batch) {
            super(allocator, batch.root());
        }

        @Override
        public boolean loadNextBatch() {
            return false;
        }
    }

    @Test
    void tellsThatRowsAreNotCounted() throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            tables.load(new Failing(), tables.parse("SELECT * FROM tick"), RowAccess.ALL, SqlTables.Showing.PASSING);
            assertThat(tables.plan()).extracting(TablePlan::hotRows).containsExactly(-1L);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 1_500, HOT - 1, HOT, HOT + 1, HOT + COLD - 1, HOT + COLD, HOT + COLD + 1})
    void aLimitCountsHotAndArchivedRows(int limit) throws Exception {
        String texts = "SELECT instrument, sequence, kafka_topic FROM tick LIMIT " + limit;
        assertThat(linesOfArrow(written(texts, ResultFormat.ARROW, SqlTables.Showing.AS_THEY_ARE))).hasSize(Math.min(limit, HOT + COLD))
                .allMatch(Set.copyOf(linesOfArrow(written("SELECT instrument, sequence, kafka_topic FROM tick", ResultFormat.ARROW, SqlTables.Showing.LOADED)))::contains);
        String sql = "SELECT sequence FROM tick LIMIT " + limit;
        Set<String> all = Set.copyOf(shown("SELECT sequence FROM tick", false));
        List<String> some = shown(sql, true);
        assertThat(some).hasSize(1 + Math.min(limit, HOT + COLD));
        assertThat(Set.copyOf(some)).hasSameSizeAs(some);
        assertThat(all.containsAll(some)).isTrue();
        assertThat(new String(written(sql, ResultFormat.JSON, true), StandardCharsets.UTF_8).lines()).hasSize(Math.min(limit, HOT + COLD));
        assertThat(countOfArrow(Files.write(folder.resolve("limited.arrow"), written(sql, ResultFormat.ARROW, true)))).isEqualTo(Math.min(limit, HOT + COLD));
        assertThat(linesOfArrow(written(sql, ResultFormat.ARROW, SqlTables.Showing.AS_THEY_ARE))).hasSize(Math.min(limit, HOT + COLD)).allMatch(all::contains);
        assertThat(Set.copyOf(linesOfArrow(written(sql, ResultFormat.ARROW, SqlTables.Showing.AS_THEY_ARE)))).hasSize(Math.min(limit, HOT + COLD));
        assertThat(countOf(Files.write(folder.resolve("limited.parquet"), written(sql, ResultFormat.PARQUET, true)))).isEqualTo(Math.min(limit, HOT + COLD));
    }

    /** A server that bounds answers counts rows of both parts. */
    @ParameterizedTest
    @EnumSource(value = ResultFormat.class, names = {"CSV", "ARROW"})
    void anAnswerIsBoundedAcrossItsParts(ResultFormat format) throws Exception {
        int asked = HOT + 10;
        try (SqlTables tables = SqlTables.create(folder)) {
            SqlQuery query = tables.parse("SELECT sequence FROM tick LIMIT " + asked);
            tables.load(new Failing(), query, RowAccess.ALL, format == ResultFormat.ARROW ? SqlTables.Showing.AS_THEY_ARE : SqlTables.Showing.PASSING);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ResultWriter.of(tables, query).write(format, out, new RowLimit(asked));
            assertThat(format == ResultFormat.CSV ? out.toString(StandardCharsets.UTF_8).lines().count() - 1 : (long) linesOfArrow(out.toByteArray()).size()).isEqualTo(asked);
        }
        try (SqlTables tables = SqlTables.create(folder)) {
            SqlQuery query = tables.parse("SELECT sequence FROM tick LIMIT " + asked);
            tables.load(new Failing(), query, RowAccess.ALL, SqlTables.Showing.PASSING);
            assertThatThrownBy(() -> ResultWriter.of(tables, query).write(format, new ByteArrayOutputStream(), new RowLimit(asked - 1))).isInstanceOf(TooManyRowsException.class);
        }
    }

    /** A door has views of its own over those of the tables, and looks for names among them first. */
    @ParameterizedTest
    @ValueSource(strings = {"SELECT sequence FROM tick", "SELECT sequence FROM public.tick LIMIT 1000000"})
    void archivedRowsFollowThroughTheViewsOfADoor(String sql) throws Exception {
        try (SqlTables tables = SqlTables.create(); Statement statement = tables.connection().createStatement(); BufferAllocator allocator = new RootAllocator()) {
            SqlQuery query = tables.parse(sql);
            tables.load(new Failing(), query, RowAccess.ALL, SqlTables.Showing.PASSING);
            statement.execute("CREATE SCHEMA public");
            statement.execute("CREATE OR REPLACE VIEW public.tick AS SELECT * REPLACE (CAST(sequence AS VARCHAR) AS sequence) FROM main.tick");
            statement.execute("SET search_path = 'public,main'");
            statement.execute("CREATE OR REPLACE TEMP VIEW shown AS " + sql);
            Set<String> found = new HashSet<>();
            try (ArrowRows shown = tables.rows(query, statement, "SELECT * FROM shown", allocator, 1_000)) {
                while (shown.next()) {
                    shown.batch().contentToTSVString().lines().skip(1).forEach(found::add);
                }
            }
            assertThat(found).hasSize(COLD + HOT);
        }
    }

    @Test
    void filesThatAreNotNeededAreNotOpened() throws Exception {
        Files.delete(folder.resolve("archive").resolve(rows.files().get(0).path()));
        assertThat(shown("SELECT * FROM tick WHERE last_price >= 501 AND CAST(sequence AS BIGINT) BETWEEN 0 AND 1000000 OR volume IN (1, 2) LIMIT 7", true)).hasSize(8);
        assertThat(shown("SELECT * FROM tick LIMIT " + HOT, true)).hasSize(HOT + 1);
        assertFails(rows.files().get(0).path());
    }

    /** A query that reads a table twice, or in an order, has all rows first; one that names an instrument too, which may have none. */
    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM tick ORDER BY sequence", "SELECT * FROM tick LIMIT 5 OFFSET 1", "SELECT * FROM tick LIMIT 10%", "SELECT * FROM tick LIMIT (SELECT 5)",
            "SELECT * FROM tick ORDER BY sequence LIMIT 5", "SELECT DISTINCT instrument FROM tick", "SELECT * FROM tick WHERE instrument = 'SHFE.rb2601'",
            "SELECT * FROM tick WHERE volume > (SELECT avg(volume) FROM tick)", "SELECT * FROM tick WHERE random() > 0.5", "SELECT * FROM query('FROM tick')", "SELECT * REPLACE ((SELECT count(*) FROM tick) AS volume) FROM tick", "SELECT count(*) FROM tick",
            "SELECT instrument FROM tick GROUP BY ALL", "SELECT 1 FROM tick GROUP BY ()", "SELECT * EXCLUDE (volume) REPLACE (row_number() OVER () AS sequence) FROM tick",
            "SELECT * REPLACE (max(sequence) AS sequence) FROM tick", "SELECT * REPLACE (lag(last_price) OVER (ORDER BY event_time) AS last_price) FROM tick", "SELECT current_timestamp, 1 FROM tick",
            "SELECT localtime FROM tick t", "SELECT * FROM tick WHERE date = current_date", "SELECT * FROM tick WHERE event_time_us < current_timestamp", "SELECT user FROM tick", "SELECT nothing FROM tick", "SELECT * FROM hot.tick",
            "SELECT * FROM tick a, tick b", "EXPLAIN SELECT * FROM tick", "SELECT * FROM tick UNION ALL SELECT * FROM tick"})
    void otherQueriesHaveAllRowsFirst(String sql) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            assertThat(tables.parse(sql).passing()).isNull();
        }
    }

    @Test
    void aReadThatFailsAtOnceFailsBeforeTheQuery() throws Exception {
        failAt = 10;
        try (SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse("SELECT * FROM tick");
            assertThatThrownBy(() -> tables.load(new Failing(), query, RowAccess.ALL, SqlTables.Showing.PASSING)).isInstanceOf(LiveException.class).hasMessage("subtask 1 has gone");
        }
    }

    @Test
    void aReadThatFailsLaterFailsTheQuery() throws Exception {
        failAt = HOT - 1;
        assertThatThrownBy(() -> written("SELECT * FROM tick", ResultFormat.ARROW, SqlTables.Showing.AS_THEY_ARE)).isInstanceOf(SQLException.class).hasMessageContaining("subtask 1 has gone");
        assertFails("hot rows could not be read to their end: subtask 1 has gone");
    }

    @Test
    void aDamagedFileIsNamed() throws Exception {
        Path file = folder.resolve("archive").resolve(rows.files().get(0).path());
        byte[] bytes = Files.readAllBytes(file);
        java.util.Arrays.fill(bytes, bytes.length / 4, bytes.length / 2, (byte) 0x55);
        Files.write(file, bytes);
        assertFails(rows.files().get(0).path());
    }

    private void assertFails(String message) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse("SELECT * FROM tick");
            tables.load(new Failing(), query, RowAccess.ALL, SqlTables.Showing.PASSING);
            assertThatThrownBy(() -> {
                try {
                    ResultWriter.of(tables, query).write(ResultFormat.CSV, new ByteArrayOutputStream());
                } catch (ReasonLostException e) {
                    throw tables.explain(e.reason(tables.connection()));
                } catch (SQLException e) {
                    throw tables.explain(e);
                }
            }).isInstanceOf(SQLException.class).hasMessageContaining(message);
        }
    }

    /** Rows that pass cannot be had again: whoever tries gets no empty table. */
    @Test
    void aSecondReadFails() throws Exception {
        try (SqlTables tables = SqlTables.create(); Statement statement = tables.connection().createStatement()) {
            tables.load(new Failing(), tables.parse("SELECT * FROM tick"), RowAccess.ALL, SqlTables.Showing.PASSING);
            tables.join();
            assertThat(count(statement)).isEqualTo(COLD + HOT);
            assertThatThrownBy(() -> count(statement)).isInstanceOf(SQLException.class);
        }
    }

    private static long count(Statement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery("SELECT count(event_time) FROM tick")) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Test
    void whatIsNotReadIsLetGo() throws Exception {
        try (SqlTables tables = SqlTables.create(); Statement statement = tables.connection().createStatement()) {
            tables.load(new Failing(), tables.parse("SELECT * FROM tick"), RowAccess.ALL, SqlTables.Showing.PASSING);
            try (BufferAllocator allocator = new RootAllocator(); ArrowRows some = ArrowRows.of(statement, "SELECT * FROM tick", allocator, 100)) {
                assertThat(some.next()).isTrue();
            }
        }
        try (SqlTables unread = SqlTables.create()) {
            unread.load(new Failing(), unread.parse("SELECT * FROM tick"), RowAccess.ALL, SqlTables.Showing.PASSING);
        }
        assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().startsWith("reads hot rows"));
    }

    private List<String> shown(String sql, boolean whileShown) throws Exception {
        return new String(written(sql, ResultFormat.CSV, whileShown), StandardCharsets.UTF_8).lines().sorted().toList();
    }

    private byte[] written(String sql, ResultFormat format, boolean whileShown) throws Exception {
        return written(sql, format, whileShown ? SqlTables.Showing.PASSING : SqlTables.Showing.LOADED);
    }

    private byte[] written(String sql, ResultFormat format, SqlTables.Showing showing) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (SqlTables tables = SqlTables.create(folder)) {
            SqlQuery query = tables.parse(sql);
            tables.load(new Failing(), query, RowAccess.ALL, showing);
            ResultWriter.of(tables, query).write(format, out);
        }
        return out.toByteArray();
    }

    private static long countOf(Path parquet) throws SQLException {
        try (SqlDatabase database = SqlDatabase.open(null, null); Statement statement = database.connection().createStatement();
                ResultSet rows = statement.executeQuery("SELECT count(*) FROM '" + parquet + "'")) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static long countOfArrow(Path file) throws Exception {
        return linesOfArrow(Files.readAllBytes(file)).size();
    }

    /** Rows as lines, in the order of the text. */
    private static List<String> linesOfArrow(byte[] file) throws Exception {
        List<String> lines = new ArrayList<>();
        try (BufferAllocator allocator = new RootAllocator(); var in = new ByteArrayReadableSeekableByteChannel(file); ArrowFileReader reader = new ArrowFileReader(in, allocator)) {
            while (reader.loadNextBatch()) {
                reader.getVectorSchemaRoot().contentToTSVString().lines().skip(1).forEach(lines::add);
            }
        }
        lines.sort(null);
        return lines;
    }

    private static Schema schemaOf(byte[] file) throws Exception {
        try (BufferAllocator allocator = new RootAllocator(); var in = new ByteArrayReadableSeekableByteChannel(file); ArrowFileReader reader = new ArrowFileReader(in, allocator)) {
            return reader.getVectorSchemaRoot().getSchema();
        }
    }
}
