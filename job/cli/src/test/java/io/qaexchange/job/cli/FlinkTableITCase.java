package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.LiveRowSource;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.SqlQuery;
import io.qaexchange.job.query.sql.SqlTables;
import java.net.URI;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Flink SQL over hot and cold rows of a running job, as docs/analytics.md shows it. What is right is asked from the union read of the commands. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlinkTableITCase {

    private static final int MESSAGES = 4_000;
    private static final String TRADE = "CREATE TEMPORARY TABLE %s (`event_time` TIMESTAMP_LTZ(9), `event_time_us` TIMESTAMP_LTZ(6), `event_time_ns` BIGINT, "
            + "`instrument` STRING, `source` STRING, `sequence` BIGINT, `trading_day` INT, `account` STRING, `direction` STRING, `price` DOUBLE, `volume` DOUBLE, "
            + "`kafka_partition` INT, `kafka_offset` BIGINT, `date` DATE) WITH ('connector' = 'qaexchange', 'flink' = '%s'%s)";

    @TempDir
    private static Path folder;
    private JobRig rig;
    private JobID job;
    private String flink;

    @BeforeAll
    void start() throws Exception {
        rig = JobRig.start(folder);
        // The last hour of each instrument stays hot, and has trades.
        rig.set("min-age", "1 h");
        job = rig.submitWithArchivedRows(23, MESSAGES);
        flink = rig.cluster().getRestAddress().get().toString();
    }

    @AfterAll
    void stop() throws Exception {
        rig.stop(job);
        rig.close();
    }

    private TableEnvironment environment(boolean streaming) {
        TableEnvironment environment = TableEnvironment.create(streaming ? EnvironmentSettings.inStreamingMode() : EnvironmentSettings.inBatchMode());
        URI rest = URI.create(flink);
        environment.getConfig().set("execution.target", "remote");
        environment.getConfig().set("rest.address", rest.getHost());
        environment.getConfig().set("rest.port", Integer.toString(rest.getPort()));
        environment.getConfig().set("parallelism.default", "2");
        environment.getConfig().set("table.local-time-zone", "UTC");
        environment.getConfig().set("execution.checkpointing.interval", "200ms");
        return environment;
    }

    /** The queries run on the same cluster, so the job is named. */
    private String ofJob() {
        return ", 'job' = '" + job.toHexString() + "'";
    }

    private TableEnvironment withTrade(boolean streaming) {
        TableEnvironment environment = environment(streaming);
        environment.executeSql(TRADE.formatted("trade", flink, ofJob()));
        return environment;
    }

    private static List<String> rows(TableEnvironment environment, String sql) throws Exception {
        List<String> rows = new ArrayList<>();
        try (CloseableIterator<Row> answer = environment.executeSql(sql).collect()) {
            while (answer.hasNext()) {
                Row row = answer.next();
                List<Object> values = new ArrayList<>();
                for (int i = 0; i < row.getArity(); i++) {
                    values.add(row.getField(i));
                }
                rows.add(values.toString());
            }
        }
        rows.sort(null);
        return rows;
    }

    /** The same by the union read of the commands. */
    private List<String> expected(ReadLevel level, String sql) throws Exception {
        URI rest = URI.create(flink);
        try (LiveReader reader = new LiveReader(FlinkJobDirectory.of(rest.getHost(), rest.getPort(), job.toHexString()), EndpointPool.of(new Configuration()),
                Duration.ofSeconds(10)); LiveRead read = reader.open(level); SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse(sql);
            tables.load(new LiveRowSource(read, reader.archive(), List::of), query, RowAccess.ALL);
            List<String> rows = new ArrayList<>();
            try (Statement statement = tables.connection().createStatement(); ResultSet answer = statement.executeQuery(sql)) {
                while (answer.next()) {
                    List<Object> values = new ArrayList<>();
                    for (int i = 1; i <= answer.getMetaData().getColumnCount(); i++) {
                        values.add(answer.getObject(i));
                    }
                    rows.add(values.toString());
                }
            }
            rows.sort(null);
            return rows;
        }
    }

    @Test
    void showsEveryRowOnce() throws Exception {
        String columns = "instrument, source, \"sequence\", trading_day, account, direction, price, volume, kafka_partition, kafka_offset, date::VARCHAR";
        List<String> all = expected(ReadLevel.LIVE, "SELECT epoch_ns(event_time), epoch_us(event_time_us), " + columns + " FROM trade");

        List<String> trades = rows(withTrade(false), "SELECT event_time_ns, event_time_ns / 1000, instrument, `source`, `sequence`, trading_day, account, "
                + "direction, price, volume, kafka_partition, kafka_offset, CAST(`date` AS STRING) FROM trade");

        assertThat(trades).isEqualTo(all).isNotEmpty();
        assertThat(expected(new ReadLevel.Archive(), "SELECT sequence FROM trade").size()).as("both hot and cold rows").isPositive().isLessThan(all.size());
        assertThat(rows(withTrade(true), "SELECT event_time_ns, `source`, `sequence`, account FROM trade"))
                .as("a streaming query ends with the same rows, with checkpoints of its own on the way").hasSize(all.size()).doesNotHaveDuplicates();
        assertThat(rows(withTrade(false), "SELECT COUNT(*) FROM trade")).containsExactly("[" + all.size() + "]");
    }

    @Test
    void readsListsAndTheLevelsOfAJob() throws Exception {
        TableEnvironment environment = environment(false);
        environment.executeSql("CREATE TEMPORARY TABLE book_snapshot (instrument STRING, `sequence` BIGINT, bids ARRAY<ROW<price DOUBLE, volume DOUBLE>>) WITH "
                + "('connector' = 'qaexchange', 'flink' = '" + flink + "'" + ofJob() + ")");
        assertThat(rows(environment, "SELECT instrument, `sequence`, CARDINALITY(bids), bids[1].price FROM book_snapshot"))
                .isEqualTo(expected(ReadLevel.LIVE, "SELECT instrument, \"sequence\", len(bids), bids[1].price FROM book_snapshot")).isNotEmpty();

        environment.executeSql(TRADE.formatted("archived", flink, ", 'table' = 'trade', 'level' = 'archive'" + ofJob()));
        assertThat(rows(environment, "SELECT `sequence`, account FROM archived"))
                .isEqualTo(expected(new ReadLevel.Archive(), "SELECT \"sequence\", account FROM trade")).isNotEmpty();
        environment.executeSql(TRADE.formatted("checkpointed", flink, ", 'table' = 'trade', 'level' = 'checkpoint'" + ofJob()));
        assertThat(rows(environment, "SELECT `sequence`, account FROM checkpointed"))
                .as("all events were stored before the newest checkpoint").isEqualTo(expected(ReadLevel.LIVE, "SELECT \"sequence\", account FROM trade"));
        assertThat(rows(environment, "SELECT c.account, COUNT(*) FROM checkpointed c JOIN archived a ON c.`source` = a.`source` AND c.`sequence` = a.`sequence` "
                + "AND c.account = a.account GROUP BY c.account")).as("two reads in one query").isNotEmpty();
    }

    @Test
    void readsOnlyWhatConditionsLeave() throws Exception {
        List<String> times = expected(ReadLevel.LIVE, "SELECT epoch_ns(event_time) FROM trade WHERE instrument = 'SHFE.rb2601'");
        String middle = times.get(times.size() / 2).replaceAll("[^0-9]", "");
        for (String condition : List.of("instrument = 'SHFE.rb2601' AND event_time_ns >= " + middle, "event_time_ns < " + middle + " AND instrument = 'SHFE.rb2601'",
                "instrument IN ('SHFE.rb2601', 'SHFE.cu2601')",
                middle + " = event_time_ns", "instrument = 'SHFE.rb2601' OR event_time_ns > " + middle)) {
            String sql = "SELECT \"sequence\", account FROM trade WHERE " + condition;
            assertThat(rows(withTrade(false), sql.replace('"', '`'))).as(condition)
                    .isEqualTo(expected(ReadLevel.LIVE, sql.replace("event_time_ns", "epoch_ns(event_time)")));
        }
        TableEnvironment environment = withTrade(false);
        assertThat(environment.explainSql("SELECT price FROM trade WHERE instrument = 'SHFE.rb2601' AND event_time_ns >= " + middle))
                .contains("filter=[and(=(instrument, ", ">=(event_time_ns, " + middle, "project=[event_time_ns, instrument, price]");
        String time = "TO_TIMESTAMP_LTZ(" + Long.parseLong(middle) / 1_000_000 + ", 3)";
        assertThat(rows(environment, "SELECT COUNT(*) FROM trade WHERE event_time >= " + time))
                .isEqualTo(rows(environment, "SELECT COUNT(*) FROM trade WHERE event_time_ns >= " + Long.parseLong(middle) / 1_000_000 * 1_000_000));
    }

    @Test
    void saysWhatIsWrong() {
        Stream.of(List.of(", 'table' = 'trad'", "there is no table trad; did you mean"), List.of(", 'level' = 'files'", "is for bin/query and the query server"),
                List.of(", 'level' = 'newest'", "is none of live, checkpoint, checkpoint:<id>, archive"), List.of(", 'patience' = '-1 s'", "patience"),
                List.of(", 'tabel' = 'trade'", "tabel")).forEach(wrong -> {
                    TableEnvironment environment = environment(false);
                    environment.executeSql(TRADE.formatted("trade", flink, wrong.get(0)));
                    assertThatThrownBy(() -> environment.executeSql("SELECT * FROM trade")).as(wrong.get(0)).isInstanceOf(ValidationException.class)
                            .hasStackTraceContaining(wrong.get(1));
                });
        TableEnvironment environment = environment(false);
        environment.executeSql("CREATE TEMPORARY TABLE trade (prize DOUBLE) WITH ('connector' = 'qaexchange', 'flink' = '" + flink + "')");
        assertThatThrownBy(() -> environment.executeSql("SELECT * FROM trade")).hasStackTraceContaining("table trade has no column prize")
                .hasStackTraceContaining("`price` DOUBLE");
        environment.executeSql("CREATE TEMPORARY TABLE tick (event_time TIMESTAMP(3)) WITH ('connector' = 'qaexchange', 'flink' = '" + flink + "')");
        assertThatThrownBy(() -> environment.executeSql("SELECT * FROM tick"))
                .hasStackTraceContaining("column event_time of table tick is TIMESTAMP_LTZ(9), not TIMESTAMP(3)");
        environment.executeSql("CREATE TEMPORARY TABLE kline (instrument STRING) WITH ('connector' = 'qaexchange', 'flink' = 'not an address')");
        assertThatThrownBy(() -> environment.executeSql("SELECT * FROM kline")).hasStackTraceContaining("is no address such as http://127.0.0.1:8081");

        TableEnvironment away = environment(false);
        away.executeSql(TRADE.formatted("trade", flink, ", 'job' = 'no-such-job', 'patience' = '100 ms'"));
        assertThatThrownBy(() -> rows(away, "SELECT price FROM trade")).hasStackTraceContaining("cannot be read at level live")
                .hasStackTraceContaining("no job no-such-job");
        away.executeSql(TRADE.formatted("other", flink, ", 'table' = 'trade', 'level' = 'checkpoint:99999'" + ofJob()));
        assertThatThrownBy(() -> rows(away, "SELECT price FROM other")).hasStackTraceContaining("99999");
    }
}
