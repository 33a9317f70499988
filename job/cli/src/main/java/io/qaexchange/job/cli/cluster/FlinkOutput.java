package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.query.cluster.RestError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Output of Flink's command line: without stack traces, which are in its log, but with their messages. One thread. */
final class FlinkOutput {
    private static final Pattern FRAME = Pattern.compile("\\s+(at \\S+\\(.*\\)|\\.\\.\\. \\d+ more)");
    private static final Pattern CAUSE = Pattern.compile("Caused by: (.*)");
    /** The job's own word for a mistake of the user names the option; what it wraps does not. */
    private static final String USAGE = "io.qaexchange.job.model.UsageException: ";

    /** Above an exception; the reason says it shorter. */
    private static final String RULE = "----------";

    private final Pattern wanted;
    private String found;
    private String reason;
    private boolean usage;
    private boolean failed;

    /** @param wanted its first group is what a command is run for */
    FlinkOutput(Pattern wanted) {
        this.wanted = wanted;
    }

    /** @return whether a user should see the line */
    boolean take(String line) {
        failed |= line.startsWith(RULE);
        Matcher answer = wanted.matcher(line);
        if (answer.find()) {
            found = answer.group(1);
        }
        Matcher cause = CAUSE.matcher(line);
        if (cause.matches()) {
            boolean ofUser = cause.group(1).startsWith(USAGE);
            if (ofUser || !usage) {
                reason = RestError.cause(cause.group(1));
            }
            usage |= ofUser;
            return false;
        }
        return !failed && !FRAME.matcher(line).matches();
    }

    /** Null if it was not printed. */
    String found() {
        return found;
    }

    /** The innermost cause that was printed, or the user's mistake; null if there is none. */
    String reason() {
        return reason;
    }
}
