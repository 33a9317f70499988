package io.qaexchange.job.query.sql;

import static java.util.Objects.requireNonNull;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.finance.Macros;
import io.qaexchange.job.query.union.UnionReader;
import java.io.File;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.annotation.Nullable;

/**
 * A DuckDB in this process with a view for each record type and each table of the ledger, over cold files and hot rows. A table that the
 * query does not name is a view without rows: none of its files is opened and none of its hot rows read.
 *
 * <p>Each view ends with column {@code date}, the trading day: files of one day are one branch of a union with that day as a constant, so
 * DuckDB leaves out the branches that a condition on it excludes.
 *
 * <p>Nobody's SQL reads or writes another file, loads an extension or changes a setting: {@link #load} locks DuckDB.
 *
 * <p>One thread.
 */
public final class SqlTables implements AutoCloseable {

    /** The first characters of DuckDB's patterns for file names; in brackets each stands for itself. */
    private static final Pattern GLOB = Pattern.compile("[\\[*?]");

    private final Connection connection;
    private final List<TablePlan> plan = new ArrayList<>();

    private SqlTables(Connection connection) {
        this.connection = connection;
    }

    /** A database whose tables have no rows yet. */
    public static SqlTables create() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("jdbc_stream_results", "true");
        SqlTables tables = new SqlTables(DriverManager.getConnection("jdbc:duckdb:", properties));
        try {
            // Large sorts and joins go to the temporary folder. A process has a folder of its own for all of it.
            tables.execute("SET TimeZone = 'UTC'; SET autoinstall_known_extensions = false; SET autoload_known_extensions = false; SET temp_directory = "
                    + SqlText.quote(System.getProperty("java.io.tmpdir") + File.separator + "duckdb-" + ProcessHandle.current().pid()));
            tables.execute(TableColumns.names().stream().map(table -> "CREATE VIEW " + SqlText.name(table) + " AS " + TableColumns.emptySelect(table))
                    .collect(Collectors.joining("; ")));
            // A macro names its tables: they must be there when it is made, and what they are is looked up when it is called.
            for (String macro : Macros.scalars()) {
                tables.execute(macro);
            }
            for (String macro : Macros.tables(TableColumns.names())) {
                tables.execute(macro);
            }
            return tables;
        } catch (SQLException e) {
            tables.close();
            throw e;
        }
    }

    /** All tables with their hot and cold rows. */
    public static SqlTables of(UnionReader union, Instruments instruments) throws Exception {
        return all(RowSource.of(union));
    }

    /** All tables over the newest version of an archive, without hot rows. */
    public static SqlTables of(ManifestStore store) throws Exception {
        return all(RowSource.of(store));
    }

    private static SqlTables all(RowSource source) throws Exception {
        SqlTables tables = create();
        try {
            tables.load(source, names().stream().collect(Collectors.toMap(name -> name, name -> TableRead.ALL)), List.of());
            return tables;
        } catch (Exception e) {
            tables.close();
            throw e;
        }
    }

    /**
     * Reads a query, before {@link #load}.
     *
     * @throws WrongSqlException if it may not be run
     */
    public SqlQuery parse(String sql) throws SQLException {
        return new QueryParser(connection, TableColumns.names()).parse(requireNonNull(sql, "sql"));
    }

    /**
     * Fills the views that a query reads, and locks the database.
     *
     * @param writable folders that DuckDB may write to
     */
    public void load(RowSource source, SqlQuery query, List<Path> writable) throws Exception {
        load(source, query.reads(), writable);
        for (BarCall call : query.bars()) {
            new BarTables(connection).make(call, source.instruments());
        }
    }

    private void load(RowSource source, Map<String, TableRead> reads, List<Path> writable) throws Exception {
        Map<String, Long> hot = new HotTables(connection).load(source, reads);
        Map<String, List<DataFile>> files = source.files().stream().collect(Collectors.groupingBy(DataFile::table));
        List<String> allowed = new ArrayList<>();
        plan.clear();
        for (String table : new TreeSet<>(reads.keySet())) {
            FileChoice choice = FileChoice.of(files.getOrDefault(table, List.of()), reads.get(table));
            plan.add(new TablePlan(table, columnsRead(table, reads.get(table)), reads.get(table).rows(), hot.getOrDefault(table, 0L), choice.read(),
                    choice.pruned()));
            Map<String, List<String>> byDay = new TreeMap<>();
            choice.read().forEach(file -> byDay.computeIfAbsent(file.tradingDay(), day -> new ArrayList<>()).add(localPath(source, file)));
            byDay.values().forEach(allowed::addAll);
            if (!byDay.isEmpty() || hot.containsKey(table)) {
                createView(table, byDay, hot.containsKey(table));
            }
        }
        lock(allowed, writable);
    }

    @Nullable
    private static List<String> columnsRead(String table, TableRead read) {
        return read.columns() == null ? null : columns(table).keySet().stream().filter(read::hasColumn).toList();
    }

    /** Columns, rows and files that {@link #load} took from each table that the query names, in the order of their names. */
    public List<TablePlan> plan() {
        return List.copyOf(plan);
    }

    private static String localPath(RowSource source, DataFile file) {
        org.apache.flink.core.fs.Path path = source.locate(file);
        String scheme = path.toUri().getScheme();
        if (scheme != null && !scheme.equals("file")) {
            throw new UsageException("SQL reads archives on the local disk, and this one is on " + scheme + ": " + path);
        }
        return path.getPath();
    }

    private void createView(String table, Map<String, List<String>> filesByDay, boolean hot) throws SQLException {
        StringBuilder rows = new StringBuilder(TableColumns.emptySelect(table));
        filesByDay.forEach((day, files) -> rows.append(" UNION ALL BY NAME SELECT *, DATE ").append(SqlText.quote(day)).append(" AS ").append(TableColumns.DATE)
                .append(" FROM read_parquet(").append(list(files.stream().map(SqlTables::pattern).toList()))
                .append(", union_by_name = true, hive_partitioning = false)"));
        if (hot) {
            rows.append(" UNION ALL BY NAME SELECT *, make_date(trading_day // 10000, trading_day // 100 % 100, trading_day % 100) AS ")
                    .append(TableColumns.DATE).append(" FROM ").append(HotTables.SCHEMA).append('.').append(SqlText.name(table));
        }
        LedgerTable ledger = LedgerTable.find(table);
        String seen = ledger == null ? "" : ledger.seenRows();
        execute("CREATE OR REPLACE VIEW " + SqlText.name(table) + " AS " + (seen.isEmpty() ? rows : "SELECT * FROM (" + rows + ")" + seen));
    }

    /** Beside the files DuckDB must be allowed the patterns that stand for them, and nothing else. */
    private void lock(List<String> files, List<Path> writable) throws SQLException {
        List<String> paths = new ArrayList<>();
        for (String file : files) {
            paths.add(file);
            if (!pattern(file).equals(file)) {
                paths.add(pattern(file));
            }
        }
        String allowedPaths = paths.isEmpty() ? "" : "SET allowed_paths = " + list(paths) + "; ";
        String allowedFolders = writable.isEmpty() ? ""
                : "SET allowed_directories = " + list(writable.stream().map(folder -> folder + File.separator).toList()) + "; ";
        execute(allowedPaths + allowedFolders + "SET enable_external_access = false; SET lock_configuration = true");
    }

    /** A pattern that only this file name matches, whatever lies beside it. */
    private static String pattern(String file) {
        return GLOB.matcher(file).replaceAll("[$0]");
    }

    private static String list(List<String> texts) {
        return texts.stream().map(SqlText::quote).collect(Collectors.joining(", ", "[", "]"));
    }

    /** Names of all tables, whether they have rows or not. */
    public static List<String> names() {
        return List.copyOf(TableColumns.names());
    }

    /** DuckDB's types of the columns of a table, by name, in order. */
    public static Map<String, String> columns(String table) {
        Map<String, String> columns = new LinkedHashMap<>(TableColumns.of(table));
        columns.put(TableColumns.DATE, "DATE");
        return columns;
    }

    /** The sentence for an instrument of which a query found no row, with names that are near; none if it is known itself. */
    public static String noRows(String table, String instrument, Collection<String> known) {
        return "table " + table + " has no row of instrument " + instrument + " where the query looks"
                + (known.contains(instrument) ? "" : NearNames.hint(instrument, known));
    }

    /** The instruments, among some, of which no row of a table was loaded. */
    public Set<String> unknownInstruments(String table, Set<String> named) throws SQLException {
        Set<String> unknown = new TreeSet<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT 1 FROM " + SqlText.name(table) + " WHERE instrument = ? LIMIT 1")) {
            for (String instrument : named) {
                statement.setString(1, instrument);
                try (ResultSet rows = statement.executeQuery()) {
                    if (!rows.next()) {
                        unknown.add(instrument);
                    }
                }
            }
        }
        return unknown;
    }

    /** All instruments of a table, among the rows that were loaded. */
    public Set<String> instruments(String table) throws SQLException {
        Set<String> known = new TreeSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT DISTINCT instrument FROM " + SqlText.name(table) + " WHERE instrument IS NOT NULL")) {
            while (rows.next()) {
                known.add(rows.getString(1));
            }
        }
        return known;
    }

    /** The database. */
    public Connection connection() {
        return connection;
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
