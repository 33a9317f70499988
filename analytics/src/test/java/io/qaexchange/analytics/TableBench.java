package io.qaexchange.analytics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.metric.SQLMetric;

/**
 * Spark reads a year of trades by the Iceberg table and by file pattern: {@code TableBench ARCHIVE [ROUNDS]}, by {@code bin/bench table}. Planning is the time from the name of
 * the table or folder to the list of what the tasks read. Figures are medians of the rounds; the first round of each line does not count.
 */
public final class TableBench {

    private static final String COLUMNS = "instrument string, event_time_us timestamp, price double, volume double, date date";

    private final SparkSession spark;
    private final Path archive;
    private final AtomicLong bytesRead = new AtomicLong();

    /** A question. */
    private record Line(String name, String where) {
    }

    private static final List<Line> LINES = List.of(
            new Line("an hour of one instrument", "instrument = 'X.i0077' AND date = DATE'2025-06-16' AND event_time_us >= TIMESTAMP'2025-06-16 10:00:00'"
                    + " AND event_time_us < TIMESTAMP'2025-06-16 11:00:00'"),
            new Line("a day", "date = DATE'2025-06-16'"),
            new Line("one instrument, the year", "instrument = 'X.i0077'"),
            new Line("an hour by time alone", "event_time_us >= TIMESTAMP'2025-06-16 10:00:00' AND event_time_us < TIMESTAMP'2025-06-16 11:00:00'"),
            new Line("everything", "price > 0"));

    private TableBench(SparkSession spark, Path archive) {
        this.spark = spark;
        this.archive = archive;
        spark.sparkContext().addSparkListener(new SparkListener() {
            @Override
            public void onTaskEnd(SparkListenerTaskEnd end) {
                bytesRead.addAndGet(end.taskMetrics().inputMetrics().bytesRead());
            }
        });
    }

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        if (args.length < 1 || args.length > 2) {
            System.err.println("usage: TableBench ARCHIVE [ROUNDS]");
            System.exit(2);
        }
        SparkSession spark = SparkSession.builder().master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
                .config("spark.log.level", "WARN").config("spark.sql.shuffle.partitions", "2").config("spark.sql.adaptive.enabled", "false")
                .config("spark.sql.catalog.default_iceberg", "org.apache.iceberg.spark.SparkCatalog")
                .config("spark.sql.catalog.default_iceberg.catalog-impl", "org.apache.iceberg.inmemory.InMemoryCatalog").getOrCreate();
        try {
            new TableBench(spark, Path.of(args[0]).toAbsolutePath()).run(args.length == 2 ? Integer.parseInt(args[1]) : 3);
        } finally {
            spark.stop();
        }
    }

    private void run(int rounds) throws Exception {
        long files;
        long bytes = 0;
        try (Stream<Path> all = Files.walk(archive.resolve("table=trade"))) {
            List<Path> found = all.filter(path -> path.toString().endsWith(".parquet")).toList();
            files = found.size();
            for (Path file : found) {
                bytes += Files.size(file);
            }
        }
        System.out.printf(Locale.ROOT, "%,d rows, %,d files, %,d MB; Spark %s, local[2]; load %s%n", byTable().count(), files, bytes >> 20, spark.version(),
                Files.exists(Path.of("/proc/loadavg")) ? Files.readString(Path.of("/proc/loadavg")).strip() : "not known");
        System.out.println("| rows of | read by | planning ms | files | bytes read | seconds | rows |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (Line line : LINES) {
            long byTable = measure(line, "table", rounds);
            long byPattern = measure(line, "pattern", rounds);
            if (byTable != byPattern) {
                throw new IllegalStateException("the table has " + byTable + " rows for " + line.name() + ", the files have " + byPattern);
            }
        }
    }

    private Dataset<Row> byTable() {
        return spark.read().format("iceberg").load(archive.resolve("_iceberg/trade").toUri().toString());
    }

    private Dataset<Row> byPattern() {
        return spark.read().schema(COLUMNS).parquet(archive.resolve("table=trade").toUri().toString());
    }

    private long measure(Line line, String by, int rounds) throws Exception {
        List<Double> planning = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        long files = 0;
        long bytes = 0;
        long rows = 0;
        for (int round = 0; round <= rounds; round++) {
            bytesRead.set(0);
            long startedNs = System.nanoTime();
            Dataset<Row> answer = (by.equals("table") ? byTable() : byPattern()).where(line.where()).selectExpr("count(*)", "sum(price * volume)");
            SparkPlan plan = answer.queryExecution().executedPlan();
            answer.queryExecution().toRdd().getNumPartitions();
            SparkPlan leaf = plan.collectLeaves().head();
            leaf.execute().getNumPartitions();
            double planMs = (System.nanoTime() - startedNs) / 1e6;
            // Spark sets it to nothing when it runs the plan.
            files = metric(leaf, by.equals("table") ? "resultDataFiles" : "numFiles");
            rows = ((Row[]) answer.collect())[0].getLong(0);
            double took = (System.nanoTime() - startedNs) / 1e9;
            spark.sparkContext().listenerBus().waitUntilEmpty();
            if (round > 0) {
                planning.add(planMs);
                seconds.add(took);
            }
            bytes = bytesRead.get();
        }
        System.out.printf(Locale.ROOT, "| %s | %s | %,.0f | %,d | %,d | %.2f | %,d |%n", line.name(), by, median(planning), files, bytes, median(seconds), rows);
        return rows;
    }

    private static long metric(SparkPlan leaf, String name) {
        scala.Option<SQLMetric> metric = leaf.metrics().get(name);
        if (metric.isEmpty()) {
            throw new IllegalStateException(leaf.nodeName() + " has no metric " + name + ", only " + leaf.metrics().keys().mkString(", "));
        }
        return metric.get().value();
    }

    private static double median(List<Double> figures) {
        Collections.sort(figures);
        return figures.get(figures.size() / 2);
    }
}
