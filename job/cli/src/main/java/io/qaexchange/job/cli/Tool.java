package io.qaexchange.job.cli;

import io.qaexchange.job.model.UsageException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TimeZone;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;

/**
 * Runs a command with the exit codes that all have: 0 good, 1 the answer is bad, 2 it could not run, 141 its output was closed while it
 * wrote, as shells have it for SIGPIPE.
 *
 * <p>No default of the machine shows in what a command prints: texts are UTF-8, numbers and times are the same in every locale and zone.
 */
public final class Tool {

    public static final int GOOD = 0;
    public static final int BAD = 1;
    public static final int COULD_NOT_RUN = 2;
    static final int CLOSED_PIPE = 141;

    private static final String REVISION = "QAEXCHANGE_REVISION";

    /** Characters that no shell takes for anything else. */
    private static final Pattern PLAIN_WORD = Pattern.compile("[A-Za-z0-9_./:@%+,=-]+");

    private Tool() {
    }

    /** Runs the command and ends the process. */
    public static void run(Callable<Integer> command, String[] args) {
        Locale.setDefault(Locale.ROOT);
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        System.setOut(StandardOutput.over(new FileOutputStream(FileDescriptor.out)));
        int code;
        try {
            ProcessFolder.install();
            code = execute(command, args);
        } catch (IOException e) {
            System.err.println("temporary files cannot be written: " + message(e) + "; another folder for them: JAVA_OPTS=-Djava.io.tmpdir=DIR");
            code = COULD_NOT_RUN;
        }
        // Other threads would keep the process alive.
        System.exit(code);
    }

    /** Runs the command, printing to what {@link System#out} and {@link System#err} are. */
    public static int execute(Callable<Integer> command, String[] args) {
        CommandLine line = new CommandLine(command).setExpandAtFiles(false);
        line.setErr(new PrintWriter(System.err, true)).setOut(new PrintWriter(System.out, true));
        line.getCommandSpec().version(version(line.getCommandName()));
        line.setExecutionExceptionHandler((exception, commandLine, parsed) -> explain(exception, commandLine));
        line.setParameterExceptionHandler(Tool::explain);
        try {
            int code = line.execute(args);
            System.out.flush();
            return code;
        } catch (OutputFailedException e) {
            return explain(e, line);
        } catch (OutOfMemoryError e) {
            line.getErr().println(line.getCommandName() + ": not enough memory: " + e.getMessage() + ". The heap is "
                    + (Runtime.getRuntime().maxMemory() >> 20) + " MiB; HEAP=4g before the command gives it more");
            return COULD_NOT_RUN;
        } catch (Error e) {
            e.printStackTrace(line.getErr());
            return COULD_NOT_RUN;
        }
    }

    private static String[] version(String name) {
        String revision = System.getenv(REVISION);
        return new String[] {name + " of qaexchange, revision " + (revision == null ? "unknown" : revision) + ", on Java "
                + Runtime.version().feature()};
    }

    /** Prints in one line why the command could not run. */
    static int explain(Exception exception, CommandLine line) {
        OutputFailedException output = OutputFailedException.in(exception);
        if (output != null && output.isClosedPipe()) {
            return CLOSED_PIPE;
        }
        line.getErr().println(line.getCommandName() + ": " + (output != null ? output.getMessage() : message(exception)));
        if (!(exception instanceof UsageException) && System.getenv("QAEXCHANGE_DEBUG") != null) {
            exception.printStackTrace(line.getErr());
        }
        return COULD_NOT_RUN;
    }

    /** Says what is wrong with the command line, without all of the help after it. */
    private static int explain(CommandLine.ParameterException exception, String[] args) {
        CommandLine line = exception.getCommandLine();
        line.getErr().println(line.getCommandName() + ": " + exception.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(exception, line.getErr());
        line.getErr().println("All options: " + line.getCommandName() + " --help");
        return COULD_NOT_RUN;
    }

    /** A path as a shell takes it as one word, for commands that messages show. */
    public static String shellWord(Path path) {
        String text = path.toString();
        return PLAIN_WORD.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    /** Refuses to write binary data to a terminal. */
    public static void refuseTerminal(String what, String instead) {
        if (System.console() != null) {
            throw new UsageException(what + " writes binary data, which a terminal cannot show; redirect it: " + instead);
        }
    }

    /** The message for the user where there is one, else those of all causes. */
    private static String message(Throwable exception) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
            if (cause instanceof UsageException) {
                return cause.getMessage();
            }
            // Java's exceptions for files have nothing but the file's name as message.
            String part = cause instanceof java.nio.file.FileSystemException || cause.getMessage() == null ? cause.toString() : cause.getMessage();
            if (text.indexOf(part) < 0) {
                text.append(text.isEmpty() ? "" : ": ").append(part);
            }
        }
        return text.toString();
    }
}
