package io.qaexchange.job.server.engine;

import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.LiveRowSource;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.ArrowRows;
import io.qaexchange.job.query.sql.ResultFormat;
import io.qaexchange.job.query.sql.ResultWriter;
import io.qaexchange.job.query.sql.RowLimit;
import io.qaexchange.job.query.sql.RowSource;
import io.qaexchange.job.query.sql.SqlDatabase;
import io.qaexchange.job.query.sql.SqlDatabases;
import io.qaexchange.job.query.sql.SqlQuery;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.sql.SystemSource;
import io.qaexchange.job.query.sql.TablePlan;
import io.qaexchange.job.query.typed.UnionRow;
import io.qaexchange.job.query.typed.UnionScan;
import io.qaexchange.job.server.session.ReadMoment;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.annotation.Nullable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.flink.util.FileUtils;

/**
 * Runs queries over a running job: each in a database of its own, which holds the hot rows that the query asks for and nothing else.
 *
 * <p>Thread-safe.
 */
public final class QueryEngine implements AutoCloseable {

    /** How long a read of a session waits until the replay has passed what it has seen. */
    private static final Duration REPLAY = Duration.ofSeconds(5);
    /** Databases that stand ready before the first query. */
    private static final int PREPARED = 4;
    /** Databases that are kept for later queries. */
    private static final int MOST_READY = 16;

