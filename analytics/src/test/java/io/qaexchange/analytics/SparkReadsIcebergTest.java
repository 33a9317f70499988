package io.qaexchange.analytics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Spark in local mode reads the Iceberg tables of the archive that is kept in the job's tests. {@code bin/table sync} makes them in a process of its
 * own, of what Maven has packaged: Spark brings Iceberg's classes in another version.
 */
class SparkReadsIcebergTest {

    @TempDir
    private static Path folder;
    private static SparkSession spark;
    private static TableProcess catalog;

    @BeforeAll
    static void start() throws Exception {
        Path archive = folder.resolve("archive");
        KeptArchive.copy(archive);
        assertThat(TableProcess.run("sync", "--archive", archive.toString())).isZero();
        assertThat(TableProcess.run("status", "--archive", archive.toString())).isZero();
        catalog = TableProcess.serve(archive);
        spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
                .config("spark.sql.shuffle.partitions", "1")
                // As docs/analytics.md says for the REST catalogue.
                .config("spark.sql.catalog.qa", "org.apache.iceberg.spark.SparkCatalog").config("spark.sql.catalog.qa.type", "rest")
                .config("spark.sql.catalog.qa.uri", catalog.address())
                .config("spark.sql.catalog.archive", "org.apache.iceberg.spark.SparkCatalog").config("spark.sql.catalog.archive.type", "hadoop")
                .config("spark.sql.catalog.archive.warehouse", archive.resolve("_iceberg").toUri().toString())
                .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions").getOrCreate();
    }

    @AfterAll
    static void stop() {
        if (catalog != null) {
            catalog.close();
        }
        if (spark != null) {
            spark.stop();
        }
    }

    /** Rows by file pattern; the kept archive has neither compacted nor abandoned files. */
    private static Dataset<Row> byPattern(String name) {
        return spark.read().schema("instrument string, event_time_us timestamp, price double, volume double, trading_day int, date string")
                .parquet(folder.resolve("archive/table=" + name).toString());
    }

    @Test
    void countsTheRowsOfEveryTable() throws IOException {
        List<String> names;
        try (Stream<Path> tables = Files.list(folder.resolve("archive"))) {
            names = tables.map(path -> path.getFileName().toString()).filter(name -> name.startsWith("table=")).map(name -> name.substring(6)).toList();
        }
        assertThat(names).isNotEmpty();
        for (String name : names) {
            Path files = folder.resolve("archive/table=" + name);
            long rows = spark.read().schema("kafka_offset long").parquet(files.toString()).count();
            assertThat(spark.sql("SELECT * FROM archive." + name).count()).as(name).isEqualTo(rows);
            assertThat(spark.sql("SELECT * FROM archive." + name).collectAsList()).as(name).hasSize((int) rows);
        }
    }

