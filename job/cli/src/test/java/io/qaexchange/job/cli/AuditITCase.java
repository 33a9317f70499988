package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.generator.Fate;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.job.cli.demo.DemoRun;
import io.qaexchange.job.cli.demo.RunFolder;
import io.qaexchange.job.cli.read.AuditCommand;
import io.qaexchange.job.cli.read.ExportCommand;
import io.qaexchange.job.cli.read.QueryCommand;
import io.qaexchange.job.cli.read.SavepointEditor;
import io.qaexchange.job.cli.table.TableCommand;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.job.query.sql.ResultFormat;
import io.qaexchange.job.query.sql.ResultWriter;
import io.qaexchange.job.query.sql.RowSource;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.job.stream.JobOptions;
import io.qaexchange.parquet.ArchivedEvent;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.ParquetOptions;
import io.qaexchange.parquet.TableReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.util.ByteArrayReadableSeekableByteChannel;
import org.apache.iceberg.expressions.Expressions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** A whole run with a killed TaskManager, and then the audit on damaged copies of what it left: it must hold once and fail each time. */
@Timeout(180)
class AuditITCase {

    private static final int MESSAGES = 6_000;
    private static final int SEED = 11;
    /** A low byte of last_price in a tick: after the header of 8 bytes, event time, sequence and trading day. */
    private static final int LAST_PRICE_OFFSET = 8 + 20 + 2;

    /** Flink writes paths unescaped in its URIs. */
    private static final String AWKWARD_NAME = "a demo, 100%20 [ö] #1";

    @TempDir
    private static Path parent;
    private static Path original;
    private static DemoRun.Result result;
    private static SqlTables allRows;

    @TempDir
    private Path folder;

    @BeforeAll
    static void run() throws Exception {
        original = Files.createDirectory(parent.resolve(AWKWARD_NAME));
        result = run(original, "hashmap");
    }

    @AfterAll
    static void release() throws Exception {
        result = null;
        if (allRows != null) {
            allRows.close();
            allRows = null;
        }
    }

