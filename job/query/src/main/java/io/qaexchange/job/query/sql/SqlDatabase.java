package io.qaexchange.job.query.sql;

import static java.util.Objects.requireNonNull;

import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.finance.Macros;
import java.io.File;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.annotation.Nullable;
import org.duckdb.DuckDBConnection;

/**
 * A DuckDB in this process, with a view without rows for each table and the macros of the field. {@link SqlTables} fills it for one query; {@link #reset}
 * makes it empty again, so that the next query finds nothing of that one.
 *
 * <p>Once it is {@linkplain #allow locked}, nobody's SQL reads or writes a file outside of the folders that it was locked to, loads an extension, or changes
 * a setting. {@link QueryParser} lets no query name a file.
 *
 * <p>One query at a time. Opening one takes tens of milliseconds.
 */
public final class SqlDatabase implements AutoCloseable {

    /** The first characters of DuckDB's patterns for file names; in brackets each stands for itself. */
    private static final Pattern GLOB = Pattern.compile("[\\[*?]");

    private final Connection connection;
    @Nullable
    private final Path answers;
    private final FileColumns fileColumns;
    /** Null until it is locked. */
    @Nullable
    private Set<String> allowed;

    /**
     * Limits of a database.
     *
     * @param memory DuckDB's {@code memory_limit}, such as 1GB
     * @param threads threads of a query
     * @param temporary DuckDB's {@code max_temp_directory_size}
     */
    public record Settings(String memory, int threads, String temporary) {
    }

    private SqlDatabase(Connection connection, @Nullable Path answers, FileColumns fileColumns) {
        this.connection = connection;
        this.answers = answers;
        this.fileColumns = fileColumns;
    }

    /**
     * Opens a database.
     *
     * @param settings limits; null for DuckDB's own
     * @param answers a folder that DuckDB may write results to; null for none
     */
    public static SqlDatabase open(@Nullable Settings settings, @Nullable Path answers) throws SQLException {
        return open(settings, answers, new FileColumns());
    }

    /** As {@link #open(Settings, Path)}, with what is known already of the columns of files. */
    static SqlDatabase open(@Nullable Settings settings, @Nullable Path answers, FileColumns fileColumns) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("jdbc_stream_results", "true");
        Connection connection = DriverManager.getConnection("jdbc:duckdb:", properties);
        boolean opened = false;
        try {
            // Large sorts and joins go to the temporary folder. DuckDB adds it to those that queries may read, so each database has its own.
            StringBuilder script = new StringBuilder("SET TimeZone = 'UTC'; SET autoinstall_known_extensions = false; SET autoload_known_extensions = false; "
                    + "SET temp_directory = " + SqlText.quote(System.getProperty("java.io.tmpdir") + File.separator + "duckdb-" + ProcessHandle.current().pid() + "-" + UUID.randomUUID()));
            if (settings != null) {
                script.append("; SET memory_limit = ").append(SqlText.quote(settings.memory())).append("; SET threads = ").append(settings.threads())
                        .append("; SET max_temp_directory_size = ").append(SqlText.quote(settings.temporary()));
            }
            execute(connection, script.toString());
            execute(connection, "BEGIN; CREATE SCHEMA " + HotTables.SCHEMA + "; " + TableColumns.names().stream()
                    .map(table -> "CREATE" + emptyView(table)).collect(Collectors.joining("; ")));
            // A macro names its tables: they must be there when it is made, and what they are is looked up when it is called.
            for (String macro : Macros.scalars()) {
                execute(connection, macro);
            }
            for (String macro : Macros.tables(TableColumns.names())) {
                execute(connection, macro);
            }
            execute(connection, "COMMIT");
            SqlDatabase database = new SqlDatabase(connection, answers, fileColumns);
            opened = true;
            return database;
        } finally {
            if (!opened) {
                connection.close();
            }
        }
    }

    /**
     * Reads a query.
     *
     * @throws WrongSqlException if it may not be run
     */
    public SqlQuery parse(String sql) throws SQLException {
        return new QueryParser(connection, TableColumns.names()).parse(requireNonNull(sql, "sql"));
    }

    /**
     * Reads a query that may call functions of a catalogue, of a database that is locked to no folder.
     *
     * @throws WrongSqlException if it may not be run
     */
    public SqlQuery parseCatalogue(String sql) throws SQLException {
        return new QueryParser(connection, TableColumns.names()).parseCatalogue(requireNonNull(sql, "sql"));
    }

    /** The connection that the database was made with. */
    public Connection connection() {
        return connection;
    }

    /** A connection for a query; whoever takes it closes it. */
    Connection session() throws SQLException {
        return connection.unwrap(DuckDBConnection.class).duplicate();
    }

    FileColumns fileColumns() {
        return fileColumns;
    }

    /** The folder that results may be written to; null for none. */
    @Nullable
    Path answers() {
        return answers;
    }

    /**
     * Locks the database: from now on DuckDB opens files in these folders and in that of answers, and no others.
     *
     * @throws IllegalStateException if it is locked to other folders
     */
    public void allow(Set<String> folders) throws SQLException {
        if (allowed == null) {
            List<String> all = new ArrayList<>(folders);
            if (answers != null) {
                all.add(answers.toString());
            }
            // Beside a folder the pattern that stands for it.
            String directories = all.isEmpty() ? "" : "SET allowed_directories = " + all.stream().flatMap(folder -> Stream.of(folder, pattern(folder))).distinct()
                    .map(folder -> SqlText.quote(folder.endsWith(File.separator) ? folder : folder + File.separator)).collect(Collectors.joining(", ", "[", "]")) + "; ";
            execute(connection, directories + "SET enable_external_access = false; SET lock_configuration = true");
            allowed = Set.copyOf(folders);
        } else if (!allowed.containsAll(folders)) {
            throw new IllegalStateException("the database is locked to folders " + allowed + ", and the query reads " + folders);
        }
    }

    /** A pattern that only this file name matches, whatever lies beside it. */
    static String pattern(String file) {
        return GLOB.matcher(file).replaceAll("[$0]");
    }

    /** Whether files can be read no more but for those of the folders that it is locked to. */
    boolean isLocked() {
        return allowed != null;
    }

    /** Whether a query that reads files of these folders can run here. */
    boolean allows(Set<String> folders) {
        return allowed == null || allowed.containsAll(folders);
    }

    /**
     * Takes away everything that a query left: the schemas that were made for it, and the views of its tables.
     *
     * @param tables tables whose views have rows
     * @throws SQLException if the database cannot be used any more
     */
    void reset(Set<String> tables) throws SQLException {
        // The views first: a view goes with the schema that it reads, and the macros that name it go with it.
        StringBuilder script = new StringBuilder();
        tables.forEach(table -> script.append("CREATE OR REPLACE").append(emptyView(table)).append("; "));
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal")) {
            while (rows.next()) {
                script.append("DROP SCHEMA ").append(SqlText.name(rows.getString(1))).append(" CASCADE; ");
            }
        }
        execute(connection, script + "CREATE SCHEMA " + HotTables.SCHEMA);
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("SELECT count(*) FROM duckdb_tables()")) {
            rows.next();
            if (rows.getLong(1) != 0) {
                throw new SQLException("a query left a table");
            }
        }
    }

    private static String emptyView(String table) {
        return " VIEW " + SqlText.name(table) + " AS " + TableColumns.emptySelect(table);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
