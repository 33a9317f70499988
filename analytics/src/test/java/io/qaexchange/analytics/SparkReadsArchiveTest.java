package io.qaexchange.analytics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Spark in local mode reads the archive that is kept in the job's tests. Spark knows no nanoseconds: it takes them as numbers with one
 * setting, or is told a schema without them and needs none.
 */
class SparkReadsArchiveTest {

    private static final Path ARCHIVE = Path.of("../job/cli/src/test/resources/golden/savepoint-0.1.0/archive");
    private static final String NANOS_AS_LONG = "spark.sql.legacy.parquet.nanosAsLong";
    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
                .config(NANOS_AS_LONG, "true").config("spark.sql.shuffle.partitions", "1").getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void needsNoSettingWhenItIsToldTheColumns() {
        spark.conf().set(NANOS_AS_LONG, "false");
        try {
            Dataset<Row> trades = spark.read().schema("instrument string, event_time_us timestamp, price double, volume double, date string")
                    .parquet(folder("trade"));

            assertThat(trades.filter("price > 0 and event_time_us > timestamp'2026-01-05 00:00:00'").count()).isEqualTo(trades.count()).isPositive();
        } finally {
            spark.conf().set(NANOS_AS_LONG, "true");
        }
    }

    @Test
    void countsTheRowsOfTheManifestInEveryTable() throws IOException {
        Map<String, Long> expected = new TreeMap<>();
        for (JsonNode file : manifest().path("files")) {
            expected.merge(file.path("table").asText(), file.path("rows").asLong(), Long::sum);
        }
        assertThat(expected).isNotEmpty();
        expected.forEach((table, rows) -> assertThat(table(table).count()).as(table).isEqualTo(rows));
    }

    @Test
    void readsTypesBooksAndPartitions() {
        Dataset<Row> books = table("book_snapshot").select("date", "instrument", "event_time_us", "bids");

        assertThat(books.schema().apply("event_time_us").dataType().typeName()).isEqualTo("timestamp");
        assertThat(books.schema().apply("bids").dataType().catalogString()).isEqualTo("array<struct<price:double,volume:double>>");
        assertThat(books.filter("size(bids) > 0 and bids[0].price > 0").count()).isPositive();
        assertThat(table("book_snapshot").filter("event_time div 1000 <> unix_micros(event_time_us)").count()).isZero();
        assertThat(books.filter("date = '2026-01-05'").count()).isBetween(1L, books.count());
    }

    @Test
    void makesBarsAndPushesItsFiltersDownToTheFiles() {
        Dataset<Row> bars = table("trade").filter("instrument = 'SHFE.rb2601' and direction = 'BUY'")
                .groupBy(functions.window(functions.col("event_time_us"), "1 hour"))
                .agg(functions.expr("min_by(price, event_time_us)").as("open"), functions.max("price").as("high"), functions.min("price").as("low"),
                        functions.expr("max_by(price, event_time_us)").as("close"), functions.sum("volume").as("volume"));

        assertThat(bars.filter("high < low or volume <= 0").count()).isZero();
        assertThat(bars.count()).isPositive();
        assertThat(bars.queryExecution().executedPlan().toString()).contains("PushedFilters: [").contains("EqualTo(instrument,SHFE.rb2601)");
    }

    private static Dataset<Row> table(String name) {
        return spark.read().parquet(folder(name));
    }

    private static String folder(String table) {
        return ARCHIVE.resolve("table=" + table).toAbsolutePath().normalize().toString();
    }

    private static JsonNode manifest() throws IOException {
        try (Stream<Path> versions = Files.list(ARCHIVE.resolve("_manifest"))) {
            return new ObjectMapper().readTree(versions.max(Path::compareTo).orElseThrow().toFile());
        }
    }
}