    private final LiveReader reader;
    private final LiveLedger ledger;
    private final CheckpointFiles checkpoints;
    private final SystemTables system;
    private final ClientSessions sessions;
    private final Limits limits;
    private final Path temporary;
    private final SqlDatabases databases;
    private final AnswerMemory memory = new AnswerMemory();
    private final UnknownInstruments instruments = new UnknownInstruments();
    private final QueryLog log = new QueryLog();
    private final AtomicLong ids = new AtomicLong();
    private final Map<Long, Running> running = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1, task -> {
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
     * @param rows most rows of an answer; 0 for any number
     */
    public record Limits(String memory, int threads, int seconds, String temporary, long rows) {
    }

    /**
     * Who asks.
     *
     * @param request name of the request, by which it can be cancelled; null for none
     * @param access the rows that he may see
     * @param session name of a session whose live reads do not go back; null for none
     */
    public record Asker(String user, @Nullable String request, RowAccess access, @Nullable String session) {
    }

    /** A query that runs now. */
    public static final class Running {
        private final long id;
        private final String user;
        @Nullable
        private final String request;
        private final String sql;
        private final long beganMs = System.currentTimeMillis();
        private final Interruption interruption;
        @Nullable
        private volatile String failed;

        Running(long id, Asker asker, String sql, Interruption interruption) {
            this.id = id;
            this.user = asker.user();
            this.request = asker.request();
            this.sql = sql;
            this.interruption = interruption;
        }

        public long id() {
            return id;
        }

        public String user() {
            return user;
        }

        /** Name of the client's request; null if it came through a door whose requests have none. */
        @Nullable
        public String request() {
            return request;
        }

        public String sql() {
            return sql;
        }

        public long beganMs() {
            return beganMs;
        }

        void end(String reason) {
            interruption.end(reason);
        }
    }

    /** A query was ended by someone else than its client. */
    public static final class EndedException extends SQLException {
        private static final long serialVersionUID = 1L;

        EndedException(String reason, Exception cause) {
            super(reason, cause);
        }
    }

    /**
     * Takes a result: called once, before its first byte. The stream is closed when the result is whole, and only then: a result that
     * breaks off must not look like a whole one.
     */
    @FunctionalInterface
    public interface Target {
        OutputStream begin(ReadMoment moment) throws IOException;
    }

    /**
     * The plan of a query.
     *
     * @param moment the moment that its rows are as of
     * @param tables what it reads of each table
     * @param text DuckDB's plan
     */
    public record QueryPlan(ReadMoment moment, List<TablePlan> tables, String text) {

        public QueryPlan {
            tables = List.copyOf(tables);
        }
    }

    /** @param temporary a folder of its own, which goes with it */
    public QueryEngine(LiveReader reader, LiveLedger ledger, CheckpointFiles checkpoints, SystemTables system, Limits limits, Path temporary) {
        this.reader = reader;
        this.ledger = ledger;
        this.checkpoints = checkpoints;
        this.system = system;
        this.sessions = new ClientSessions(reader, REPLAY);
        this.limits = limits;
        this.temporary = temporary;
        this.databases = new SqlDatabases(new SqlDatabase.Settings(limits.memory(), limits.threads(), limits.temporary()), temporary, PREPARED, MOST_READY);
        clock.setRemoveOnCancelPolicy(true);
    }

    /**
     * Runs a query and writes its result.
     *
     * @throws io.qaexchange.job.query.sql.WrongSqlException if it may not be run
     * @throws EndedException if it took too long or was cancelled
     */
    public void run(String sql, ReadLevel level, ResultFormat format, Asker asker, Target target) throws Exception {
        try (OpenQuery open = open(sql, level, asker, format == ResultFormat.ARROW ? SqlTables.Showing.AS_THEY_ARE : SqlTables.Showing.PASSING)) {
            try {
                ResultWriter writer = ResultWriter.of(open.tables, open.query);
                OutputStream out = open.guard(target.begin(open.moment()));
                writer.write(format, out, open.limit());
                out.close();
            } catch (SQLException | IOException | RuntimeException e) {
                throw open.reasonOf(e);
            }
        }
    }

    /**
     * The plan of a query: its tables, and how DuckDB would run it. Its hot rows are loaded for that, no file is opened but for its statistics.
     *
     * @param sql a query, with EXPLAIN in front of it or without
     * @throws io.qaexchange.job.query.sql.WrongSqlException if it may not be run
     * @throws EndedException if it took too long or was cancelled
     */
    public QueryPlan explain(String sql, ReadLevel level, Asker asker) throws Exception {
        try (OpenQuery open = open(sql, level, asker, SqlTables.Showing.LOADED); Statement statement = open.connection().createStatement()) {
            String explain = open.query().explains() ? open.query().text() : "EXPLAIN " + open.query().text();
            StringBuilder text = new StringBuilder();
            try (ResultSet plan = statement.executeQuery(explain)) {
                int last = plan.getMetaData().getColumnCount();
                while (plan.next()) {
                    text.append(plan.getString(last)).append('\n');
                }
                return new QueryPlan(open.moment(), open.tables.plan(), text.toString().strip());
            } catch (SQLException e) {
                throw open.failure(e);
            }
        }
    }

    /**
     * Opens a query for whoever takes its rows from DuckDB himself, and runs it once: its rows are there, or on their way, its own SQL has not begun. Its time runs.
     *
     * @throws io.qaexchange.job.query.sql.WrongSqlException if it may not be run
     * @throws EndedException if it took too long or was cancelled
     */
    public OpenQuery open(String sql, ReadLevel level, Asker asker) throws Exception {
        return open(sql, level, asker, SqlTables.Showing.PASSING);
    }

    private OpenQuery open(String sql, ReadLevel level, Asker asker, SqlTables.Showing showing) throws Exception {
        OpenQuery open = null;
        try {
            SqlQuery query = databases.parse(sql);
            open = new OpenQuery(query, asker, new Running(ids.incrementAndGet(), asker, sql, new Interruption(clock)));
            open.load(level, showing);
            return open;
        } catch (Exception e) {
            if (open == null) {
                refused(sql, asker, e);
                throw e;
            }
            Exception reason = open.reasonOf(e);
            open.close();
            throw reason;
        }
    }

    /**
     * Runs a statement that needs no database.
     *
     * @return null if it must run in one after all: for rows of a checkpoint's files, for more rows than such a statement may have, and for none, since then
     *         the reason is to be named
     * @throws EndedException if it was cancelled
     */
    @Nullable
    PointAnswer point(PointSelect select, ReadLevel level, String sql, Asker asker) throws Exception {
        if (level instanceof ReadLevel.CheckpointInFiles) {
            return null;
        }
        Running mine = new Running(ids.incrementAndGet(), asker, sql, new Interruption(clock));
        running.put(mine.id(), mine);
        try (LiveRead read = sessions.open(level instanceof ReadLevel.Stale ? ReadLevel.LIVE : level, asker)) {
            List<UnionRow> rows = new UnionScan(read, reader.archive()).first(select.range(), select.limited() ? select.limit() : select.limit() + 1, select.descending());
            if (mine.interruption.reason() != null) {
                throw new EndedException(mine.interruption.reason(), null);
            }
            if (rows.isEmpty() || rows.size() > select.limit()) {
                return null;
            }
            rowLimit().add(rows.size());
            PointAnswer answer = new PointAnswer(select, rows, read.instruments(), moment(read, List.of()), memory.allocator());
            log.add(entry(mine, QueryLog.Outcome.DONE, ""));
            return answer;
        } catch (Exception e) {
            if (level instanceof ReadLevel.Stale && e instanceof JobNotRunningException) {
                return null;
            }
            log.add(entry(mine, e instanceof EndedException ? QueryLog.Outcome.CANCELLED : QueryLog.Outcome.FAILED, String.valueOf(e.getMessage())));
            throw e;
        } finally {
            running.remove(mine.id());
            mine.interruption.close();
        }
    }

    private static QueryLog.Entry entry(Running of, QueryLog.Outcome outcome, String reason) {
        return new QueryLog.Entry(of.id(), of.user(), of.sql(), Instant.ofEpochMilli(of.beganMs()).toString(), System.currentTimeMillis() - of.beganMs(), outcome, reason);
    }

    /**
     * A query whose rows are in its database. Its time runs between {@link #begin} and {@link #pause}, first from when it was opened.
     *
     * <p>One thread, but for {@link #end}.
     */
    public final class OpenQuery implements AutoCloseable {
        private final SqlQuery query;
        private final Asker asker;
        private final Running mine;
        @Nullable
        private SqlTables tables;
        @Nullable
        private LiveRead read;
        private ReadMoment moment;
        private final RowLimit rowLimit = rowLimit();
        private long leftNs = TimeUnit.SECONDS.toNanos(limits.seconds());
        private long beganNs;
        private ScheduledFuture<?> late;

        private OpenQuery(SqlQuery query, Asker asker, Running mine) {
            this.query = query;
            this.asker = asker;
            this.mine = mine;
            running.put(mine.id(), mine);
        }

        private void load(ReadLevel level, SqlTables.Showing showing) throws Exception {
            begin();
            if (query.readsSystemOnly()) {
                load(RowSource.NONE);
                moment = new ReadMoment("system", mine.beganMs(), System.currentTimeMillis(), "", 0, instruments.notices(tables, query, null, asker.access()));
                return;
            }
            if (level instanceof ReadLevel.CheckpointInFiles) {
                loadFiles(null);
                return;
            }
            try {
                read = sessions.open(level instanceof ReadLevel.Stale ? ReadLevel.LIVE : level, asker);
            } catch (JobNotRunningException e) {
                if (level instanceof ReadLevel.Stale stale) {
                    loadFiles(stale.oldest());
                    return;
                }
                throw e;
            }
            // All rows are counted first if there may be too many.
            boolean fits = limits.rows() == 0 || query.passing() != null && query.passing().most() <= limits.rows();
            load(new LiveRowSource(read, reader.archive(), ledger::rows), fits ? showing : SqlTables.Showing.LOADED);
            moment = QueryEngine.moment(read, instruments.notices(tables, query, read, asker.access()));
        }

        private void loadFiles(@Nullable Duration oldest) throws Exception {
            ReadMoment found = checkpoints.read(oldest, this::load);
            moment = found.with(instruments.notices(tables, query, null, asker.access()));
        }

        private void load(RowSource rows) throws Exception {
            load(rows, SqlTables.Showing.LOADED);
        }

        private void load(RowSource rows, SqlTables.Showing showing) throws Exception {
            if (tables != null) {
                tables.close();
            }
            tables = asker.access().isAll() ? databases.take(rows.folders()) : databases.takeAlone();
            mine.interruption.attach(tables.connection());
            RowSource all = new SystemSource(rows, table -> system.rows(table, asker, running(), log.newest()));
            tables.load(all, query, asker.access(), showing);
            if (asker.access().isAll()) {
                rowLimit.check(query, tables);
            }
        }

        /** The query's time runs. */
        public void begin() {
            if (late == null) {
                beganNs = System.nanoTime();
                late = clock.schedule(() -> mine.end("the query took more than " + limits.seconds() + " s"), leftNs, TimeUnit.NANOSECONDS);
            }
        }

        /** The query's time stands still, because its client is waited for. */
        public void pause() {
            if (late != null) {
                late.cancel(false);
                late = null;
                leftNs = Math.max(1, leftNs - (System.nanoTime() - beganNs));
            }
        }

        /** The moment that the rows are as of. */
        public ReadMoment moment() {
            return moment;
        }

        /** The query's database. */
        public Connection connection() {
            return tables.connection();
        }

        /** The query. */
        public SqlQuery query() {
            return query;
        }

        /** The most rows of its answer. */
        RowLimit limit() {
            return rowLimit;
        }

        /** Runs a statement that gives the rows of the query. */
        ArrowRows rows(Statement statement, String select, BufferAllocator memory, long batchRows) throws SQLException {
            return tables.rows(query, statement, select, memory, batchRows);
        }

        /** Interrupts the query, from any thread. */
        public void end(String reason) {
            mine.end(reason);
        }

        /** Whether someone ended it; an interrupt may have come when nothing ran. */
        public boolean isEnded() {
            return mine.interruption.reason() != null;
        }

        /** Whoever was ended gets nothing more, wherever the interruption came: no part of an answer ends as if it were the whole. */
        private OutputStream guard(OutputStream out) {
            return new FilterOutputStream(out) {
                @Override
                public void write(int b) throws IOException {
                    failIfEnded();
                    out.write(b);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    failIfEnded();
                    out.write(bytes, offset, length);
                }

                @Override
                public void close() throws IOException {
                    failIfEnded();
                    out.close();
                }
            };
        }

        private void failIfEnded() throws IOException {
            String reason = mine.interruption.reason();
            if (reason != null) {
                throw new IOException(reason);
            }
        }

        /** As {@link #failure}, of whatever failed. */
        private Exception reasonOf(Exception e) {
            if (e instanceof SQLException failed) {
                return failure(failed);
            }
            if (isEnded()) {
                return new EndedException(mine.interruption.reason(), e);
            }
            SQLException lost = tables == null ? null : tables.lost();
            Exception reason = lost == null ? e : lost;
            mine.failed = String.valueOf(reason.getMessage());
            return reason;
        }

        /** A failure of this query with its reason: that of whoever ended it, or the one that the driver lost. */
        public SQLException failure(SQLException e) {
            SQLException failed = mine.interruption.failure(e);
            if (!isEnded() && tables != null) {
                failed = tables.explain(failed);
            }
            mine.failed = String.valueOf(failed.getMessage());
            return failed;
        }

        @Override
        public void close() {
            pause();
            mine.interruption.close();
            running.remove(mine.id());
            String ended = mine.interruption.reason();
            QueryLog.Outcome outcome = ended != null ? QueryLog.Outcome.CANCELLED : mine.failed != null ? QueryLog.Outcome.FAILED : QueryLog.Outcome.DONE;
            String reason = ended != null ? ended : mine.failed != null ? mine.failed : "";
            log.add(entry(mine, outcome, reason));
            // The tables first: their rows may still be on their way, and their files are kept for the read.
            try {
                if (tables != null) {
                    tables.close();
                }
            } catch (SQLException e) {
                throw new IllegalStateException("the database of a query could not be closed: " + e.getMessage(), e);
            } finally {
                if (read != null) {
                    read.close();
                }
            }
        }
    }

    /** The most rows of one answer. */
    private RowLimit rowLimit() {
        return new RowLimit(limits.rows());
    }

    /** Notes that a query was not run at all. */
    public void refused(String sql, Asker asker, Exception reason) {
        log.add(new QueryLog.Entry(0, asker.user(), sql, Instant.now().toString(), 0, QueryLog.Outcome.REFUSED, String.valueOf(reason.getMessage())));
    }

    /** The queries that have ended. */
    public QueryLog log() {
        return log;
    }

    /** The queries that run now. */
    public Collection<Running> running() {
        return running.values();
    }

    /** Cancels a query. */
    public void cancel(Running query, String user) {
        query.end("the query was cancelled by " + user);
    }

    /** The moment that the rows of a read are as of. */
    public static ReadMoment moment(LiveRead read, List<String> notices) {
        StringBuilder offsets = new StringBuilder();
        read.offsets().forEach(offset -> offsets.append(offsets.isEmpty() ? "" : ",").append(offset.topic()).append('-').append(offset.partition())
                .append('@').append(offset.offset()));
        return new ReadMoment(read.level().toString(), read.pinnedFromMs(), read.pinnedToMs(), offsets.toString(), read.manifestVersion(), notices);
    }

    /** Whether a read was refused because the job has not read again what the session has seen. */
    public static boolean isBehind(Throwable failure) {
        return failure instanceof ClientSessions.BehindException;
    }

    /**
     * Opens a read for whoever needs no SQL.
     *
     * @throws JobNotRunningException if the job cannot be read, or has not read again what the asker's session has seen
     */
    public LiveRead read(ReadLevel level, Asker asker) throws IOException {
        return sessions.open(level, asker);
    }

    /** The sentence for an instrument of which nothing was found, with names that are near. */
    public String noRows(String table, String instrument, LiveRead read) throws IOException {
        return UnknownInstruments.noRows(table, instrument, read);
    }

    public LiveReader reader() {
        return reader;
    }

    @Override
    public void close() {
        running.values().forEach(query -> query.end("the server is being stopped"));
        clock.shutdownNow();
        databases.close();
        checkpoints.close();
        reader.close();
        FileUtils.deleteDirectoryQuietly(temporary.toFile());
        memory.close();
    }
}
