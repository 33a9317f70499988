package io.qaexchange.job.cli.client;

import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.NearNames;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.utils.InfoCmp;

/**
 * The shell: reads statements and its own commands from a terminal until the user leaves. Ctrl-C cancels the statement that runs. One thread.
 */
final class SqlShell {

    static final List<String> COMMANDS = List.of("\\?", "\\q", "\\d", "\\timing", "\\watch", "\\x", "\\format", "\\level", "\\job");

    private static final String HELP = """
            statements end with a semicolon; Ctrl-C cancels the one that runs
              \\d                 tables
              \\d TABLE           columns of a table
              \\watch [SECONDS]   runs the last statement again and again (default 1 s); Ctrl-C ends it
              \\timing [on|off]   shows how long each statement takes
              \\x [on|off]        each row as lines of column and value
              \\format FORMAT     table, csv, json or ndjson
              \\level LEVEL       live, checkpoint, checkpoint:ID or archive
              \\job               the job: subtasks, checkpoints that can be read
              \\q                 leave
            SQL is DuckDB's; bars, latest, vwap and others are in docs/analytics.md
            """;

    private final SqlSession session;
    private final LineReader reader;
    private final PrintStream out;
    private String last;
    private boolean timing = true;

    SqlShell(SqlSession session, LineReader reader) {
        this.session = session;
        this.reader = reader;
        this.out = new PrintStream(reader.getTerminal().output(), false, StandardCharsets.UTF_8);
    }

    /** Runs until the user leaves or the input ends. */
    void run() {
        say("connected to " + session.client().address() + "; \\? for help, \\q to leave");
        while (true) {
            String line;
            try {
                line = reader.readLine("sql> ");
            } catch (UserInterruptException e) {
                continue;
            } catch (EndOfFileException e) {
                return;
            }
            if (!handle(line)) {
                return;
            }
        }
    }

    /** @return false if the user leaves */
    private boolean handle(String line) {
        Statements.Parts parts = line.strip().startsWith("\\") || StatementParser.isWord(line.strip())
                ? new Statements.Parts(List.of(), line) : Statements.of(line);
        try {
            for (String statement : parts.complete()) {
                last = statement;
                if (!interruptibly(() -> runOnce(statement))) {
                    return true;
                }
            }
            String rest = parts.rest().strip();
            return Statements.isEmpty(rest) || command(rest);
        } catch (UsageException e) {
            say(e.getMessage());
            return true;
        }
    }

    private boolean command(String text) {
        String[] words = text.split("\\s+", 2);
        String argument = words.length > 1 ? words[1].strip().replaceAll(";$", "") : "";
        switch (words[0].toLowerCase(Locale.ROOT)) {
            case "\\q", "quit", "exit" -> {
                return false;
            }
            case "\\?", "\\h", "help" -> say(HELP.stripTrailing());
            case "\\d" -> interruptibly(() -> describe(argument));
            case "\\watch" -> interruptibly(() -> watch(argument));
            case "\\timing" -> {
                timing = flag(argument, timing);
                say("timing is " + (timing ? "on" : "off"));
            }
            case "\\x" -> {
                session.setRecords(flag(argument, session.isRecords()));
                say("rows are shown as " + (session.isRecords() ? "records" : "lines"));
            }
            case "\\format" -> {
                session.setFormat(argument);
                say("format is " + session.format());
            }
            case "\\level" -> {
                session.setLevel(argument.isEmpty() ? "live" : argument);
                say("level is " + session.level());
            }
            case "\\job" -> interruptibly(() -> say(session.client().get("/v1/job").toPrettyString()));
            default -> say("there is no command " + words[0] + NearNames.hint(words[0], COMMANDS) + "; \\? lists all");
        }
        return true;
    }

    private static boolean flag(String argument, boolean now) {
        return switch (argument.toLowerCase(Locale.ROOT)) {
            case "" -> !now;
            case "on" -> true;
            case "off" -> false;
            default -> throw new UsageException("say on or off, not " + argument);
        };
    }

    private void describe(String table) throws IOException, InterruptedException {
        if (table.isEmpty()) {
            say(String.join("\n", session.tables()));
        } else if (!session.tables().contains(table)) {
            say("there is no table " + table + NearNames.hint(table, session.tables()));
        } else {
            session.run("SELECT column_name AS \"column\", column_type AS \"type\" FROM (DESCRIBE " + table + ")", out);
            out.flush();
        }
    }

    private void runOnce(String statement) throws IOException, InterruptedException {
        long beganNs = System.nanoTime();
        ServerClient.Answer answer = session.run(statement, out);
        answer.notices().forEach(out::println);
        String asOf = answer.asOf();
        String took = timing ? String.format(Locale.ROOT, "%,.1f ms", (System.nanoTime() - beganNs) / 1e6) : "";
        String footer = asOf + (asOf.isEmpty() || took.isEmpty() ? "" : ", ") + took;
        if (!footer.isEmpty()) {
            out.println("(" + footer + ")");
        }
        out.flush();
    }

    private void watch(String argument) throws IOException, InterruptedException {
        if (last == null) {
            throw new UsageException("there is no statement to watch yet");
        }
        double seconds;
        try {
            seconds = argument.isEmpty() ? 1 : Double.parseDouble(argument);
        } catch (NumberFormatException e) {
            throw new UsageException("\\watch takes a number of seconds, not " + argument, e);
        }
        if (!(seconds >= 0.05 && seconds <= 86_400)) {
            throw new UsageException("\\watch takes 0.05 to 86400 seconds, not " + argument);
        }
        while (true) {
            reader.getTerminal().puts(InfoCmp.Capability.clear_screen);
            reader.getTerminal().flush();
            out.println("every " + argument + (argument.isEmpty() ? "1" : "") + " s, " + Instant.now(Clock.systemUTC()).truncatedTo(ChronoUnit.SECONDS)
                    + "; Ctrl-C ends it");
            runOnce(last);
            TimeUnit.MILLISECONDS.sleep((long) (seconds * 1000));
        }
    }

    /** Work with the server. */
    @FunctionalInterface
    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    /**
     * Works until it is done or the user presses Ctrl-C.
     *
     * @return false if it failed or was cancelled
     */
    private boolean interruptibly(Work work) {
        Thread worker = Thread.currentThread();
        Terminal.SignalHandler before = reader.getTerminal().handle(Terminal.Signal.INT, signal -> worker.interrupt());
        try {
            work.run();
            return true;
        } catch (InterruptedException e) {
            out.println("cancelled");
            return false;
        } catch (IOException | UncheckedIOException e) {
            out.println(Thread.interrupted() ? "cancelled" : e.getMessage());
            return false;
        } finally {
            // A signal that came too late is not for the next statement.
            Thread.interrupted();
            reader.getTerminal().handle(Terminal.Signal.INT, before);
            out.flush();
        }
    }

    private void say(String text) {
        out.println(text);
        out.flush();
    }
}
