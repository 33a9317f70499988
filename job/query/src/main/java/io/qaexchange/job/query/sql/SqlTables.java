package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.job.query.union.UnionReader;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.arrow.memory.BufferAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables of a query in a {@link SqlDatabase}: a view for each record type and each table of the ledger, over cold files and hot rows. A table that the
 * query does not name is a view without rows: none of its files is opened and none of its hot rows read.
 *
 * <p>Each view ends with column {@code date}, the trading day. Files of days that the conditions of a query exclude are not opened.
 *
 * <p>One thread.
 */
public final class SqlTables implements AutoCloseable {

    /** How the message begins of a query that failed by an archived file. */
    private static final String FILE_FAILURE = "IO Error: archived file ";
    /** Failures of DuckDB that a file may have made. */
    private static final Pattern OF_A_FILE = Pattern.compile("^(java\\.sql\\.SQLException: )?(IO|Invalid|Invalid Input|Serialization|INTERNAL|Internal|TProtocolException|Out of Range) ?(Error|Exception)?\\b");

    /** Ends the name of a copy of archived rows. */
    private static final String ARCHIVED = "_archived";

    private static final long NOT_COUNTED = -1;
    /** Hot rows come in small batches: somebody waits for the first. */
    private static final long HOT_BATCH_ROWS = 2_048;
    private static final String DATE_OF_ROW = "make_date(trading_day // 10000, trading_day // 100 % 100, trading_day % 100)";

    private static final Logger LOG = LoggerFactory.getLogger(SqlTables.class);

    private final SqlDatabase database;
    private final Connection connection;
    private final After after;
    private final BarTables bars;
    private final Set<String> filled = new TreeSet<>();
    private final List<TablePlan> plan = new ArrayList<>();
    /** Files that were opened, and where they lie. */
    private final Map<DataFile, Path> opened = new LinkedHashMap<>();
    private final List<ColdFile> open = new ArrayList<>();
    /** Hot rows that are read while the query shows them. */
    @Nullable
    private HotRowStream stream;
    /** Rows that are shown after the hot ones. */
    private RowsBehind behind = new RowsBehind(null);
    /** Whether they are, however few hot rows there are. */
    private boolean alwaysBehind;
    /** Whether hot rows come without DuckDB. */
    private boolean asTheyAre;
    /** Whether rows were shown without the database so far. */
    private boolean untouched;

    /** Takes the database when the query is over. */
    @FunctionalInterface
    interface After {
        /** @param filled tables whose views have rows; null if the query did nothing in the database */
        void accept(SqlDatabase database, @Nullable Set<String> filled) throws SQLException;
    }

    private SqlTables(SqlDatabase database, After after) throws SQLException {
        this.database = database;
        this.connection = database.session();
        this.bars = new BarTables(connection);
        this.after = after;
    }

    /** Tables in a database that is somebody else's. */
    static SqlTables in(SqlDatabase database, After after) throws SQLException {
        return new SqlTables(database, after);
    }

    /** A database of its own, whose tables have no rows yet. */
    public static SqlTables create() throws SQLException {
        return create(null);
    }