    @Test
    void theRestCatalogueShowsTheSame() {
        List<Row> tables = spark.sql("SHOW TABLES IN qa.archive").collectAsList();
        assertThat(tables).isNotEmpty();
        for (Row table : tables) {
            String name = table.getString(1);
            assertThat(spark.sql("SELECT * FROM qa.archive." + name).count()).as(name).isEqualTo(spark.sql("SELECT * FROM archive." + name).count());
        }
        long snapshot = spark.sql("SELECT snapshot_id FROM qa.archive.trade.snapshots ORDER BY committed_at").first().getLong(0);
        assertThat(spark.sql("SELECT * FROM qa.archive.trade VERSION AS OF " + snapshot).count()).isPositive();
        assertThat(spark.sql("SELECT instrument, price FROM qa.archive.trade WHERE instrument = 'SHFE.rb2601'").count()).isPositive();
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> spark.sql("DELETE FROM qa.archive.trade WHERE true")).hasStackTraceContaining("does not support endpoint");
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> spark.sql("DROP TABLE qa.archive.trade")).hasStackTraceContaining("does not support endpoint");
    }

    @Test
    void readsMicrosecondsAndThePartition() {
        for (String vectorized : List.of("true", "false")) {
            spark.conf().set("spark.sql.iceberg.vectorization.enabled", vectorized);
            Dataset<Row> trades = spark.sql("SELECT date, trading_day, event_time_us, instrument, price FROM archive.trade");
            assertThat(trades.schema().apply("event_time_us").dataType().typeName()).isEqualTo("timestamp");
            assertThat(trades.filter("date_format(date, 'yyyyMMdd') <> cast(trading_day as string)").count()).isZero();
            assertThat(trades.filter("instrument is null or price is null").count()).isZero();
            assertThat(trades.agg(org.apache.spark.sql.functions.sum("price")).first().getDouble(0)).isPositive();
        }
        spark.conf().unset("spark.sql.iceberg.vectorization.enabled");
        Dataset<Row> books = spark.sql("SELECT bids FROM archive.book_snapshot WHERE size(bids) > 0 AND bids[0].price > 0");
        assertThat(books.count()).isPositive();
    }

    @Test
    void readsNanosecondsAsANumber() {
        spark.conf().set("spark.sql.legacy.parquet.nanosAsLong", "true");
        Dataset<Row> files = spark.read().parquet(folder.resolve("archive/table=trade").toString());
        List<Row> expected = files.selectExpr("sequence", "event_time", "ingest_time").orderBy("event_time", "sequence").collectAsList();
        spark.conf().unset("spark.sql.legacy.parquet.nanosAsLong");
        Dataset<Row> trades = spark.table("qa.archive_long.trade");

        assertThat(trades.selectExpr("sequence", "event_time_ns", "ingest_time_ns").orderBy("event_time_ns", "sequence").collectAsList())
                .isEqualTo(expected).isNotEmpty();
        assertThat(trades.filter("unix_micros(event_time_us) <> event_time_ns div 1000").count()).isZero();
        long middle = expected.get(expected.size() / 2).getLong(1);
        assertThat(trades.filter("event_time_ns >= " + middle).count())
                .isEqualTo(expected.stream().filter(row -> row.getLong(1) >= middle).count()).isPositive().isLessThan(expected.size());
        assertThat(trades.filter("event_time_ns = " + middle + " AND instrument IS NOT NULL").count()).isPositive();
        assertThat(spark.sql("SELECT * FROM qa.archive_long.book_snapshot").collectAsList()).isNotEmpty();
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> spark.sql("SELECT price FROM qa.archive_ns.trade").collectAsList())
                .as("Spark refuses the whole table").hasStackTraceContaining("timestamptz_ns");
        long snapshot = spark.sql("SELECT snapshot_id FROM qa.archive_long.trade.snapshots ORDER BY committed_at").first().getLong(0);
        assertThat(spark.sql("SELECT event_time_ns FROM qa.archive_long.trade VERSION AS OF " + snapshot + " WHERE event_time_ns IS NULL").count()).isZero();
    }

    @Test
    void filtersGiveTheSameRowsAsTheFilesAndTravelInTime() {
        String filter = "instrument = 'SHFE.rb2601' and event_time_us > timestamp'2026-01-05 00:00:00'";
        assertThat(spark.table("archive.trade").filter(filter).count()).isEqualTo(byPattern("trade").filter(filter).count()).isPositive();
        List<Row> snapshots = spark.sql("SELECT snapshot_id, summary['total-records'], summary['qaexchange.manifest-version'] FROM archive.trade.snapshots")
                .collectAsList();
        assertThat(snapshots).isNotEmpty().allSatisfy(snapshot -> assertThat(snapshot.getString(2)).isNotNull());
        for (Row snapshot : snapshots) {
            assertThat(spark.sql(String.format(Locale.ROOT, "SELECT * FROM archive.trade VERSION AS OF %d", snapshot.getLong(0))).count())
                    .isEqualTo(Long.parseLong(snapshot.getString(1)));
        }
    }

    @Test
    void proceduresThatDeleteFilesRefuse() {
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> spark.sql("CALL archive.system.expire_snapshots(table => 'trade', retain_last => 1)"))
                .hasStackTraceContaining("GC is disabled");
    }
}
