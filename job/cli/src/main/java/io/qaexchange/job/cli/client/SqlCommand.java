package io.qaexchange.job.cli.client;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.NearNames;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/sql}. */
@Command(name = "sql", mixinStandardHelpOptions = true, sortOptions = false,
        description = "A shell for SQL on the rows of a running job, through its query server (bin/serve, bin/demo --live). "
                + "Statements from --command or standard input run one after the other; the first that fails ends the command.",
        footer = {"", "Exit code: 0 success, 1 a statement was refused, 2 the command could not run."})
public final class SqlCommand implements Callable<Integer> {

    static final List<String> FORMATS = List.of("table", "csv", "json", "ndjson");
    private static final String USUAL_SERVER = "http://127.0.0.1:8090";

    @Option(names = "--server", paramLabel = "URL", description = "The query server. Default: the one of --dir, else " + USUAL_SERVER + ". A token is read from the environment: QAEXCHANGE_TOKEN.")
    private String server;
    @Option(names = "--dir", paramLabel = "FOLDER", description = "Folder of the cluster or demo whose server is asked.")
    private Path folder;
    @Option(names = "--level", defaultValue = "live", paramLabel = "LEVEL",
            description = "What is read: live, checkpoint, checkpoint:ID or archive. Default: ${DEFAULT-VALUE}.")
    private String level;
    @Option(names = "--format", defaultValue = "table", description = "table, csv, json or ndjson. Default: ${DEFAULT-VALUE}.")
    private String format;
    @Option(names = {"-c", "--command"}, paramLabel = "SQL", description = "Runs these statements and ends.")
    private String sql;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new SqlCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        requireFormat(format);
        SqlSession session = new SqlSession(ServerClient.of(address()), level, format);
        if (sql == null && System.console() != null) {
            try (Terminal terminal = TerminalBuilder.builder().name("sql").build()) {
                Path history = Path.of(System.getProperty("user.home", "."), ".qaexchange_sql_history");
                LineReader reader = reader(terminal, session).variable(LineReader.HISTORY_FILE, history).build();
                new SqlShell(session, reader).run();
            }
            return Tool.GOOD;
        }
        return runAll(session, sql != null ? sql : new String(System.in.readAllBytes(), StandardCharsets.UTF_8), System.out);
    }

    static LineReaderBuilder reader(Terminal terminal, SqlSession session) {
        return LineReaderBuilder.builder().appName("sql").terminal(terminal).parser(new StatementParser()).completer(new SqlCompleter(session))
                .variable(LineReader.SECONDARY_PROMPT_PATTERN, "%P  -> ").option(LineReader.Option.DISABLE_EVENT_EXPANSION, true);
    }

    static void requireFormat(String format) {
        if (!FORMATS.contains(format)) {
            throw new UsageException("format " + format + " is none of " + String.join(", ", FORMATS) + NearNames.hint(format, FORMATS)
                    + ". bin/query also writes parquet and arrow");
        }
    }

    private URI address() throws IOException, InterruptedException {
        if (server != null) {
            return ServerClient.address(server);
        }
        if (folder != null) {
            return new ServerFile(folder).find().orElseThrow(() -> new UsageException("no query server serves " + folder + ": start one with bin/serve --dir " + Tool.shellWord(folder)));
        }
        return new ServerFile(Path.of("run")).find().orElse(URI.create(USUAL_SERVER));
    }

    private static int runAll(SqlSession session, String text, PrintStream out) throws Exception {
        Statements.Parts parts = Statements.of(text + "\n;");
        if (parts.complete().isEmpty()) {
            throw new UsageException("there is no statement to run");
        }
        for (String statement : parts.complete()) {
            try {
                ServerClient.Answer answer = session.run(statement, out);
                out.flush();
                answer.notices().forEach(notice -> System.err.println("sql: " + notice));
            } catch (ServerProblem e) {
                System.err.println("sql: " + e.getMessage());
                return e.isOfTheQuery() ? Tool.BAD : Tool.COULD_NOT_RUN;
            }
        }
        return Tool.GOOD;
    }
}
