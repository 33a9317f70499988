package io.qaexchange.job.cli;

import io.qaexchange.job.model.UsageException;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** Runs a command with the exit codes that all have: 0 good, 1 the answer is bad, 2 it could not run. */
public final class Tool {

    public static final int GOOD = 0;
    public static final int BAD = 1;
    static final int COULD_NOT_RUN = 2;

    private Tool() {
    }

    /** Runs the command and ends the process. */
    public static void run(Callable<Integer> command, String[] args) {
        CommandLine line = new CommandLine(command);
        line.setExecutionExceptionHandler((exception, commandLine, parsed) -> explain(exception, commandLine));
        int code = COULD_NOT_RUN;
        try {
            code = line.execute(args);
        } catch (Error e) {
            // Other threads would keep the process alive.
            e.printStackTrace(line.getErr());
        }
        line.getErr().flush();
        System.exit(code);
    }

    /** Says in one line why the command could not run. */
    static int explain(Exception exception, CommandLine line) {
        line.getErr().println(line.getCommandName() + ": " + message(exception));
        if (!(exception instanceof UsageException) && System.getenv("QAEXCHANGE_DEBUG") != null) {
            exception.printStackTrace(line.getErr());
        }
        return COULD_NOT_RUN;
    }

    /** Bytes that no terminal shows are not written to one. */
    public static void refuseTerminal(String what, String instead) {
        if (System.console() != null) {
            throw new UsageException(what + " writes bytes that a terminal cannot show; say where to: " + instead);
        }
    }

    private static String message(Throwable exception) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
            String part = cause.getMessage();
            if (part != null && text.indexOf(part) < 0) {
                text.append(text.isEmpty() ? "" : ": ").append(part);
            }
        }
        return text.isEmpty() ? exception.getClass().getSimpleName() : text.toString();
    }
}
