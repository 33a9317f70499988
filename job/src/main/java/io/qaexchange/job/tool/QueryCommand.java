package io.qaexchange.job.tool;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.UsageException;
import io.qaexchange.job.query.ResultPrinter;
import io.qaexchange.job.query.SqlTables;
import io.qaexchange.job.seam.SeamReader;
import io.qaexchange.parquet.manifest.ManifestStore;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/query}. */
@Command(name = "query", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Runs SQL (DuckDB) over hot and archived events; each record type is a table: trade, tick, order_insert, …",
        footer = {"", "Exit code: 0 good, 1 the SQL is wrong, 2 it could not run."})
public final class QueryCommand implements Callable<Integer> {

    @Parameters(paramLabel = "SQL", description = "The query.")
    private String sql;
    @Option(names = "--dir", description = "Folder of a demo: hot and archived rows.")
    private Path folder;
    @Option(names = "--parquet", description = "Folder of an archive: archived rows only.")
    private Path archive;
    @Option(names = "--format", defaultValue = "table", description = "table, csv or json. Default: ${DEFAULT-VALUE}.")
    private String format;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new QueryCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        ResultPrinter printer = switch (format) {
            case "table" -> ResultPrinter.TABLE;
            case "csv" -> ResultPrinter.CSV;
            case "json" -> ResultPrinter.JSON;
            default -> throw new UsageException("--format must be table, csv or json, not " + format);
        };
        if ((folder == null) == (archive == null)) {
            throw new UsageException("say either --dir (folder of a demo) or --parquet (folder of an archive)");
        }
        try (SqlTables tables = open(); Statement statement = tables.connection().createStatement()) {
            try (ResultSet rows = statement.executeQuery(sql)) {
                printer.print(rows, System.out);
            } catch (SQLException e) {
                System.err.println("query: " + e.getMessage());
                return Tool.BAD;
            }
        }
        return Tool.GOOD;
    }

    private SqlTables open() throws Exception {
        if (archive != null) {
            return SqlTables.of(ManifestStore.of(new org.apache.flink.core.fs.Path(archive.toAbsolutePath().toUri())));
        }
        RunFolder run = RunFolder.read(folder);
        Instruments instruments = Instruments.load(folder.resolve(run.instruments()));
        return SqlTables.of(SeamReader.open(folder.resolve(run.savepoint()).toUri().toString(),
                new org.apache.flink.core.fs.Path(folder.resolve(run.archive()).toUri()), instruments), instruments);
    }
}
