package io.qaexchange.analytics.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.analytics.KeptArchive;
import io.qaexchange.analytics.TableProcess;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Flink SQL reads the Iceberg tables of the kept archive through the REST catalogue, with the runtime that Iceberg publishes for Flink 2.1. */
@Timeout(180)
class FlinkReadsIcebergTest {

    @TempDir
    private static Path folder;
    private static Path archive;
    private static TableProcess catalog;

    @BeforeAll
    static void start() throws Exception {
        archive = folder.resolve("archive");
        KeptArchive.copy(archive);
        assertThat(TableProcess.run("sync", "--archive", archive.toString())).isZero();
        catalog = TableProcess.serve(archive);
    }

    @AfterAll
    static void stop() {
        if (catalog != null) {
            catalog.close();
        }
    }

    /** As docs/analytics.md says. */
    private static TableEnvironment environment(EnvironmentSettings settings, String uri) {
        TableEnvironment environment = TableEnvironment.create(settings);
        environment.executeSql("CREATE CATALOG qa WITH ('type' = 'iceberg', 'catalog-type' = 'rest', 'uri' = '" + uri + "')");
        return environment;
    }

    private static List<Row> rows(String sql) throws Exception {
        try (CloseableIterator<Row> rows = environment(EnvironmentSettings.inBatchMode(), catalog.address()).executeSql(sql).collect()) {
            List<Row> all = new ArrayList<>();
            rows.forEachRemaining(all::add);
            return all;
        }
    }

    /** The same by file pattern in DuckDB; the kept archive has neither compacted nor abandoned files. */
    private static List<List<Object>> files(Path root, String table, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = connection.createStatement();
                ResultSet answer = statement.executeQuery(sql.formatted("'" + root + "/table=" + table + "/*/*.parquet'"))) {
            List<List<Object>> all = new ArrayList<>();
            while (answer.next()) {
                List<Object> row = new ArrayList<>();
                for (int i = 1; i <= answer.getMetaData().getColumnCount(); i++) {
                    row.add(answer.getObject(i));
                }
                all.add(row);
            }
            return all;
        }
    }

    @Test
    void countsTheRowsOfEveryTable() throws Exception {
        List<Row> tables = rows("SHOW TABLES IN qa.archive");
        assertThat(tables).hasSizeGreaterThan(10);
        for (Row table : tables) {
            String name = (String) table.getField(0);
            assertThat(rows("SELECT * FROM qa.archive." + name)).as(name)
                    .hasSize(((Number) files(archive, name, "SELECT count(*) FROM %s").get(0).get(0)).intValue());
        }
    }

    @Test
    void filtersAndTravelsInTime() throws Exception {
        assertThat(rows("SELECT price FROM qa.archive.trade WHERE instrument = 'SHFE.rb2601' AND `date` = DATE '2026-01-05'"))
                .hasSize(files(archive, "trade", "SELECT price FROM %s WHERE instrument = 'SHFE.rb2601' AND date = '2026-01-05'").size()).isNotEmpty();
        for (Row snapshot : rows("SELECT snapshot_id, summary['total-records'] FROM qa.archive.`trade$snapshots`")) {
            assertThat(rows("SELECT sequence FROM qa.archive.trade /*+ OPTIONS('snapshot-id'='" + snapshot.getField(0) + "') */"))
                    .hasSize(Integer.parseInt((String) snapshot.getField(1)));
        }
    }

    @Test
    void readsNanosecondsAsATime() throws Exception {
        List<Row> rows = rows("SELECT sequence, event_time, event_time_us FROM qa.archive_ns.trade ORDER BY event_time, sequence");
        List<List<Object>> expected = files(archive, "trade", "SELECT sequence, epoch_ns(event_time) FROM %s ORDER BY 2, 1");
        assertThat(rows).hasSameSizeAs(expected).isNotEmpty();
        for (int i = 0; i < rows.size(); i++) {
            Instant time = (Instant) rows.get(i).getField(1);
            assertThat(ChronoUnit.NANOS.between(Instant.EPOCH, time)).isEqualTo(expected.get(i).get(1));
            assertThat(rows.get(i).getField(2)).isEqualTo(time.truncatedTo(ChronoUnit.MICROS));
        }
        Instant first = (Instant) rows.get(0).getField(1);
        assertThat(rows("SELECT sequence FROM qa.archive_ns.trade WHERE event_time > TO_TIMESTAMP_LTZ(" + first.toEpochMilli() + ", 3)")).isNotEmpty();
    }

    @Test
    void refusesToWrite() {
        assertThatThrownBy(() -> rows("INSERT INTO qa.archive.trade SELECT * FROM qa.archive.trade")).hasStackTraceContaining("does not support endpoint");
    }

    /** Archive manifest versions that the tables do not have yet come as new snapshots to a query that runs. */
    @Test
    void aStreamingQueryFollowsTheSnapshots() throws Exception {
        Path growing = folder.resolve("growing");
        KeptArchive.copy(growing, file -> !file.getParent().getFileName().toString().equals("_manifest") || versionOf(file) <= 5);
        assertThat(TableProcess.run("sync", "--archive", growing.toString())).isZero();
        int all = ((Number) files(archive, "trade", "SELECT count(*) FROM %s").get(0).get(0)).intValue();
        try (TableProcess served = TableProcess.serve(growing)) {
            TableEnvironment environment = environment(EnvironmentSettings.inStreamingMode(), served.address());
            int before;
            try (CloseableIterator<Row> counted = environment.executeSql("SELECT sequence FROM qa.archive.trade").collect()) {
                List<Row> first = new ArrayList<>();
                counted.forEachRemaining(first::add);
                before = first.size();
            }
            assertThat(before).isPositive().isLessThan(all);
            try (CloseableIterator<Row> follows = environment.executeSql("SELECT source, sequence, account FROM qa.archive.trade "
                    + "/*+ OPTIONS('streaming' = 'true', 'monitor-interval' = '200ms', 'starting-strategy' = 'TABLE_SCAN_THEN_INCREMENTAL') */").collect()) {
                List<Row> seen = new ArrayList<>();
                while (seen.size() < before) {
                    seen.add(follows.next());
                }
                KeptArchive.copy(growing);
                assertThat(TableProcess.run("sync", "--archive", growing.toString())).isZero();
                while (seen.size() < all) {
                    seen.add(follows.next());
                }
                assertThat(seen).doesNotHaveDuplicates();
            }
        }
    }

    private static long versionOf(Path file) {
        String digits = file.getFileName().toString().replaceAll("[^0-9]", "");
        return digits.isEmpty() ? 0 : Long.parseLong(digits);
    }
}