    @BeforeEach
    void copy() throws IOException {
        for (String part : List.of("archive", "savepoints", DemoRun.INSTRUMENTS_FILE, RunFolder.FILE)) {
            try (Stream<Path> files = Files.walk(original.resolve(part))) {
                for (Path file : files.toList()) {
                    Files.copy(file, folder.resolve(original.relativize(file).toString()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    @Test
    void holdsAfterARunWithAKilledTaskManager() throws Exception {
        AuditReport report = audit();

        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(report.expected()).isEqualTo(result.generator().count(Fate.STORE) + result.generator().count(Fate.STORE_LATE));
        assertThat(report.hot()).isPositive();
        assertThat(report.cold()).isPositive();
        assertThat(result.deadLetters().letters())
                .isEqualTo(result.generator().count(Fate.CONFLICT) + result.generator().count(Fate.UNDECODABLE));
        assertThat(result.deadLetters().positions()).hasSize((int) result.deadLetters().letters());
    }

    @Test
    void holdsInPartsWhenMemoryIsShort() throws Exception {
        AuditReport whole = audit();
        AuditReport inParts = Audit.run(new GeneratedEvents(SEED, MESSAGES), union(), instruments(), 50_000);

        assertThat(inParts).isEqualTo(whole);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rocksdb", "lsm"})
    void holdsOnOtherBackendsWithTheSameRows(String backend, @TempDir Path other) throws Exception {
        folder = Files.createDirectory(other.resolve(AWKWARD_NAME));
        run(folder, backend);
        AuditReport report = audit();

        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(report.expected()).isEqualTo(result.generator().count(Fate.STORE) + result.generator().count(Fate.STORE_LATE));
    }

    @Test
    void namesTheKeysOfARemovedFile() throws Exception {
        DataFile file = someFile("tick");
        Files.delete(path(file));

        AuditReport report = audit();

        assertThat(report.holds()).isFalse();
        assertThat(report.missing()).isEqualTo(file.rows());
        assertThat(report.problems()).anyMatch(problem -> problem.contains(file.path()));
        assertThat(report.findings()).anyMatch(finding -> finding.startsWith("missing: ") && finding.contains(" tick "));
    }

    @Test
    void namesTheKeyOfADoubledRow() throws Exception {
        DataFile file = someFile("tick");
        rewrite(file, rows -> {
            rows.add(rows.get(0));
            return rows;
        });

        AuditReport report = audit();

        assertThat(report.doubled()).isEqualTo(1);
        assertThat(report.holds()).isFalse();
        assertThat(report.findings()).anyMatch(finding -> finding.startsWith("doubled: ") && finding.contains(" tick "));
    }

    @Test
    void namesTheKeyOfAnAlteredRow() throws Exception {
        DataFile file = someFile("tick");
        rewrite(file, rows -> {
            byte[] altered = rows.get(3).clone();
            altered[StoredEvent.messageOffset(altered) + LAST_PRICE_OFFSET] ^= 1;
            rows.set(3, altered);
            return rows;
        });

        AuditReport report = audit();

        assertThat(report.altered()).as(report.toText()).isEqualTo(1);
        assertThat(report.missing()).isZero();
        assertThat(report.holds()).isFalse();
        assertThat(report.findings()).anyMatch(finding -> finding.startsWith("altered: ") && finding.contains(file.path()));
    }

    @Test
    void namesTheKeyOfADroppedHotRow() throws Exception {
        Set<String> published = new HashSet<>();
        union().files().forEach(file -> published.add(file.batchId()));
        String removed = SavepointEditor.removeOneHotRow(folder.resolve(result.run().savepoint()), published);
        assertThat(removed).isNotNull();

        AuditReport report = audit();

        assertThat(report.missing()).isEqualTo(1);
        assertThat(report.holds()).isFalse();
        String[] parts = removed.split(" … ");
        assertThat(report.findings()).anyMatch(finding -> finding.startsWith("missing: " + parts[0]) && finding.contains(parts[1]));
    }

    @Test
    void answersSqlOverHotAndColdRowsAsOneTable() throws Exception {
        try (SqlTables tables = SqlTables.of(union(), instruments()); Statement sql = tables.connection().createStatement()) {
            for (String table : List.of("trade", "tick", "order_insert", "account_open")) {
                try (ResultSet rows = sql.executeQuery("SELECT count(*), count(DISTINCT (source, sequence)) FROM " + table)) {
                    rows.next();
                    long stored = result.generator().count(table, Fate.STORE) + result.generator().count(table, Fate.STORE_LATE);
                    assertThat(rows.getLong(1)).as(table).isEqualTo(stored);
                    assertThat(rows.getLong(2)).as(table).isEqualTo(stored);
                }
            }
        }
    }

    @Test
    void exportsHotRowsSoThatWithTheArchiveEachIsThereOnce() throws Exception {
        Map<String, Integer> hot = new HashMap<>();
        union().forEachHotRow((routeKey, stored) -> hot.merge(stored.event().recordType().table(), 1, Integer::sum));
        String table = hot.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
        long archived = union().files().stream().filter(file -> file.table().equals(table)).mapToLong(DataFile::rows).sum();
        long stored = result.generator().count(table, Fate.STORE) + result.generator().count(table, Fate.STORE_LATE);

        for (String format : List.of("csv", "arrow", "parquet")) {
            Path out = folder.resolve("hot." + format);
            assertThat(new CommandLine(new ExportCommand()).execute("--dir", folder.toString(), "--table", table, "--format", format,
                    "--out", out.toString())).isEqualTo(Tool.GOOD);
        }

        assertThat(stored - archived).isPositive();
        assertThat(Files.readAllLines(folder.resolve("hot.csv"))).hasSize((int) (stored - archived) + 1);
        try (var connection = java.sql.DriverManager.getConnection("jdbc:duckdb:"); Statement sql = connection.createStatement();
                ResultSet rows = sql.executeQuery("SELECT count(*), count(DISTINCT (source, sequence)) FROM '" + folder.resolve("hot.parquet") + "'")) {
            rows.next();
            assertThat(rows.getLong(1)).isEqualTo(stored - archived);
            assertThat(rows.getLong(2)).isEqualTo(stored - archived);
        }
        try (BufferAllocator allocator = new RootAllocator();
                ArrowFileReader reader = new ArrowFileReader(Files.newByteChannel(folder.resolve("hot.arrow")), allocator)) {
            assertThat(reader.loadNextBatch()).isTrue();
            assertThat(reader.getVectorSchemaRoot().getRowCount()).isEqualTo((int) (stored - archived));
        }
    }

    @Test
    void answersAsAnArrowFile() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (SqlTables tables = SqlTables.of(union(), instruments())) {
            ResultWriter.of(tables, tables.parse("SELECT instrument, count(*) AS n, max(event_time) AS t, list(price) AS p FROM trade GROUP BY ALL ORDER BY n DESC"))
                    .write(ResultFormat.ARROW, bytes);
        }
        try (BufferAllocator allocator = new RootAllocator(); ArrowFileReader reader = new ArrowFileReader(
                new ByteArrayReadableSeekableByteChannel(bytes.toByteArray()), allocator)) {
            assertThat(reader.loadNextBatch()).isTrue();
            long sum = 0;
            for (int row = 0; row < reader.getVectorSchemaRoot().getRowCount(); row++) {
                sum += ((BigIntVector) reader.getVectorSchemaRoot().getVector("n")).get(row);
            }
            assertThat(sum).isEqualTo(result.generator().count("trade", Fate.STORE) + result.generator().count("trade", Fate.STORE_LATE));
        }
    }

    /** The answer depends on the query alone, not on how many hot rows are loaded for it. */
    @ParameterizedTest
    @ValueSource(strings = {"SELECT count(*) FROM tick", "SELECT count(*), sum(last_price) FROM tick WHERE instrument = 'SHFE.rb2601'",
        "SELECT t.trade_id, t.price, event_time, date FROM trade t WHERE t.instrument IN ('SHFE.rb2601', 'DCE.m2601') AND direction = 'BUY' ORDER BY ALL",
        "SELECT count(*) FROM trade WHERE event_time >= (SELECT max(event_time) FROM tick) - INTERVAL 1 minute OR true",
        "SELECT count(*) FROM tick WHERE event_time_us BETWEEN '2026-01-05 13:30:00' AND TIMESTAMP '2026-01-06 02:00:00'",
        "SELECT count(*) FROM tick WHERE event_time < TIMESTAMPTZ '2026-01-06 02:00:00+00' AND instrument <> 'DCE.m2601'",
        "SELECT date, count(*) FROM order_insert WHERE date = '2026-01-06' GROUP BY ALL", "SELECT count(*) FROM tick WHERE trading_day = 20260106",
        "WITH x AS (SELECT * FROM trade WHERE instrument = 'SHFE.rb2601') SELECT count(*), sum(volume) FROM x WHERE direction = 'BUY'",
        "SELECT count(*) FROM trade a LEFT JOIN tick b ON a.instrument = b.instrument AND a.event_time = b.event_time WHERE a.instrument = 'SHFE.rb2601'",
        "SELECT a.trade_id, b.bids[1].price FROM trade a ASOF JOIN book_snapshot b ON a.instrument = b.instrument AND a.event_time >= b.event_time "
            + "WHERE a.instrument = 'SHFE.rb2601' ORDER BY ALL",
        "SELECT count(*) FROM trade a, trade b WHERE a.instrument = 'SHFE.rb2601' AND b.instrument = 'DCE.m2601' AND a.trade_id = b.trade_id",
        "SELECT trade FROM trade ORDER BY sequence LIMIT 3", "SELECT count(*) FROM query_table('tick')",
        "SELECT max(balance), max(date) FROM account_daily WHERE date > '2026-01-01'", "SELECT (SELECT count(*) FROM tick) + (SELECT count(*) FROM trade)"})
    void loadsNoFewerHotRowsThanAQueryNeeds(String sql) throws Exception {
        List<List<String>> expected;
        try {
            expected = rows(allRows(), sql);
        } catch (java.sql.SQLException e) {
            expected = null;
        }
        try (SqlTables some = SqlTables.create()) {
            some.load(RowSource.of(union()), some.parse(sql));
            if (expected == null) {
                assertThatThrownBy(() -> rows(some, sql)).isInstanceOf(java.sql.SQLException.class);
            } else {
                assertThat(rows(some, sql)).isEqualTo(expected);
            }
        }
    }

    private static List<List<String>> rows(SqlTables tables, String sql) throws Exception {
        List<List<String>> rows = new ArrayList<>();
        try (Statement statement = tables.connection().createStatement(); ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int c = 1; c <= result.getMetaData().getColumnCount(); c++) {
                    row.add(String.valueOf(result.getObject(c)));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    @Test
    void filtersOfHotRowsLetThroughWhatTheyNameAndNoOther() throws Exception {
        // Which tables have hot rows at the end depends on how far archiving came.
        Map<RecordType, Integer> hotRows = new HashMap<>();
        union().forEachHotRow((routeKey, stored) -> hotRows.merge(stored.event().recordType(), 1, Integer::sum));
        RecordType table = hotRows.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
        List<String> all = new ArrayList<>();
        TreeMap<Long, Integer> times = new TreeMap<>();
        union().forEachHotRow((routeKey, stored) -> {
            if (stored.event().recordType() == table) {
                all.add(routeKey + "@" + stored.event().eventTime());
                times.merge(stored.event().eventTime(), 1, Integer::sum);
            }
        });
        assertThat(all).isNotEmpty();
        assertThat(hot(table, RowFilter.ALL)).containsExactlyInAnyOrderElementsOf(all);
        long middle = times.keySet().stream().skip(times.size() / 2).findFirst().orElseThrow();
        assertThat(hot(table, RowFilter.ofTimes(middle, middle + 60_000_000_000L))).containsExactlyInAnyOrderElementsOf(all.stream().filter(row -> {
            long time = Long.parseLong(row.substring(row.lastIndexOf('@') + 1));
            return time >= middle && time <= middle + 60_000_000_000L;
        }).toList());
        String instrument = all.get(0).substring(0, all.get(0).lastIndexOf('@'));
        assertThat(hot(table, RowFilter.ofInstruments(Set.of(instrument))))
                .containsExactlyInAnyOrderElementsOf(all.stream().filter(row -> row.startsWith(instrument + "@")).toList());
        assertThat(hot(table, RowFilter.ofTimes(Long.MIN_VALUE, -1))).isEmpty();
    }

    private List<String> hot(RecordType type, RowFilter filter) throws Exception {
        List<String> rows = new ArrayList<>();
        union().forEachHotRow(new HotFilter(Map.of(type, filter)), (routeKey, stored) -> rows.add(routeKey + "@" + stored.event().eventTime()));
        return rows;
    }

    @Test
    void foldersMayHaveAnyName() throws Exception {
        List<String> names = List.of("with space", "Börse 漢", "50%", "a%20b", "a#b", "[old]", "[[]old]", "a*b", "a?b", "it's", "new\nline", "{x,y}", "back\\sl[ash", "a=b",
                "x:y", "~", " lead", "trail ", "date=2020-01-01", "$HOME", "\"q\"", "@file", "-dash");
        for (String name : names) {
            Path parent = Files.createDirectory(folder.resolve("p" + names.indexOf(name)));
            Path nasty = parent.resolve(name);
            // Neighbours that patterns or escapes would find instead.
            for (String neighbour : List.of("o", "aXb", "a b", "a")) {
                Files.createDirectories(parent.resolve(neighbour).resolve("archive"));
            }
            copyTo(nasty);
            String dir = nasty.toString();
            assertThat(printed(new QueryCommand(), "SELECT count(*) AS n FROM tick", "--dir", dir, "--format", "csv")).as(name)
                    .isEqualTo("n\n" + (result.generator().count("tick", Fate.STORE) + result.generator().count("tick", Fate.STORE_LATE)) + "\n");
            String cold = printed(new QueryCommand(), "SELECT count(*) AS n FROM tick", "--parquet", dir + "/archive", "--format", "csv");
            assertThat(cold).as(name).isEqualTo("n\n" + union().files().stream().filter(file -> file.table().equals("tick")).mapToLong(DataFile::rows).sum() + "\n");
            assertThat(printed(new ExportCommand(), "--dir", dir, "--table", "tick", "--out", nasty.resolve("out ü.csv").toString())).isEmpty();
            assertThat(nasty.resolve("out ü.csv")).isNotEmptyFile();
            assertThat(printed(new AuditCommand(), "--dir", dir)).as(name).contains("AUDIT HOLDS");
        }
    }

    @Test
    void comparesTheIcebergTablesAndNamesWhatWasTamperedWith() throws Exception {
        Path dir = parent.resolve("tables");
        copyTo(dir);
        String[] arguments = {"--dir", dir.toString(), "--table", "iceberg"};
        assertThat(printed(Tool.BAD, new AuditCommand(), arguments)).contains("problem: the Iceberg tables are at archive manifest version 0", "AUDIT FAILED");
        assertThat(printed(new TableCommand(), "sync", "--dir", dir.toString())).contains("archive manifest version");
        assertThat(printed(new AuditCommand(), arguments)).contains("tables: archive manifest version", "show the same", "AUDIT HOLDS");

        IcebergMirror.of(ManifestStore.of(new org.apache.flink.core.fs.Path(dir.resolve("archive").toUri()))).open("tick").newDelete()
                .deleteFromRowFilter(Expressions.alwaysTrue()).commit();
        assertThat(printed(Tool.BAD, new AuditCommand(), arguments)).contains("problem: table tick: snapshot", "was committed by somebody else", "AUDIT FAILED");
        assertThat(printed(new TableCommand(), "repair", "--dir", dir.toString())).contains("repaired");
        assertThat(printed(new AuditCommand(), arguments)).contains("AUDIT HOLDS");
        assertThat(printed(Tool.COULD_NOT_RUN, new AuditCommand(), "--dir", dir.toString(), "--table", "delta")).isEmpty();
    }

    private void copyTo(Path target) throws IOException {
        for (String part : List.of("archive", "savepoints", DemoRun.INSTRUMENTS_FILE, RunFolder.FILE)) {
            try (Stream<Path> files = Files.walk(original.resolve(part))) {
                for (Path file : files.toList()) {
                    Path copy = target.resolve(original.relativize(file).toString());
                    Files.createDirectories(copy.getParent());
                    Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    private static String printed(java.util.concurrent.Callable<Integer> command, String... arguments) {
        return printed(Tool.GOOD, command, arguments);
    }

    private static String printed(int code, java.util.concurrent.Callable<Integer> command, String... arguments) {
        PrintStream out = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            assertThat(Tool.execute(command, arguments)).as("%s: %s", String.join(" ", arguments), bytes).isEqualTo(code);
        } finally {
            System.setOut(out);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** A running job deletes old checkpoints; whoever reads takes the newest that stays, and keeps it. */
    @Test
    void readsWhileCheckpointsAreDeleted() throws Exception {
        Path cluster = Files.createDirectory(folder.resolve("cluster"));
        Files.move(folder.resolve("archive"), cluster.resolve("archive"));
        Path snapshot = folder.resolve(RunFolder.read(folder).savepoint());
        java.util.concurrent.atomic.AtomicBoolean stop = new java.util.concurrent.atomic.AtomicBoolean();
        java.util.concurrent.CountDownLatch first = new java.util.concurrent.CountDownLatch(1);
        java.util.concurrent.FutureTask<Integer> job = new java.util.concurrent.FutureTask<>(() -> {
            int n = 1;
            for (; !stop.get(); n++) {
                // An interval of checkpoints that no job has; without one they would be deleted faster than a file can be opened.
                java.util.concurrent.TimeUnit.MILLISECONDS.sleep(10);
                Path next = cluster.resolve("checkpoints/job/chk-" + n);
                Files.createDirectories(next);
                try (Stream<Path> files = Files.list(snapshot)) {
                    for (Path file : files.sorted(java.util.Comparator.comparing(f -> f.endsWith("_metadata"))).toList()) {
                        // Flink renames its files when they are whole.
                        Files.move(Files.copy(file, cluster.resolve("copy")), next.resolve(file.getFileName()));
                    }
                }
                if (n > 2) {
                    org.apache.flink.util.FileUtils.deleteDirectory(cluster.resolve("checkpoints/job/chk-" + (n - 2)).toFile());
                    first.countDown();
                }
            }
            return n;
        });
        Thread thread = new Thread(job, "job that deletes checkpoints");
        thread.start();
        first.await();
        try {
            for (int i = 0; i < 15; i++) {
                assertThat(printed(new QueryCommand(), "SELECT count(*) AS n FROM tick", "--dir", cluster.toString(), "--checkpoint", "latest", "--format", "csv",
                        "--instruments", folder.resolve(DemoRun.INSTRUMENTS_FILE).toString()))
                        .isEqualTo("n\n" + (result.generator().count("tick", Fate.STORE) + result.generator().count("tick", Fate.STORE_LATE)) + "\n");
            }
        } finally {
            stop.set(true);
        }
        assertThat(job.get()).isGreaterThan(15);
    }

    private static DemoRun.Result run(Path target, String backend) throws Exception {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        return new DemoRun(new DemoRun.Settings(target, MESSAGES, SEED, backend), nowhere, false).run();
    }

    private AuditReport audit() throws Exception {
        return Audit.run(new GeneratedEvents(SEED, MESSAGES), union(), instruments(), 64 << 20);
    }

    /** Every row of the run, loaded once. */
    private SqlTables allRows() throws Exception {
        if (allRows == null) {
            allRows = SqlTables.of(union(original), instruments());
        }
        return allRows;
    }

    private UnionReader union() throws Exception {
        return union(folder);
    }

    private UnionReader union(Path of) throws Exception {
        RunFolder run = RunFolder.read(of);
        return UnionReader.open(JobOptions.folderUri(of.resolve(run.savepoint())),
                new org.apache.flink.core.fs.Path(JobOptions.folderUri(of.resolve(run.archive()))), instruments());
    }

    private Instruments instruments() {
        return Instruments.load(folder.resolve(DemoRun.INSTRUMENTS_FILE));
    }

    private DataFile someFile(String table) throws Exception {
        return union().files().stream().filter(file -> file.table().equals(table) && file.rows() > 5).findFirst().orElseThrow();
    }

    private Path path(DataFile file) throws Exception {
        return Path.of(union().open(file).path().toUri());
    }

    /** Writes a file again with other rows. */
    private void rewrite(DataFile file, UnaryOperator<List<byte[]>> change) throws Exception {
        List<byte[]> rows = new ArrayList<>();
        try (TableReader reader = TableReader.open(FlinkInputFile.of(union().open(file).path()))) {
            for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                rows.add(StoredEvent.encode(row.message(), new Arrival(row.ingestTimeNs(), row.topic(), row.partition(), row.offset())));
            }
        }
        StoredEvent stored = new StoredEvent();
        stored.wrap(rows.get(0));
        int tradingDay = stored.event().tradingDay();
        Path path = path(file);
        Files.delete(path);
        try (EventParquetWriter writer =
                EventParquetWriter.create(path, stored.event().recordType(), ParquetOptions.DEFAULT)) {
            for (byte[] row : change.apply(rows)) {
                writer.write(stored.wrap(row), row.length, tradingDay);
            }
            writer.finish(Map.of(FooterKeys.BATCH_ID, file.batchId(), FooterKeys.TRADING_DAY, file.tradingDay()));
        }
    }
}
