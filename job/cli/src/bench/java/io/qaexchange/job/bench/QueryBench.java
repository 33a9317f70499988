package io.qaexchange.job.bench;

import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.util.FileUtils;

/**
 * How long queries take: of a running market, over its query server, while messages come in; and of many archived rows. DuckDB is beside it, over the same rows.
 *
 * <p>{@code QueryBench [--url URL] [--rate PER_SECOND] [--market SECONDS] [--warm-up SECONDS] [--seconds PER_LINE] [--clients N] [--rows N] [--dir FOLDER] [--only
 * one|visible|clients|archive|all]}. Without a URL, broker, job, market and server run in a process of their own as {@code bin/demo --live} runs them. An archive
 * is written to FOLDER, which is kept, and used again by the next run. Exit code 0 if it ran, whatever the figures.
 */
public final class QueryBench {

    private static final int AS_OF_SHARE = 100;

    private QueryBench() {
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new LinkedHashMap<>(Map.of("--url", "", "--rate", "50000", "--market", "90", "--warm-up", "10", "--seconds", "10", "--clients", "64",
                "--rows", "100000000", "--dir", "", "--only", "all"));
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length || options.put(args[i], args[i + 1]) == null) {
                throw new IllegalArgumentException("unknown option, or one without a value: " + args[i]);
            }
        }
        String only = options.get("--only");
        if (!Set.of("one", "visible", "clients", "archive", "all").contains(only)) {
            throw new IllegalArgumentException("--only is one, visible, clients, archive or all");
        }
        QueryLines lines = new QueryLines();
        if (!only.equals("archive")) {
            market(lines, options, only);
        }
        if (only.equals("archive") || only.equals("all")) {
            archive(lines, Long.parseLong(options.get("--rows")), options.get("--dir"));
        }
    }

    private static void market(QueryLines lines, Map<String, String> options, String only) throws Exception {
        long warmUpS = Long.parseLong(options.get("--warm-up"));
        long seconds = Long.parseLong(options.get("--seconds"));
        int clients = Integer.parseInt(options.get("--clients"));
        if (!options.get("--url").isEmpty()) {
            run(lines, new MarketQueries(lines, URI.create(options.get("--url")), warmUpS, seconds), null, only, clients);
            return;
        }
        try (ServerProcess server = ServerProcess.start(Double.parseDouble(options.get("--rate")))) {
            TimeUnit.SECONDS.sleep(Long.parseLong(options.get("--market")));
            run(lines, new MarketQueries(lines, URI.create("http://127.0.0.1:" + server.httpPort()), warmUpS, seconds), server.brokers(), only, clients);
        }
    }

    private static void run(QueryLines lines, MarketQueries market, String brokers, String only, int clients) throws Exception {
        lines.fact("load %.1f", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        if (brokers != null && Set.of("visible", "all").contains(only)) {
            market.visible(brokers);
        }
        if (Set.of("one", "all").contains(only)) {
            market.oneByOne();
        }
        if (Set.of("clients", "all").contains(only)) {
            market.manyClients(clients);
        }
        lines.fact("load %.1f", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private static void archive(QueryLines lines, long rows, String dir) throws Exception {
        Path folder = dir.isEmpty() ? Files.createTempDirectory("query-bench-archive") : Files.createDirectories(Path.of(dir)).toAbsolutePath();
        try {
            ArchiveQueries queries = new ArchiveQueries(lines, folder);
            queries.run(rows);
            queries.asOf(rows / AS_OF_SHARE);
        } finally {
            if (dir.isEmpty()) {
                FileUtils.deleteDirectoryQuietly(folder.toFile());
            }
        }
    }
}
