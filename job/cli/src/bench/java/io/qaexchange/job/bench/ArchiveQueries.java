package io.qaexchange.job.bench;

import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.query.sql.ResultFormat;
import io.qaexchange.job.query.sql.ResultWriter;
import io.qaexchange.job.query.sql.RowSource;
import io.qaexchange.job.query.sql.SqlQuery;
import io.qaexchange.job.query.sql.SqlTables;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

/** Queries over many archived rows, as {@code bin/query --parquet} runs them, and DuckDB's over the same files as somebody who knows only them would write them. One thread. */
final class ArchiveQueries {

    private static final int ROUNDS = 3;
    /** A server runs for long; its code is compiled. */
    private static final int WARM_UP = 3;

    private final QueryLines lines;
    private final Path folder;

    ArchiveQueries(QueryLines lines, Path folder) {
        this.lines = lines;
        this.folder = folder;
    }

    /** @param rows of trades, and of quotes in the join */
    void run(long rows) throws Exception {
        Path year = folder.resolve("year-" + rows);
        YearArchive.main(new String[] {year.toString(), Long.toString(rows)});
        lines.heading(String.format(java.util.Locale.ROOT, "%,d archived trades of a year", rows));
        String files = "'" + year + "/table=trade/*/*.parquet'";
        pair("bars of one hour, all instruments", year, "SELECT instrument, bar, open, high, low, close, volume FROM bars('trade', INTERVAL 1 hour)",
                "SELECT instrument, time_bucket(INTERVAL 1 hour, event_time::TIMESTAMPTZ) AS bar, arg_min(price, event_time) AS open, max(price) AS high, min(price) AS low, "
                        + "arg_max(price, event_time) AS close, sum(volume) AS volume FROM " + files + " GROUP BY 1, 2", 1_500);
        pair("bars of one minute, one instrument", year, "SELECT bar, open, high, low, close, volume FROM bars('trade', INTERVAL 1 minute) WHERE instrument = 'X.i0007'",
                "SELECT time_bucket(INTERVAL 1 minute, event_time::TIMESTAMPTZ) AS bar, arg_min(price, event_time) AS open, max(price) AS high, min(price) AS low, "
                        + "arg_max(price, event_time) AS close, sum(volume) AS volume FROM " + files + " WHERE instrument = 'X.i0007' GROUP BY 1", QueryLines.NONE);
        pair("turnover by instrument", year, "SELECT instrument, sum(price * volume) AS turnover FROM trade GROUP BY 1",
                "SELECT instrument, sum(price * volume) AS turnover FROM " + files + " GROUP BY 1", QueryLines.NONE);
    }

    /** As-of join of trades with ten times as many quotes. */
    void asOf(long trades) throws Exception {
        Path pair = folder.resolve("as-of-" + trades);
        YearArchive.tradesAndTicks(pair, trades, 10 * trades);
        lines.heading(String.format(java.util.Locale.ROOT, "%,d trades and %,d quotes of ten days", trades, 10 * trades));
        pair("as-of join", pair, "SELECT count(found.last_price) AS n, sum(price - found.last_price) AS s FROM asof_join('trade', 'tick', INTERVAL 1 day)",
                "SELECT count(q.last_price) AS n, sum(t.price - q.last_price) AS s FROM '" + pair + "/table=trade/*/*.parquet' t ASOF LEFT JOIN '" + pair
                        + "/table=tick/*/*.parquet' q ON t.instrument = q.instrument AND t.event_time >= q.event_time", 1_500);
    }

    private void pair(String name, Path archive, String ours, String plain, double targetMs) throws Exception {
        long[] mine = new long[ROUNDS];
        long[] duck = new long[ROUNDS];
        for (int round = -WARM_UP; round < ROUNDS; round++) {
            long took = ours(archive, ours);
            long beside = plain(plain);
            if (round >= 0) {
                mine[round] = took;
                duck[round] = beside;
            }
        }
        lines.line(name, Timings.ofNanos(mine), new QueryLines.Target(targetMs, QueryLines.NONE), Timings.ofNanos(duck));
    }

    /** From nothing to the last row, as Arrow. */
    private static long ours(Path archive, String sql) throws Exception {
        long began = System.nanoTime();
        try (SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse(sql);
            tables.load(RowSource.of(ManifestStore.of(new org.apache.flink.core.fs.Path(archive.toUri()))), query);
            ResultWriter.of(tables, query).write(ResultFormat.ARROW, OutputStream.nullOutputStream());
        }
        return System.nanoTime() - began;
    }

    private static long plain(String sql) throws Exception {
        long began = System.nanoTime();
        try (Connection duckDb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckDb.createStatement();
                ResultSet rows = statement.executeQuery("SELECT count(*), sum(hash(r)) FROM (" + sql + ") r")) {
            if (!rows.next()) {
                throw new IOException("no answer");
            }
        }
        return System.nanoTime() - began;
    }
}
