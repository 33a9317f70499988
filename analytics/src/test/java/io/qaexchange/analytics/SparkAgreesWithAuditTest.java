package io.qaexchange.analytics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A new user's Spark session counts the archived rows that {@code bin/audit} counts: while the job runs, after it was restored from an older savepoint,
 * after files moved to a second tier, and after the retention let rows go. By path it needs two lines of configuration, by the catalogue three.
 */
@Timeout(1_200)
class SparkAgreesWithAuditTest {

    private static final Pattern FOUND = Pattern.compile("found [0-9,]+ rows: [0-9,]+ hot, ([0-9,]+) in Parquet.*");
    private static final Pattern ADDRESS = Pattern.compile("\"address\"\\s*:\\s*\"([^\"]+)\"");
    private static final Pattern MIRRORED = Pattern.compile("\"mirrorVersion\"\\s*:\\s*([0-9]+)");
    /** As the audit prints them. */
    private static final String SENT = "40,000 messages";
    private static final long PATIENCE_SECONDS = 180;

    @TempDir
    private Path folder;
    private Bin bin;
    private String dir;
    private Path archive;
    private SparkSession spark;
    private final List<String> walked = new ArrayList<>();
    private long lastVersion;

    @Test
    void beforeAndAfterARestoreATierMoveAndARetention() throws Exception {
        try (Bin started = new Bin(folder.resolve("run"))) {
            bin = started;
            dir = bin.folder().toString();
            archive = bin.folder().resolve("archive");
            try {
                walk();
            } catch (Exception | AssertionError e) {
                bin.keepLogs(Path.of("target/spark-agrees-with-audit"));
                throw new AssertionError("after " + walked + "; logs are in analytics/target/spark-agrees-with-audit", e);
            } finally {
                if (spark != null) {
                    spark.stop();
                }
                walked.forEach(System.out::println);
            }
        }
    }

    private void walk() throws Exception {
        bin.startKafkaAndFlink();
        String job = submit("submit");
        bin.begin("serve", "--dir", dir, "--iceberg", "--port", "0", "--pg-port", "0", "--flight-port", "0");
        bin.run("generate", "--events", "20000", "--brokers", bin.brokers(), "--day", "2026-01-05", "--seed", "1");
        await("archived files", () -> newestVersion() > 2);
        String savepoint = last(bin.run("savepoint", job, "--dir", dir));
        long versionOfSavepoint = newestVersion();
        bin.run("generate", "--events", "20000", "--brokers", bin.brokers(), "--day", "2026-01-06", "--seed", "2");
        await("more archived files", () -> newestVersion() > versionOfSavepoint);

        startSpark();
        compare("while the job runs");
        bin.run("cancel", job, "--dir", dir);
        submit("resume", savepoint);
        compare("after the restore of an older savepoint");
        assertThat(spark.sql("SELECT name FROM qa.archive.trade.refs WHERE name LIKE 'abandoned-%'").count()).as("the history that was abandoned is a branch").isPositive();

        Path other = Files.createDirectories(folder.resolve("other disk"));
        bin.run("archive", "retain", "--archive", archive.toString(), "--checkpoints", "none", "--remote", "file://" + other, "--remote-after", "0", "--local-retention",
                "1", "--grace", "10 min");
        long moved = compare("after a tier move");
        assertThat(table("trade").selectExpr("_file").distinct().collectAsList()).as("files of the other disk are read")
                .anyMatch(file -> file.getString(0).startsWith("file://" + other));

        bin.run("archive", "retain", "--archive", archive.toString(), "--checkpoints", "none", "--delete-after", "1");
        assertThat(compare("after a retention")).as("a trading day has left").isLessThan(moved).isPositive();
    }

