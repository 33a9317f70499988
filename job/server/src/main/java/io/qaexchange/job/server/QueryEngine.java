package io.qaexchange.job.server;

import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.LiveRowSource;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.ResultFormat;
import io.qaexchange.job.query.sql.ResultWriter;
import io.qaexchange.job.query.sql.SqlDatabases;
import io.qaexchange.job.query.sql.SqlQuery;
import io.qaexchange.job.query.sql.SqlTables;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.util.FileUtils;

/**
 * Runs queries over a running job: each in a database of its own, which holds the hot rows that the query asks for and nothing else.
 *
 * <p>Thread-safe.
 */
public final class QueryEngine implements AutoCloseable {

    /** Databases that stand ready; making one takes less than most queries. */
    private static final int PREPARED = 4;

    private final LiveReader reader;
    private final LiveLedger ledger;
    private final Limits limits;
    private final Path temporary;
    private final SqlDatabases databases;
    private final AtomicLong ids = new AtomicLong();
    private final Map<Long, Running> running = new ConcurrentHashMap<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "ends late queries");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Limits of a query.
     *
     * @param memory DuckDB's {@code memory_limit}, such as 1GB
     * @param threads threads of a query
     * @param seconds time until it is cancelled
     * @param temporary DuckDB's {@code max_temp_directory_size}
     */
    public record Limits(String memory, int threads, int seconds, String temporary) {
    }

    /** A query that runs now. */
    public static final class Running {
        private final long id;
        private final String user;
        private final String sql;
        private final long beganMs = System.currentTimeMillis();
        /** A statement of the query's connection: cancelling it interrupts whatever runs there. */
        private final Statement statement;
        private volatile String ended;

        Running(long id, String user, String sql, Statement statement) {
            this.id = id;
            this.user = user;
            this.sql = sql;
            this.statement = statement;
        }

        public long id() {
            return id;
        }

        public String user() {
            return user;
        }

        public String sql() {
            return sql;
        }

        public long beganMs() {
            return beganMs;
        }

        void end(String reason) {
            ended = reason;
            try {
                statement.cancel();
            } catch (SQLException e) {
                throw new IllegalStateException("a query could not be interrupted", e);
            }
        }
    }

    /** A query was ended by someone else than its client. */
    public static final class EndedException extends SQLException {
        private static final long serialVersionUID = 1L;

        EndedException(String reason, SQLException cause) {
            super(reason, cause);
        }
    }

    /**
     * Takes a result: called once, before its first byte. The stream is closed when the result is whole, and only then: a result that
     * breaks off must not look like a whole one.
     */
    @FunctionalInterface
    public interface Target {
        OutputStream begin(LiveRead read) throws IOException;
    }

    /** @param temporary a folder of its own, which goes with it */
    public QueryEngine(LiveReader reader, LiveLedger ledger, Limits limits, Path temporary) {
        this.reader = reader;
        this.ledger = ledger;
        this.limits = limits;
        this.temporary = temporary;
        this.databases = new SqlDatabases(new SqlDatabases.Settings(limits.memory(), limits.threads(), limits.temporary()), PREPARED);
    }

    /**
     * Runs a query and writes its result.
     *
     * @throws io.qaexchange.job.query.sql.WrongSqlException if it may not be run
     * @throws EndedException if it took too long or was cancelled
     */
    public void run(String sql, ReadLevel level, ResultFormat format, String user, Target target) throws Exception {
        try (SqlTables tables = databases.take(); Statement settings = tables.connection().createStatement()) {
            SqlQuery query = tables.parse(sql);
            Path folder = Files.createTempDirectory(temporary, "query");
            Running mine = new Running(ids.incrementAndGet(), user, sql, settings);
            running.put(mine.id(), mine);
            ScheduledFuture<?> end = clock.schedule(() -> mine.end("the query took more than " + limits.seconds() + " s"), limits.seconds(),
                    TimeUnit.SECONDS);
            try (LiveRead read = reader.open(level)) {
                tables.load(new LiveRowSource(read, reader.archive(), ledger::rows), query, List.of(folder));
                ResultWriter writer = ResultWriter.of(tables, query);
                OutputStream out = target.begin(read);
                writer.write(format, out, folder);
                out.close();
            } catch (SQLException e) {
                if (mine.ended != null) {
                    throw new EndedException(mine.ended, e);
                }
                throw e;
            } finally {
                end.cancel(false);
                running.remove(mine.id());
                FileUtils.deleteDirectoryQuietly(folder.toFile());
            }
        }
    }

    /** The queries that run now. */
    public Collection<Running> running() {
        return running.values();
    }

    /**
     * Cancels a query.
     *
     * @return whether it was running
     */
    public boolean cancel(long id, String user) {
        Running found = running.get(id);
        if (found != null) {
            found.end("the query was cancelled by " + user);
        }
        return found != null;
    }

    public LiveReader reader() {
        return reader;
    }

    @Override
    public void close() {
        running.values().forEach(query -> query.end("the server is being stopped"));
        clock.shutdownNow();
        databases.close();
        reader.close();
        FileUtils.deleteDirectoryQuietly(temporary.toFile());
    }
}
