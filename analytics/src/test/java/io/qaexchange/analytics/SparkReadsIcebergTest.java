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

    private static final Path ARCHIVE = Path.of("../job/cli/src/test/resources/golden/savepoint-0.1.0/archive");
    private static final String CLASS_PATH = System.getProperty("table.classpath", "../job/cli/target/lib/*:../job/cli/target/classes");

    @TempDir
    private static Path folder;
    private static SparkSession spark;

    @BeforeAll
    static void start() throws Exception {
        Path archive = folder.resolve("archive");
        try (Stream<Path> files = Files.walk(ARCHIVE)) {
            for (Path file : files.toList()) {
                Files.copy(file, archive.resolve(ARCHIVE.relativize(file).toString()));
            }
        }
        assertThat(table("sync", archive)).isZero();
        assertThat(table("status", archive)).isZero();
        spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
                .config("spark.sql.shuffle.partitions", "1")
                .config("spark.sql.catalog.archive", "org.apache.iceberg.spark.SparkCatalog").config("spark.sql.catalog.archive.type", "hadoop")
                .config("spark.sql.catalog.archive.warehouse", archive.resolve("_iceberg").toUri().toString())
                .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions").getOrCreate();
    }

    private static int table(String command, Path archive) throws IOException, InterruptedException {
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", CLASS_PATH,
                "io.qaexchange.job.cli.table.TableCommand", command, "--archive", archive.toString()).inheritIO().start().waitFor();
    }

    @AfterAll
    static void stop() {
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