    private String submit(String command, String... from) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(from));
        arguments.addAll(List.of("--parallelism", "2", "--dir", dir, "--", "--brokers", bin.brokers(), "--checkpoint-interval", "500 ms", "--check-interval", "500 ms",
                "--min-batch-size", "64 kb"));
        return last(bin.run(command, arguments.toArray(new String[0])));
    }

    private static String last(List<String> lines) {
        return lines.get(lines.size() - 1);
    }

    private void startSpark() throws IOException {
        spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1")
                // Two lines are enough to read tables by path: without them Iceberg looks for Hive.
                .config("spark.sql.catalog.default_iceberg", "org.apache.iceberg.spark.SparkCatalog")
                .config("spark.sql.catalog.default_iceberg.catalog-impl", "org.apache.iceberg.inmemory.InMemoryCatalog")
                .config("spark.sql.catalog.qa", "org.apache.iceberg.spark.SparkCatalog")
                .config("spark.sql.catalog.qa.type", "rest")
                .config("spark.sql.catalog.qa.uri", server().resolve("/iceberg").toString())
                .getOrCreate();
    }

    private org.apache.spark.sql.Dataset<org.apache.spark.sql.Row> table(String name) {
        return spark.read().format("iceberg").load(archive.resolve("_iceberg").resolve(name).toUri().toString());
    }

    private List<String> tables() throws IOException {
        try (Stream<Path> folders = Files.list(archive.resolve("_iceberg"))) {
            return folders.filter(Files::isDirectory).map(path -> path.getFileName().toString()).filter(name -> !name.startsWith(".")).sorted().toList();
        }
    }

    /** Rows of all tables of events, by path; those of the ledger's tables are none that were sent. */
    private long count() throws IOException {
        long rows = 0;
        for (String name : tables()) {
            org.apache.spark.sql.Dataset<org.apache.spark.sql.Row> table = table(name);
            rows += List.of(table.columns()).contains("kafka_offset") ? table.count() : 0;
        }
        return rows;
    }

    private long countByCatalogue() throws IOException {
        long rows = 0;
        for (String name : tables()) {
            spark.sql("REFRESH TABLE qa.archive." + name);
            rows += List.of(spark.table("qa.archive." + name).columns()).contains("kafka_offset") ? spark.table("qa.archive." + name).count() : 0;
        }
        return rows;
    }

    /**
     * Audits and counts when all that was sent is in the job's newest checkpoint, and while the archive stays the same. How many rows are archived then depends
     * on how batches fell, so a restored job may have fewer than before.
     */
    private long compare(String when) throws Exception {
        List<String> seen = new ArrayList<>();
        for (long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS); System.nanoTime() < deadlineNs;) {
            await("tables as new as the archive " + when, this::isMirrored);
            long version = newestVersion();
            List<String> audit = bin.run("audit", "--dir", dir, "--live", "--table", "iceberg");
            long byPath = count();
            long byCatalogue = countByCatalogue();
            if (newestVersion() == version && audit.stream().anyMatch(line -> line.startsWith("sent " + SENT))) {
                String found = audit.stream().filter(line -> FOUND.matcher(line).matches()).findFirst().orElseThrow();
                Matcher rows = FOUND.matcher(found);
                assertThat(rows.matches()).isTrue();
                long archived = Long.parseLong(rows.group(1).replace(",", ""));
                walked.add(String.format("%s: archive manifest version %,d; bin/audit: %s; Spark by path %,d, by the catalogue %,d; %s", when, version, found, byPath,
                        byCatalogue, last(audit)));
                assertThat(byPath).as("rows by path, %s", when).isEqualTo(archived).isPositive();
                assertThat(byCatalogue).as("rows by the catalogue, %s", when).isEqualTo(archived);
                assertThat(String.join("\n", audit)).contains("AUDIT HOLDS");
                return archived;
            }
            seen.add(version + ": " + audit);
        }
        throw new TimeoutException("the archive did not come to rest " + when + ": versions " + seen);
    }

    /** Whether the server's tables are as new as the archive, which has stayed the same since the last look. */
    private boolean isMirrored() throws Exception {
        long before = lastVersion;
        lastVersion = newestVersion();
        HttpRequest request = HttpRequest.newBuilder(server().resolve("/v1/iceberg")).build();
        Matcher mirrored = MIRRORED.matcher(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
        return mirrored.find() && Long.parseLong(mirrored.group(1)) == lastVersion && before == lastVersion;
    }

    private URI server() throws IOException {
        Matcher address = ADDRESS.matcher(Files.readString(bin.folder().resolve("server.json")));
        assertThat(address.find()).isTrue();
        return URI.create(address.group(1));
    }

    private long newestVersion() throws IOException {
        Path versions = archive.resolve("_manifest");
        if (!Files.exists(versions)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(versions)) {
            return files.map(path -> path.getFileName().toString()).filter(name -> name.matches("[0-9v]+\\.json")).mapToLong(name -> Long.parseLong(name.replaceAll("[^0-9]", "")))
                    .max().orElse(0);
        }
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(String what, Condition condition) throws Exception {
        for (long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS); !condition.holds(); TimeUnit.MILLISECONDS.sleep(500)) {
            if (System.nanoTime() > deadlineNs) {
                throw new TimeoutException("no " + what + " within " + PATIENCE_SECONDS + " s");
            }
        }
    }
}
