package io.qaexchange.job.cli.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.cli.StandardOutput;
import io.qaexchange.job.cli.Tool;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** {@code bin/query} on an archive without files. */
class QueryCommandTest {

    @TempDir
    private Path archive;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream complained = new ByteArrayOutputStream();
    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    @BeforeEach
    void redirect() throws IOException {
        ManifestStore.of(new org.apache.flink.core.fs.Path("file:" + archive))
                .publish(new ArchiveManifest(ArchiveManifest.FORMAT_VERSION, 1, null, List.of(), List.of(), List.of()));
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setOut(out);
        System.setErr(err);
    }

    @Test
    void tablesWithoutRowsAreThere() {
        int code = query("SELECT count(*) AS rows FROM trade UNION ALL SELECT count(*) FROM account_daily");

        assertThat(code).isEqualTo(Tool.GOOD);
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEqualTo("rows\n0\n0\n");
    }

    @Test
    void namesTheTablesWhenOneDoesNotExist() {
        assertThat(query("SELECT * FROM trades")).isEqualTo(Tool.BAD);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("trades does not exist", "tables: order_insert", "account_daily");
    }

    @Test
    void saysWhereSqlIsWrong() {
        assertThat(query("SELEC 1")).isEqualTo(Tool.BAD);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("syntax error at or near \"SELEC\"").doesNotContain("tables:");
    }

    @ParameterizedTest
    @ValueSource(strings = {"COPY (SELECT 1 AS x) TO '%s/made.csv'", "CREATE TABLE t AS SELECT 1", "SET threads = 1", "ATTACH '%s/made.csv'", "PRAGMA version",
        "INSTALL httpfs", "CALL range(3)", "PIVOT trade ON direction USING count(*)"})
    void refusesWhatDoesMoreThanRead(String sql) {
        assertThat(query(sql.replace("%s", archive.toString()))).isEqualTo(Tool.BAD);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("does more than read");
        assertThat(archive.resolve("made.csv")).doesNotExist();
        assertThat(printed.size()).isZero();
    }

