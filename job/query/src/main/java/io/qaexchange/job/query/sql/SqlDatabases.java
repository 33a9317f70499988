package io.qaexchange.job.query.sql;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Databases that stand ready for queries: opening DuckDB, its settings and the views of all tables take longer than most queries.
 *
 * <p>A query has a database for itself. After it the database is made empty again, on a thread of this, and serves the next one. One that cannot be made empty is closed.
 *
 * <p>Thread-safe.
 */
public final class SqlDatabases implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SqlDatabases.class);

    private final SqlDatabase.Settings settings;
    private final Path answers;
    private final FileColumns fileColumns = new FileColumns();
    private final BlockingQueue<SqlDatabase> ready;
    /** Statements that show columns of a table as they are. */
    private final ParsedStatements parsed = new ParsedStatements();
    private final int prepared;
    private final AtomicBoolean filling = new AtomicBoolean();
    private volatile boolean closed;
    private final ExecutorService maker = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "prepares databases");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Prepares databases.
     *
     * @param answers a folder that results may be written to
     * @param prepared databases that stand ready before the first query
     * @param most databases that are kept, at most
     */
    public SqlDatabases(SqlDatabase.Settings settings, Path answers, int prepared, int most) {
        this.settings = settings;
        this.answers = answers;
        this.prepared = prepared;
        this.ready = new ArrayBlockingQueue<>(most);
        fill();
    }

    /**
     * Reads a query.
     *
     * @throws WrongSqlException if it may not be run
     */
    public SqlQuery parse(String sql) throws SQLException {
        SqlQuery known = parsed.find(sql);
        if (known != null) {
            return known;
        }
        SqlDatabase database = poll(Set.of());
        try {
            SqlQuery query = database.parse(sql);
            if (query.passing() != null && query.passing().columns() != null) {
                parsed.keep(sql, query);
            }
            return query;
        } finally {
            keep(database);
        }
    }

    /**
     * Tables without rows. Whoever takes them closes them.
     *
     * @param folders folders of the files that the query may read
     */
    public SqlTables take(Set<String> folders) throws SQLException {
        return tables(poll(folders), this::giveBack);
    }

    /** As {@link #take}, in a database that no query of somebody else ever had or will have, and which is not locked yet. */
    public SqlTables takeAlone() throws SQLException {
        return tables(open(), (own, filled) -> own.close());
    }

    private static SqlTables tables(SqlDatabase database, SqlTables.After after) throws SQLException {
        boolean made = false;
        try {
            SqlTables tables = SqlTables.in(database, after);
            made = true;
            return tables;
        } finally {
            if (!made) {
                close(database);
            }
        }
    }

    private SqlDatabase poll(Set<String> folders) throws SQLException {
        for (SqlDatabase database = ready.poll(); database != null; database = ready.poll()) {
            if (database.allows(folders)) {
                return database;
            }
            // It was locked to the folders of another archive.
            close(database);
        }
        fill();
        return open();
    }

    private void giveBack(SqlDatabase database, @Nullable Set<String> filled) {
        if (filled == null) {
            keep(database);
            return;
        }
        try {
            maker.execute(() -> {
                try {
                    database.reset(filled);
                    keep(database);
                } catch (SQLException e) {
                    LOG.info("a database is not used any more: {}", e.getMessage());
                    close(database);
                }
            });
        } catch (RejectedExecutionException e) {
            close(database);
        }
    }

    private void keep(SqlDatabase database) {
        if (closed || !ready.offer(database)) {
            close(database);
        }
    }

    private void fill() {
        if (!closed && filling.compareAndSet(false, true)) {
            maker.execute(this::fillUp);
        }
    }

    private void fillUp() {
        try {
            while (!closed && ready.size() < prepared) {
                keep(open());
            }
        } catch (SQLException e) {
            // The next query opens its own and says what is wrong.
            LOG.warn("a database could not be prepared", e);
        } finally {
            filling.set(false);
        }
    }

    private SqlDatabase open() throws SQLException {
        return SqlDatabase.open(settings, answers, fileColumns);
    }

    private static void close(SqlDatabase database) {
        try {
            database.close();
        } catch (SQLException e) {
            LOG.debug("a database could not be closed", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        maker.shutdown();
        for (SqlDatabase database = ready.poll(); database != null; database = ready.poll()) {
            close(database);
        }
    }
}
