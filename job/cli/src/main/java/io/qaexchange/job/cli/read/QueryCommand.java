package io.qaexchange.job.cli.read;

import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.demo.RunFolder;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.sql.ArrowResult;
import io.qaexchange.job.query.sql.ResultPrinter;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.union.SeamReader;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.nio.file.Files;
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
        description = "Runs SQL (DuckDB) over hot and archived events; each record type is a table: trade, tick, order_insert, …; "
                + "the ledger has account_daily, position_daily and ledger_alerts.",
        footer = {"", "Exit code: 0 good, 1 the SQL is wrong, 2 it could not run."})
public final class QueryCommand implements Callable<Integer> {

    /** How DuckDB's message begins. */
    private static final String NO_SUCH_TABLE = "Catalog Error: Table with name";

    @Parameters(paramLabel = "SQL", description = "The query.")
    private String sql;
    @Option(names = "--dir", description = "Folder of a demo: hot and archived rows.")
    private Path folder;
    @Option(names = "--parquet", description = "Folder of an archive: archived rows only, unless --checkpoint is given.")
    private String archive;
    @Option(names = "--checkpoint", description = "Checkpoint or savepoint whose hot rows count too, with --parquet.")
    private String checkpoint;
    @Option(names = "--instruments", description = "Instruments file of the job, with --checkpoint.")
    private String instrumentsFile;
    @Option(names = "--format", defaultValue = "table", description = "table, csv, json (an object per line), parquet or arrow (an Arrow IPC file). Default: ${DEFAULT-VALUE}.")
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
            case "parquet", "arrow" -> null;
            default -> throw new UsageException("--format must be table, csv, json, parquet or arrow, not " + format);
        };
        if ((folder == null) == (archive == null)) {
            throw new UsageException("say either --dir (folder of a demo) or --parquet (folder of an archive)");
        }
        if (printer == null) {
            Tool.refuseTerminal("--format " + format, "> FILE");
        }
        try (SqlTables tables = open(); Statement statement = tables.connection().createStatement()) {
            if (format.equals("parquet")) {
                writeParquet(statement);
            } else if (format.equals("arrow")) {
                try (ResultSet rows = statement.executeQuery(sql)) {
                    ArrowResult.write(rows, System.out);
                }
            } else {
                try (ResultSet rows = statement.executeQuery(sql)) {
                    printer.print(rows, System.out);
                }
            }
        } catch (SQLException e) {
            System.err.println("query: " + e.getMessage());
            if (e.getMessage().contains(NO_SUCH_TABLE)) {
                System.err.println("tables: " + String.join(", ", SqlTables.names()));
            }
            return Tool.BAD;
        }
        return Tool.GOOD;
    }

    /** DuckDB writes files only, so the result takes a way through one. */
    private void writeParquet(Statement statement) throws SQLException, IOException {
        Path file = Files.createTempFile("qaexchange-query", ".parquet");
        try {
            statement.execute("COPY (" + sql.strip().replaceAll(";$", "") + ") TO '" + file + "' (FORMAT parquet)");
            Files.copy(file, System.out);
            System.out.flush();
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private SqlTables open() throws Exception {
        if (archive != null) {
            var root = new org.apache.flink.core.fs.Path(JobOptions.folderUri(archive));
            if (checkpoint == null) {
                return SqlTables.of(ManifestStore.of(root));
            }
            Instruments ofJob = JobOptions.instruments(instrumentsFile);
            return SqlTables.of(SeamReader.open(JobOptions.folderUri(checkpoint), root, ofJob), ofJob);
        }
        RunFolder run = RunFolder.read(folder);
        Instruments instruments = Instruments.load(folder.resolve(run.instruments()));
        return SqlTables.of(SeamReader.open(folder.resolve(run.savepoint()).toUri().toString(),
                new org.apache.flink.core.fs.Path(folder.resolve(run.archive()).toUri()), instruments), instruments);
    }
}
