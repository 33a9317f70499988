package io.qaexchange.job.cli.read;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.LeasedVersions;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.client.ServerClient;
import io.qaexchange.job.cli.client.ServerFile;
import io.qaexchange.job.cli.client.ServerProblem;
import io.qaexchange.job.cli.files.TierCacheOptions;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.sql.ReasonLostException;
import io.qaexchange.job.query.sql.ResultFormat;
import io.qaexchange.job.query.sql.ResultWriter;
import io.qaexchange.job.query.sql.RowSource;
import io.qaexchange.job.query.sql.SqlQuery;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.union.UnionReader;
import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import javax.annotation.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/query}. */
@Command(name = "query", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Runs a SQL query (DuckDB) over hot and archived events. Each record type is a table: trade, tick, order_insert, … "
                + "the ledger has account_daily, position_daily and ledger_alerts. With --dir of a running job it asks the query server, if one runs; "
                + "else it reads files. --parquet alone: archived rows only.",
        footer = {"", "Exit code: 0 success, 1 the SQL is not valid, 2 the command could not run."})
public final class QueryCommand implements Callable<Integer> {

    /** How long archived files stay that a killed command had. */
    private static final Duration LEASE = Duration.ofMinutes(1);

    /** How DuckDB's message begins if a table is not there. */
    private static final String NO_SUCH_TABLE = "Catalog Error: Table with name";
    private static final String NO_SUCH_FUNCTION = "No function matches";
    private static final String NANOSECONDS = "TIMESTAMPTZ_NS";
    private static final String OUT_OF_MEMORY = "Out of Memory Error";
    /** How messages begin that are not about the SQL. */
    private static final Pattern NOT_THE_SQL = Pattern.compile("^(IO|INTERNAL|FATAL|Internal|Interrupt|Serialization|Invalid) Error\\b");
    private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]*(=.*)?", Pattern.DOTALL);

    @Parameters(paramLabel = "SQL", description = "The query: one statement that reads.")
    private String sql;
    @Mixin
    private SourceOptions source;
    @Mixin
    private TierCacheOptions tierCache;
    @Option(names = "--format", defaultValue = "table", description = "table, csv, json (an object per line), parquet or arrow (an Arrow IPC file). Default: ${DEFAULT-VALUE}.")
    private String format;
    @Option(names = "--server", paramLabel = "URL|none", description = "Query server to ask; none: read files. Default: the server of --dir if one runs "
            + "(bin/serve), else its newest checkpoint. A token is read from the environment: QAEXCHANGE_TOKEN.")
    private String server;
    @Option(names = "--level", paramLabel = "LEVEL", description = "What a server reads: live, checkpoint, checkpoint:ID or archive. Default: live.")
    private String level;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new QueryCommand(), arguments(args));
    }

    /** Arguments in which a query that begins with a comment is no option. */
    static String[] arguments(String[] args) {
        return Arrays.stream(args).map(arg -> arg.startsWith("--") && arg.length() > 2 && !OPTION.matcher(arg).matches() ? "\n" + arg : arg)
                .toArray(String[]::new);
    }

    @Override
    public Integer call() throws Exception {
        ResultFormat form = ResultFormat.find(format);
        if (form == null) {
            throw new UsageException("--format must be one of " + ResultFormat.names() + ", not " + format
                    + NearNames.hint(format, Arrays.stream(ResultFormat.values()).map(ResultFormat::label).toList()));
        }
        URI asked = server();
        if (asked != null) {
            return ask(asked, form);
        }
        if (level != null) {
            throw new UsageException("--level is what a query server reads, and " + (source.folder == null ? "none is named" : "none serves " + source.folder)
                    + ": start one with bin/serve, or name it with --server");
        }
        if (source.hasCheckpoint() && !source.hasArchive()) {
            throw new UsageException("with --checkpoint say --parquet (folder of the archive) too");
        }
        if (!source.hasArchive()) {
            throw new UsageException("say either --dir (folder of a demo or of a cluster) or --parquet (folder of an archive)");
        }
        refuseTerminal(form);
        try (SqlTables tables = SqlTables.create(Files.createTempDirectory("answer"));
                LeasedVersions leases = new LeasedVersions(source.archive(), Clock.systemUTC(), LEASE)) {
            SqlQuery query = tables.parse(sql);
            long readAtMs = System.currentTimeMillis();
            UnionReader union = source.hasCheckpoint() ? source.openUnion(source.instruments()) : null;
            ArchiveManifest manifest = union == null ? source.archive().latest() : union.manifest();
            RowSource rows = union == null ? RowSource.of(source.archive(), manifest) : RowSource.of(union);
            // Until the command ends, no retention deletes a file below it.
            leases.use(manifest, rows.files(), readAtMs);
            tables.load(rows, query);
            try {
                ResultWriter.of(tables, query).write(form, new BufferedOutputStream(System.out, 1 << 16));
            } catch (ReasonLostException e) {
                throw e.reason(tables.connection());
            }
            nameUnknownInstruments(tables, query, union);
        } catch (SQLException e) {
            return explain(e);
        }
        return Tool.GOOD;
    }

    private void refuseTerminal(ResultFormat form) {
        if (!form.isText()) {
            Tool.refuseTerminal("--format " + format, "> FILE");
        }
    }

    /** The server to ask; null if files are read. */
    @Nullable
    private URI server() throws Exception {
        boolean files = source.checkpoint != null || source.archive != null || source.instrumentsFile != null;
        if (server != null && !server.equals("none")) {
            if (files) {
                throw new UsageException("--server reads the running job; --checkpoint, --parquet and --instruments are for files: leave one out");
            }
            return ServerClient.address(server);
        }
        return files || server != null || source.folder == null ? null : new ServerFile(source.folder).find().orElse(null);
    }

    private int ask(URI address, ResultFormat form) throws Exception {
        refuseTerminal(form);
        OutputStream out = new BufferedOutputStream(System.out, 1 << 16);
        try (ServerClient.Answer answer = ServerClient.of(address).query(sql, form == ResultFormat.JSON ? "ndjson" : form.label(), level == null ? "live" : level)) {
            answer.body().transferTo(out);
            out.flush();
            System.err.println("query: " + answer.asOf() + (answer.asOf().isEmpty() ? "asked " : ", from ") + address);
            answer.notices().forEach(notice -> System.err.println("query: " + notice));
            return Tool.GOOD;
        } catch (ServerProblem e) {
            System.err.println("query: " + e.getMessage());
            return e.isOfTheQuery() ? Tool.BAD : Tool.COULD_NOT_RUN;
        }
    }

    private static int explain(SQLException failure) {
        String message = failure.getMessage();
        if (message.startsWith(OUT_OF_MEMORY)) {
            throw new UsageException("not enough memory for this query: " + message.substring(OUT_OF_MEMORY.length()).replaceFirst("^: ", ""), failure);
        }
        if (NOT_THE_SQL.matcher(message).find() && !message.startsWith("Invalid Input Error")) {
            throw new UsageException("the query could not be run: " + message, failure);
        }
        System.err.println("query: " + message);
        if (message.contains(NO_SUCH_TABLE)) {
            System.err.println("tables: " + String.join(", ", SqlTables.names()));
        }
        if (message.contains(NO_SUCH_FUNCTION) && message.contains(NANOSECONDS)) {
            System.err.println("event_time has nanoseconds, for which DuckDB lacks this function; event_time_us is the same time in microseconds."
                    + " To summarize: SUMMARIZE SELECT * EXCLUDE (event_time, ingest_time) FROM …");
        }
        return Tool.BAD;
    }

    /** An instrument of which there is nothing is more often mistyped than quiet. */
    private static void nameUnknownInstruments(SqlTables tables, SqlQuery query, UnionReader union) throws Exception {
        for (Map.Entry<String, Set<String>> named : query.instruments().entrySet()) {
            for (String instrument : tables.unknownInstruments(named.getKey(), named.getValue())) {
                Set<String> known = new TreeSet<>(tables.instruments(named.getKey()));
                if (union != null) {
                    known.addAll(union.checkpoint().routeKeys());
                }
                System.err.println("query: " + SqlTables.noRows(named.getKey(), instrument, known));
            }
        }
    }
}
