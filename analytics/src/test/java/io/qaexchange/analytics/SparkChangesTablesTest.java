package io.qaexchange.analytics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user of Spark changes the tables in their folder by SQL and Iceberg's procedures. What would delete files of the archive refuses; what commits is
 * refused by the next sync and kept as a branch by the repair; the tables show the archive again, and no data file has left.
 */
class SparkChangesTablesTest {

    private static final int GOOD = 0;
    private static final int DIFFERENT = 1;
    private static final int REFUSED = 2;

    @TempDir
    private static Path folder;
    private static Path archive;
    private static SparkSession spark;

    @BeforeAll
    static void start() throws Exception {
        archive = folder.resolve("archive");
        KeptArchive.copy(archive);
        assertThat(table("sync")).isEqualTo(GOOD);
        spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
                .config("spark.sql.shuffle.partitions", "1")
                .config("spark.sql.catalog.archive", "org.apache.iceberg.spark.SparkCatalog").config("spark.sql.catalog.archive.type", "hadoop")
                .config("spark.sql.catalog.archive.warehouse", archive.resolve("_iceberg").toUri().toString())
                .config("spark.sql.catalog.archive.cache-enabled", "false")
                .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions").getOrCreate();
    }

    @AfterAll
    static void stop() {
        if (spark != null) {
            spark.stop();
        }
    }

    private static int table(String command) throws IOException, InterruptedException {
        return TableProcess.run(command, "--archive", archive.toString());
    }

    private static List<String> dataFiles() throws IOException {
        try (Stream<Path> files = Files.walk(archive)) {
            return files.map(Path::toString).filter(file -> file.endsWith(".parquet") && !file.contains("/_iceberg/")).sorted().toList();
        }
    }

    private static long count(String table) {
        return spark.sql("SELECT * FROM archive." + table).count();
    }

    private static long snapshot(String table) {
        return spark.sql("SELECT snapshot_id FROM archive." + table + ".refs WHERE name = 'main'").first().getLong(0);
    }

    @Test
    void commitsAreRefusedAndKeptAsBranches() throws Exception {
        List<String> files = dataFiles();
        for (String change : List.of("CALL archive.system.rewrite_data_files(table => 'trade', options => map('rewrite-all', 'true'))",
                "CALL archive.system.rewrite_manifests('trade')",
                "DELETE FROM archive.trade WHERE date = DATE'2026-01-05'",
                "INSERT INTO archive.trade SELECT * FROM archive.trade LIMIT 3",
                "UPDATE archive.trade SET price = 0 WHERE instrument = 'SHFE.rb2601'")) {
            long rows = count("trade");
            long ours = snapshot("trade");
            spark.sql(change);
            long theirs = snapshot("trade");
            long changed = count("trade");
            assertThat(theirs).as(change).isNotEqualTo(ours);

            assertThat(table("sync")).as("%s: sync", change).isEqualTo(REFUSED);
            assertThat(table("status")).as("%s: status", change).isEqualTo(DIFFERENT);
            assertThat(snapshot("trade")).as("nothing was changed").isEqualTo(theirs);
            assertThat(table("repair")).as("%s: repair", change).isEqualTo(GOOD);
            assertThat(table("status")).as("%s: status after the repair", change).isEqualTo(GOOD);
            assertThat(snapshot("trade")).isEqualTo(ours);
            assertThat(count("trade")).isEqualTo(rows);
            assertThat(spark.sql("SELECT * FROM archive.trade VERSION AS OF 'foreign-" + theirs + "'").count()).as("%s: their commit", change).isEqualTo(changed);
        }
        assertThat(dataFiles()).isEqualTo(files);
    }

    @Test
    void columnsAndPartitionsArePutBack() throws Exception {
        String columns = spark.table("archive.tick").schema().treeString();
        for (String change : List.of("ALTER TABLE archive.tick ADD COLUMN comment STRING", "ALTER TABLE archive.tick RENAME COLUMN last_price TO price",
                "ALTER TABLE archive.tick DROP COLUMN volume", "ALTER TABLE archive.tick ADD PARTITION FIELD instrument",
                "ALTER TABLE archive.tick SET TBLPROPERTIES ('gc.enabled' = 'true')")) {
            spark.sql(change);
            assertThat(table("sync")).as("%s: sync", change).isEqualTo(REFUSED);
            assertThat(table("repair")).as("%s: repair", change).isEqualTo(GOOD);
            assertThat(table("status")).as("%s: status after the repair", change).isEqualTo(GOOD);
        }
        assertThat(spark.table("archive.tick").schema().treeString()).isEqualTo(columns);
        spark.sql("ALTER TABLE archive.tick SET TBLPROPERTIES ('format-version' = '3')");
        assertThat(table("sync")).isEqualTo(REFUSED);
        assertThat(table("repair")).isEqualTo(GOOD);
        assertThat(table("status")).isEqualTo(GOOD);
    }

    @Test
    void whatWouldDeleteFilesRefusesAndWhatDoesNotIsFollowed() throws Exception {
        List<String> files = dataFiles();
        long rows = count("book_delta");
        for (String procedure : List.of("expire_snapshots(table => 'book_delta', retain_last => 1)", "remove_orphan_files(table => 'book_delta')")) {
            assertThatThrownBy(() -> spark.sql("CALL archive.system." + procedure)).as(procedure).hasStackTraceContaining("GC is disabled");
        }
        assertThatThrownBy(() -> spark.sql("DROP TABLE archive.book_delta PURGE")).hasStackTraceContaining("GC is disabled");

        List<Row> snapshots = spark.sql("SELECT snapshot_id FROM archive.book_delta.snapshots ORDER BY committed_at").collectAsList();
        if (snapshots.size() > 1) {
            spark.sql("CALL archive.system.rollback_to_snapshot('book_delta', " + snapshots.get(0).getLong(0) + ")");
            assertThat(count("book_delta")).isLessThan(rows);
        }
        spark.sql("ALTER TABLE archive.book_delta CREATE TAG `end of day`");
        assertThat(table("sync")).isEqualTo(GOOD);
        assertThat(count("book_delta")).isEqualTo(rows);
        spark.sql("DROP TABLE archive.book_delta");
        assertThat(table("status")).isEqualTo(DIFFERENT);
        assertThat(table("sync")).isEqualTo(GOOD);
        assertThat(count("book_delta")).isEqualTo(rows);
        assertThat(table("status")).isEqualTo(GOOD);
        assertThat(dataFiles()).isEqualTo(files);
    }
}
