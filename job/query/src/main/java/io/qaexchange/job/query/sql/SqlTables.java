package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.union.SeamReader;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.ParquetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A DuckDB in this process with a view for each record type and each table of the ledger over the files of a manifest, and over the hot rows of a checkpoint if there
 * is one; those are written to temporary Parquet files first, which are removed at the end.
 */
public final class SqlTables implements AutoCloseable {

    private final Connection connection;
    private final Path temporary;

    private SqlTables(Connection connection, Path temporary) {
        this.connection = connection;
        this.temporary = temporary;
    }

    /** Views over hot and cold rows. */
    public static SqlTables of(SeamReader seam, Instruments instruments) throws Exception {
        Path temporary = Files.createTempDirectory("qaexchange-query");
        Map<String, List<String>> filesByTable = new HashMap<>();
        for (DataFile file : seam.files()) {
            filesByTable.computeIfAbsent(file.table(), table -> new ArrayList<>()).add(seam.locate(file).toUri().getPath());
        }
        for (DataFile file : seam.otherFiles()) {
            filesByTable.computeIfAbsent(file.table(), table -> new ArrayList<>()).add(seam.locate(file).toUri().getPath());
        }
        LedgerRows.write(seam.checkpoint(), temporary, filesByTable);
        Map<RecordType, EventParquetWriter> writers = new HashMap<>();
        seam.forEachHotRow((routeKey, stored) -> {
            RecordType type = stored.event().recordType();
            EventParquetWriter writer = writers.get(type);
            if (writer == null) {
                writer = create(temporary, type);
                writers.put(type, writer);
            }
            writer.write(stored, stored.event().length(), instruments.tradingDay(stored.event()));
        });
        for (Map.Entry<RecordType, EventParquetWriter> entry : writers.entrySet()) {
            entry.getValue().finish(Map.of());
            filesByTable.computeIfAbsent(entry.getKey().table(), table -> new ArrayList<>()).add(entry.getValue().file().toString());
        }
        return open(filesByTable, temporary);
    }

    /** Views over the newest version of an archive, without hot rows. */
    public static SqlTables of(ManifestStore store) throws Exception {
        Map<String, List<String>> filesByTable = new HashMap<>();
        for (DataFile file : store.latest().files()) {
            filesByTable.computeIfAbsent(file.table(), table -> new ArrayList<>()).add(store.locate(file).toUri().getPath());
        }
        return open(filesByTable, Files.createTempDirectory("qaexchange-query"));
    }

    private static SqlTables open(Map<String, List<String>> filesByTable, Path temporary) throws IOException, SQLException {
        Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET TimeZone = 'UTC'");
            for (RecordType type : EventSchema.get().recordTypes()) {
                List<String> files = filesByTable.get(type.table());
                if (files == null) {
                    EventParquetWriter empty = create(temporary, type);
                    empty.finish(Map.of());
                    files = List.of(empty.file().toString());
                }
                createView(statement, type.table(), files, "");
            }
            for (LedgerTable table : LedgerTable.values()) {
                List<String> files = filesByTable.get(table.table());
                createView(statement, table.table(), files == null ? List.of(LedgerRows.empty(temporary, table)) : files, table.seenRows());
            }
        }
        return new SqlTables(connection, temporary);
    }

    private static void createView(Statement statement, String table, List<String> files, String condition) throws SQLException {
        List<String> quoted = files.stream().map(file -> "'" + file.replace("'", "''") + "'").toList();
        statement.execute("CREATE VIEW " + table + " AS SELECT * FROM read_parquet([" + String.join(", ", quoted)
                + "], union_by_name = true, hive_partitioning = false)" + condition);
    }

    private static EventParquetWriter create(Path folder, RecordType type) throws IOException {
        return EventParquetWriter.create(folder.resolve(type.table() + ".parquet"), type,
                new ParquetOptions(ParquetOptions.Compression.SNAPPY, ParquetOptions.DEFAULT.rowGroupRows()));
    }

    /** Names of all tables, whether they have rows or not. */
    public static List<String> names() {
        return Stream.concat(EventSchema.get().recordTypes().stream().map(RecordType::table),
                Stream.of(LedgerTable.values()).map(LedgerTable::table)).toList();
    }

    /** The database. */
    public Connection connection() {
        return connection;
    }

    @Override
    public void close() throws Exception {
        connection.close();
        try (Stream<Path> entries = Files.walk(temporary)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        }
    }
}
