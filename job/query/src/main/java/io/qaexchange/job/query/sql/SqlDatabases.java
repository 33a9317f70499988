package io.qaexchange.job.query.sql;

import io.qaexchange.job.query.SqlText;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Databases that are made before a query asks for one: opening DuckDB, its settings and the views of all tables take longer than a usual query.
 *
 * <p>Each is for one query and closed with it. So nothing of a query is left for the next one, the files that DuckDB may open are exactly those
 * of the query, and a query that breaks its database breaks nobody else's.
 *
 * <p>Thread-safe.
 */
public final class SqlDatabases implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SqlDatabases.class);

    private final Settings settings;
    private final BlockingQueue<SqlTables> ready;
    private final AtomicBoolean filling = new AtomicBoolean();
    private volatile boolean closed;
    private final ExecutorService maker = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "prepares databases");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Limits of each database.
     *
     * @param memory DuckDB's {@code memory_limit}, such as 1GB
     * @param threads threads of a query
     * @param temporary DuckDB's {@code max_temp_directory_size}
     */
    public record Settings(String memory, int threads, String temporary) {
    }

    /** @param ready databases that stand ready, at most */
    public SqlDatabases(Settings settings, int ready) {
        this.settings = settings;
        this.ready = new ArrayBlockingQueue<>(ready);
        fill();
    }

    /** A database without rows. Whoever takes it closes it. */
    public SqlTables take() throws SQLException {
        SqlTables prepared = ready.poll();
        fill();
        return prepared != null ? prepared : create();
    }

    /** Databases that stand ready now. */
    public int ready() {
        return ready.size();
    }

    private void fill() {
        if (!closed && ready.remainingCapacity() > 0 && filling.compareAndSet(false, true)) {
            maker.execute(this::fillUp);
        }
    }

    private void fillUp() {
        try {
            while (!closed && ready.remainingCapacity() > 0) {
                SqlTables made = create();
                if (closed || !ready.offer(made)) {
                    made.close();
                }
            }
        } catch (SQLException e) {
            // The next query makes its own and says what is wrong.
            LOG.warn("a database could not be prepared", e);
        } finally {
            filling.set(false);
        }
    }

    private SqlTables create() throws SQLException {
        SqlTables tables = SqlTables.create();
        try (Statement statement = tables.connection().createStatement()) {
            statement.execute("SET memory_limit = " + SqlText.quote(settings.memory()) + "; SET threads = " + settings.threads()
                    + "; SET max_temp_directory_size = " + SqlText.quote(settings.temporary()));
            return tables;
        } catch (SQLException e) {
            tables.close();
            throw e;
        }
    }

    @Override
    public void close() {
        closed = true;
        maker.shutdown();
        for (SqlTables prepared = ready.poll(); prepared != null; prepared = ready.poll()) {
            try {
                prepared.close();
            } catch (SQLException e) {
                LOG.debug("a database could not be closed", e);
            }
        }
    }
}