    /**
     * A database of its own, whose tables have no rows yet.
     *
     * @param answers a folder that results may be written to; null for none
     */
    public static SqlTables create(@Nullable Path answers) throws SQLException {
        SqlDatabase database = SqlDatabase.open(null, answers);
        boolean made = false;
        try {
            SqlTables tables = new SqlTables(database, (own, filled) -> own.close());
            made = true;
            return tables;
        } finally {
            if (!made) {
                database.close();
            }
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
            tables.load(source, names().stream().filter(name -> SystemTable.find(name) == null).collect(Collectors.toMap(name -> name, name -> TableRead.ALL)),
                    RowAccess.ALL, null, Showing.LOADED, AddedRows.NONE);
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
        return database.parse(sql);
    }

    /** Fills the views that a query reads, and locks the database. */
    public void load(RowSource source, SqlQuery query) throws Exception {
        load(source, query, RowAccess.ALL);
    }

    /**
     * Fills the views that a query reads with the rows that its user may see, and locks the database.
     *
     * <p>If he may not see all, archived rows are copied here too, and DuckDB may open no file of the archive: what is not in its memory, no query reaches. A
     * view with a condition would not do, as DuckDB may look at the user's own condition first, which can tell of a row by failing at it.
     *
     * @throws IllegalStateException if rows are limited and the database is locked already
     */
    public void load(RowSource source, SqlQuery query, RowAccess access) throws Exception {
        load(source, query.reads(), access, null, Showing.LOADED, addBars(source, query, access));
        for (BarCall call : query.bars()) {
            bars.make(call, source.instruments());
        }
    }

    /**
     * Rows that are bars before any view is there.
     *
     * @param hotRows by table how many hot rows were added; all that are asked for
     * @param files files of which no row need be read
     */
    private record AddedRows(Map<String, Long> hotRows, Set<DataFile> files) {
        static final AddedRows NONE = new AddedRows(Map.of(), Set.of());
    }

    /** Adds rows to the bars of tables that are there for nothing else. */
    private AddedRows addBars(RowSource source, SqlQuery query, RowAccess access) throws Exception {
        Map<String, Long> hotRows = new HashMap<>();
        Set<DataFile> files = new HashSet<>();
        for (String table : query.barsOnly()) {
            List<BarCall> calls = query.bars().stream().filter(call -> call.bars().table().equals(table)).toList();
            for (BarCall call : calls) {
                hotRows.merge(table, bars.addHot(call, source, access), Math::max);
            }
            if (access.isAll()) {
                files.addAll(bars.addStored(calls, source, FileChoice.of(source.files().stream().filter(file -> file.table().equals(table)).toList(), query.reads().get(table)).read()));
            }
        }
        return new AddedRows(hotRows, files);
    }

    /** How the hot rows of a query by which rows {@linkplain SqlQuery#passing pass} are shown. */
    public enum Showing {
        /** All of them are loaded first. */
        LOADED,
        /** They are read while DuckDB takes them. */
        PASSING,
        /** They are read while they are taken without DuckDB, if the query shows columns as they are and {@link ResultFormat#ARROW} is written. */
        AS_THEY_ARE
    }

    /**
     * As {@link #load(RowSource, SqlQuery, RowAccess)}. The hot rows of a query by which rows pass are read while it shows them, on another thread: the
     * query can run once only, and the source must be there until this is closed. If they are many, or maybe enough, they come alone first, and archived rows follow: {@link #rows},
     * {@link #join}.
     */
    public void load(RowSource source, SqlQuery query, RowAccess access, Showing showing) throws Exception {
        if (showing != Showing.LOADED && query.passing() != null && access.isAll() && EventSchema.get().findTable(query.passing().table()) != null) {
            load(source, query.reads(), access, query.passing(), showing, AddedRows.NONE);
        } else {
            load(source, query, access);
        }
    }

    /**
     * Runs a statement that gives the rows of a query: first with the rows that are there, then with those that follow, if it has not enough.
     *
     * @param query the query that {@link #load} had
     * @param statement of the connection; close it after the rows
     * @param batchRows rows of a batch, at most
     */
    public ArrowRows rows(SqlQuery query, Statement statement, String select, BufferAllocator allocator, long batchRows) throws SQLException {
        return behind.isEmpty() ? ArrowRows.of(statement, select, allocator, batchRows)
                : ArrowRows.of(statement, new ArrowRows.Part(select, Math.min(batchRows, HOT_BATCH_ROWS)), behind.parts(query.passing().most(), () -> select, batchRows), allocator);
    }

    /** As {@link #rows}, if rows are shown {@linkplain Showing#AS_THEY_ARE as they are}: hot ones come without DuckDB, and the statement is made when others follow. */
    ArrowRows rowsAsTheyAre(SqlQuery query, Statement statement, RowsBehind.Select select, long batchRows) throws SQLException {
        SqlQuery.Passing passing = query.passing();
        return ArrowRows.of(stream.rows(passing.columns(), passing.most()), statement, behind.parts(passing.most(), select, batchRows), stream.allocator());
    }

    boolean showsRowsAsTheyAre() {
        return asTheyAre;
    }

    /** All rows in one statement, for whoever can run one only: the views have the hot and the archived ones. */
    public void join() throws SQLException {
        behind.join();
    }

    /** Archived rows follow from now on also where hot rows are few, so that tests with few rows see it. */
    void showArchivedRowsBehind() {
        alwaysBehind = true;
    }

    /**
     * @param passing the table whose hot rows are read while they are shown; null for none
     * @param added rows that are bars already
     */
    private void load(RowSource source, Map<String, TableRead> reads, RowAccess access, @Nullable SqlQuery.Passing passing, Showing showing, AddedRows added)
            throws Exception {
        if (access.isAll()) {
            database.allow(source.folders());
        } else if (database.isLocked()) {
            throw new IllegalStateException("rows are limited, and the database may read files: it must be one of its own");
        }
        Map<String, TableRead> loaded = new HashMap<>(reads);
        loaded.keySet().removeAll(added.hotRows().keySet());
        Map<String, Long> hot = loadHot(source, loaded, access, passing == null ? null : passing.table());
        Map<String, List<DataFile>> files = source.files().stream().collect(Collectors.groupingBy(DataFile::table));
        plan.clear();
        for (String table : new TreeSet<>(reads.keySet())) {
            SystemTable system = SystemTable.find(table);
            if (system != null) {
                filled.add(table);
                List<Object[]> rows = source.systemRows(system);
                new SystemRows(connection).load(system, rows);
                plan.add(new TablePlan(table, null, RowFilter.ALL, rows.size(), List.of(), List.of()));
                continue;
            }
            if (!access.isAll()) {
                loadLimited(source, table, reads.get(table), files.getOrDefault(table, List.of()), hot.get(table), access, added.hotRows().getOrDefault(table, 0L));
                continue;
            }
            FileChoice choice = FileChoice.of(files.getOrDefault(table, List.of()), reads.get(table));
            plan.add(new TablePlan(table, columnsRead(table, reads.get(table)), reads.get(table).rows(), hot.getOrDefault(table, added.hotRows().getOrDefault(table, 0L)), choice.read(),
                    choice.pruned()));
            List<DataFile> cold = choice.read().stream().filter(file -> !added.files().contains(file)).toList();
            if (!cold.isEmpty() || hot.containsKey(table)) {
                filled.add(table);
                if (stream != null && passing.table().equals(table)) {
                    showHot(source, passing, showing, cold, reads.get(table));
                } else {
                    createView(table, cold(source, cold), hot.containsKey(table), reads.get(table));
                }
            }
        }
        if (!access.isAll()) {
            database.allow(Set.of());
        }
    }

    /** Makes the hot rows ready that are read while they are shown. Few are whole before the first is shown, and so are archived ones ready then, unless a limit may do without them. */
    private void showHot(RowSource source, SqlQuery.Passing passing, Showing showing, List<DataFile> cold, TableRead read) throws SQLException, IOException {
        boolean later = !cold.isEmpty() && (!stream.isWhole() || passing.most() < Long.MAX_VALUE || alwaysBehind);
        behind = new RowsBehind(!later ? null : hot -> {
            untouched = false;
            createView(passing.table(), cold(source, cold), hot, read);
        });
        asTheyAre = showing == Showing.AS_THEY_ARE && passing.columns() != null && (later || cold.isEmpty());
        untouched = asTheyAre;
        if (!asTheyAre) {
            new HotTables(connection).show(stream, passing.table());
            createView(passing.table(), later ? "" : cold(source, cold), true, read);
        }
    }

    /** By table that has hot rows how many they are; {@value #NOT_COUNTED} if that is not known yet. */
    private Map<String, Long> loadHot(RowSource source, Map<String, TableRead> reads, RowAccess access, @Nullable String shown) throws Exception {
        if (shown == null) {
            return new HotTables(connection).load(source, reads, access);
        }
        stream = HotRowStream.begin(source, EventSchema.get().findTable(shown), reads.get(shown), database.answers());
        return stream == null ? Map.of() : Map.of(shown, NOT_COUNTED);
    }

    private void loadLimited(RowSource source, String table, TableRead read, List<DataFile> files, @Nullable Long hotRows, RowAccess access, long added)
            throws SQLException, IOException {
        RecordType type = EventSchema.get().findTable(table);
        RowFilter rows = type == null ? RowFilter.ofDays(read.rows().fromDay(), read.rows().toDay()) : read.rows().and(access.filter(type));
        List<DataFile> chosen = FileChoice.of(files, new TableRead(read.columns(), rows, false)).read().stream()
                .filter(file -> rows.hasInstrumentBetween(file.minInstrument(), file.maxInstrument())).toList();
        long archived = 0;
        if (!chosen.isEmpty()) {
            String kept = read.columns() == null ? "*" : columns(table).keySet().stream().filter(column -> HotTables.ALWAYS.contains(column)
                    || column.equals(TableColumns.DATE) || read.hasColumn(column) || isOfSeenRows(table)).map(SqlText::name).collect(Collectors.joining(", "));
            String copy = HotTables.SCHEMA + '.' + SqlText.name(table + ARCHIVED);
            execute("CREATE TABLE " + copy + " AS SELECT " + kept + " FROM (" + TableColumns.emptySelect(table) + cold(source, chosen) + ") WHERE " + access.condition(table) + " AND "
                    + condition(rows));
            archived = count(copy);
        }
        // Which files there are, and how many rows they have, is not told either.
        plan.add(new TablePlan(table, columnsRead(table, read), read.rows(), (hotRows == null ? added : hotRows) + archived, List.of(), List.of()));
        if (archived > 0 || hotRows != null) {
            StringBuilder all = new StringBuilder();
            if (archived > 0) {
                all.append(" UNION ALL BY NAME SELECT * FROM ").append(HotTables.SCHEMA).append('.').append(SqlText.name(table + ARCHIVED));
            }
            filled.add(table);
            createView(table, all.toString(), hotRows != null, read);
        }
    }

    /** Whether a column may decide which of the table's rows is the newest of its key. */
    private static boolean isOfSeenRows(String table) {
        return LedgerTable.find(table) != null;
    }

    /** The condition of SQL that lets through what a filter lets through, days aside. */
    private static String condition(RowFilter rows) {
        StringBuilder condition = new StringBuilder("true");
        if (rows.instruments() != null) {
            condition.append(rows.instruments().isEmpty() ? " AND false" : rows.instruments().stream().sorted().map(SqlText::quote)
                    .collect(Collectors.joining(", ", " AND instrument IN (", ")")));
        }
        if (rows.fromNs() != Long.MIN_VALUE) {
            condition.append(" AND event_time >= make_timestamp_ns(").append(rows.fromNs()).append(")::TIMESTAMPTZ_NS");
        }
        if (rows.toNs() != Long.MAX_VALUE) {
            condition.append(" AND event_time <= make_timestamp_ns(").append(rows.toNs()).append(")::TIMESTAMPTZ_NS");
        }
        return condition.toString();
    }

    @Nullable
    private static List<String> columnsRead(String table, TableRead read) {
        return read.columns() == null ? null : columns(table).keySet().stream().filter(read::hasColumn).toList();
    }

    /** Columns, rows and files that {@link #load} took from each table that the query names, in the order of their names. */
    public List<TablePlan> plan() {
        return List.copyOf(plan);
    }

    /** Where DuckDB reads a file, which stays there until this is closed. */
    private String localPath(RowSource source, DataFile file) throws IOException {
        ColdFile cold = source.open(file);
        open.add(cold);
        org.apache.flink.core.fs.Path path = cold.path();
        String scheme = path.toUri().getScheme();
        if (scheme != null && !scheme.equals("file")) {
            throw new UsageException("SQL reads archives on the local disk, and this one is on " + scheme + ": " + path);
        }
        opened.put(file, Path.of(path.getPath()));
        return path.getPath();
    }

    /**
     * A failure of DuckDB, with what made it: hot rows that could not be read, or an archived file. {@value #FILE_FAILURE} begins the message of the latter.
     */
    public SQLException explain(SQLException failure) {
        SQLException lost = lost();
        if (lost != null) {
            return lost;
        }
        if (!OF_A_FILE.matcher(String.valueOf(failure.getMessage())).find()) {
            return failure;
        }
        String found = DamagedFiles.find(List.copyOf(opened.keySet()), opened::get);
        return found == null ? failure : new SQLException("IO Error: " + found, failure);
    }

    /** The failure of hot rows that could not be read while they were shown; null if there is none. */
    @Nullable
    public SQLException lost() {
        return stream == null || stream.failure() == null ? null : RowsLostException.ofHotRows(stream.failure());
    }

    /** Whether an archived file made a query fail. */
    public static boolean isOfAFile(Throwable failure) {
        return failure instanceof SQLException && String.valueOf(failure.getMessage()).startsWith(FILE_FAILURE);
    }

    /** The rows of files, as parts of a union: a scan for those that have the same columns. */
    private String cold(RowSource source, List<DataFile> files) throws SQLException, IOException {
        Map<String, String> days = new LinkedHashMap<>();
        for (DataFile file : files) {
            days.put(localPath(source, file), file.tradingDay());
        }
        Map<String, FileColumns.Columns> columns = database.fileColumns().of(connection, days.keySet());
        Map<FileColumns.Columns, Map<String, List<String>>> scans = new LinkedHashMap<>();
        days.forEach((path, day) -> {
            FileColumns.Columns of = columns.get(path);
            String date = of.hasTradingDay() ? DATE_OF_ROW : "DATE " + SqlText.quote(day);
            scans.computeIfAbsent(of, same -> new TreeMap<>()).computeIfAbsent(date, same -> new ArrayList<>()).add(path);
        });
        StringBuilder rows = new StringBuilder();
        scans.values().forEach(byDate -> byDate.forEach((date, paths) -> rows.append(" UNION ALL BY NAME SELECT *, ").append(date).append(" AS ").append(TableColumns.DATE)
                .append(" FROM read_parquet(").append(list(paths.stream().map(SqlDatabase::pattern).toList())).append(", hive_partitioning = false)")));
        return rows.toString();
    }

    /** @param cold parts of a union */
    private void createView(String table, String cold, boolean hot, TableRead read) throws SQLException {
        StringBuilder rows = new StringBuilder(TableColumns.emptySelect(table));
        // The hot rows first: they are there already.
        if (hot) {
            rows.append(" UNION ALL BY NAME SELECT *, ").append(DATE_OF_ROW).append(" AS ").append(TableColumns.DATE).append(" FROM ").append(HotTables.SCHEMA).append('.')
                    .append(SqlText.name(table));
        }
        rows.append(cold);
        LedgerTable ledger = LedgerTable.find(table);
        String seen = ledger == null ? "" : ledger.seenRows();
        String select = seen.isEmpty() ? rows.toString() : "SELECT * FROM (" + rows + ")" + seen;
        // A door may have put schemas of its own before this one meanwhile.
        execute("CREATE OR REPLACE VIEW main." + SqlText.name(table) + " AS " + (read.narrow() ? "SELECT " + columnsRead(table, read).stream().map(SqlText::name)
                .collect(Collectors.joining(", ")) + " FROM (" + select + ")" : select));
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
        return TableColumns.withDate(table);
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
                if (bars.instrumentsOf(table).contains(instrument)) {
                    continue;
                }
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
        Set<String> known = new TreeSet<>(bars.instrumentsOf(table));
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT DISTINCT instrument FROM " + SqlText.name(table) + " WHERE instrument IS NOT NULL")) {
            while (rows.next()) {
                known.add(rows.getString(1));
            }
        }
        return known;
    }

    /** The connection of the query. */
    public Connection connection() {
        return connection;
    }

    /** The folder that results may be written to; null for none. */
    @Nullable
    public Path answers() {
        return database.answers();
    }

    private long count(String table) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + table)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws SQLException {
        try {
            if (stream != null) {
                stream.stop();
            }
        } catch (IOException e) {
            throw new SQLException("the temporary file of hot rows could not be closed: " + e.getMessage(), e);
        } finally {
            try {
                connection.close();
            } finally {
                giveBack();
            }
        }
    }

    private void giveBack() throws SQLException {
        try {
            if (stream != null) {
                stream.close();
            }
        } finally {
            try {
                after.accept(database, untouched ? null : filled);
            } finally {
                letFilesGo();
            }
        }
    }

    private void letFilesGo() {
        for (ColdFile file : open) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.warn("file {} could not be let go; the next process that needs space does", file.path(), e);
            }
        }
    }
}