    @Test
    void runsOneStatementInEveryFormat() throws Exception {
        for (String format : List.of("table", "csv", "json", "parquet", "arrow")) {
            assertThat(run("SET threads = 1; SELECT 1 AS x", format)).as(format).isEqualTo(Tool.BAD);
            assertThat(complained.toString(StandardCharsets.UTF_8)).contains("does more than read");
            assertThat(run("SELECT 2; SELECT 1 AS x", format)).as(format).isEqualTo(Tool.BAD);
            assertThat(complained.toString(StandardCharsets.UTF_8)).contains("these are 2 statements; one is run at a time");
            assertThat(printed.size()).isZero();
            for (String sql : List.of("SELECT 1 AS x -- all", "SELECT 1 AS x;;", "-- first\nSELECT 1 AS x;", "/* a */ FROM (VALUES (1)) v(x) -- ; b")) {
                assertThat(run(sql, format)).as(sql + " as " + format + ": " + complained.toString(StandardCharsets.UTF_8)).isEqualTo(Tool.GOOD);
                assertThat(printed.size()).isPositive();
                printed.reset();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM glob('/*')",
        "SELECT * FROM '/etc/passwd.csv'", "SELECT * FROM read_parquet('/tmp/*.parquet')"})
    void readsNoOtherFile(String sql) {
        assertThat(query(sql)).isEqualTo(Tool.BAD);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("SQL reads tables here, not files");
        assertThat(printed.toString(StandardCharsets.UTF_8)).doesNotContain("root");
    }

    @Test
    void keepsColumnsOfOneName() {
        assertThat(run("SELECT 1 AS a, 2 AS a, 3 AS a_1", "json")).isEqualTo(Tool.GOOD);
        assertThat(run("SELECT 1 AS a, 2 AS a, 3 AS a_1", "csv")).isEqualTo(Tool.GOOD);
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEqualTo("{\"a\":1,\"a_2\":2,\"a_1\":3}\na,a,a_1\n1,2,3\n");
    }

    @Test
    void nestedValuesAreJson() {
        assertThat(run("SELECT [1.5, NULL] AS l, {'a': 'x\"y'} AS s, MAP {'k': 1} AS m, 'a\\xFF'::BLOB AS b, 'NaN'::DOUBLE AS n, ['-inf'::DOUBLE] AS i, "
                + "99999999999999999999::HUGEINT AS h, ['12345678901234567890.123456789012345678'::DECIMAL(38, 18)] AS d, 'NaN Infinity' AS t, NULL AS z", "json")).isEqualTo(Tool.GOOD);
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEqualTo("{\"l\":[1.5,null],\"s\":{\"a\":\"x\\\"y\"},\"m\":{\"k\":1},\"b\":\"a\\\\xFF\",\"n\":\"NaN\","
                + "\"i\":[\"-Infinity\"],\"h\":99999999999999999999,\"d\":[12345678901234567890.123456789012345678],\"t\":\"NaN Infinity\",\"z\":null}\n");
    }

    @Test
    void nothingThereIsNotNothingFound() {
        assertThat(new CommandLine(new QueryCommand()).execute("SELECT 1", "--parquet", "/no/such/folder")).isNotZero();
        assertThat(Tool.execute(new QueryCommand(), new String[] {"SELECT 1", "--parquet", archive.resolveSibling("no-such").toString()})).isEqualTo(2);
        assertThat(Tool.execute(new QueryCommand(), new String[] {"SELECT 1", "--parquet", "/etc"})).isEqualTo(2);
        assertThat(Tool.execute(new QueryCommand(), new String[] {"SELECT 1", "--dir", "/etc"})).isEqualTo(2);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("there is no archive", "/etc is no archive", "/etc is neither a demo's folder");
    }

    @Test
    void namesTheInstrumentOfWhichThereIsNothing() {
        assertThat(query("SELECT count(*) AS n FROM trade WHERE instrument = 'SHFE.rb2610'")).isEqualTo(Tool.GOOD);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("table trade has no row of instrument SHFE.rb2610");
    }

    @Test
    void leadsToMicrosecondsWhereNanosecondsFail() {
        assertThat(query("SELECT time_bucket(INTERVAL 1 minute, event_time) FROM trade")).isEqualTo(Tool.BAD);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("event_time_us");
    }

    @Test
    void explainsDescribesAndShows() {
        for (String sql : List.of("EXPLAIN SELECT count(*) FROM trade", "-- why\nEXPLAIN ANALYZE FROM trade", "DESCRIBE trade", "SHOW TABLES", "SUMMARIZE SELECT * EXCLUDE (event_time, ingest_time) FROM trade")) {
            assertThat(query(sql)).as(sql + complained.toString(StandardCharsets.UTF_8)).isEqualTo(Tool.GOOD);
            assertThat(printed.size()).isPositive();
            printed.reset();
        }
        assertThat(query("EXPLAIN DELETE FROM trade")).isEqualTo(Tool.BAD);
    }

    @Test
    void queriesThatBeginWithACommentAreNoOptions() {
        assertThat(QueryCommand.arguments(new String[] {"-- first\nSELECT 1", "--format", "--format=csv", "--x SELECT"}))
                .containsExactly("\n-- first\nSELECT 1", "--format", "--format=csv", "\n--x SELECT");
    }

    @Test
    void aClosedPipeEndsTheQueryQuietly() {
        System.setOut(StandardOutput.over(new FailingStream("Broken pipe")));
        assertThat(Tool.execute(new QueryCommand(), new String[] {"SELECT * FROM range(3000000000)", "--parquet", archive.toString(), "--format", "csv"}))
                .isEqualTo(141);
        assertThat(complained.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void aFullDiskIsAnErrorInEveryFormat() {
        for (String format : List.of("table", "csv", "json", "parquet", "arrow")) {
            System.setOut(StandardOutput.over(new FailingStream("No space left on device")));
            assertThat(Tool.execute(new QueryCommand(), new String[] {"SELECT 1 AS x", "--parquet", archive.toString(), "--format", format})).as(format).isEqualTo(2);
        }
        assertThat(complained.toString(StandardCharsets.UTF_8).split("No space left on device", -1)).hasSize(6);
    }

    private static final class FailingStream extends OutputStream {
        private final String message;

        FailingStream(String message) {
            this.message = message;
        }

        @Override
        public void write(int b) throws IOException {
            throw new IOException(message);
        }
    }

    private int query(String sql) {
        return run(sql, "csv");
    }

    private int run(String sql, String format) {
        return Tool.execute(new QueryCommand(), new String[] {sql.startsWith("--") ? "\n" + sql : sql, "--parquet", archive.toString(), "--format", format});
    }
}
