package io.qaexchange.job.cli.cluster;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Flink's command line prints: without stack traces, which are in its log, but with what they say. One thread. */
final class FlinkOutput {
    private static final Pattern FRAME = Pattern.compile("\\s+(at \\S+\\(.*\\)|\\.\\.\\. \\d+ more)");
    private static final Pattern CAUSE = Pattern.compile("Caused by: (.*)");
    /** Exceptions in front of what they wrap. */
    private static final Pattern WRAPPER = Pattern.compile("^(?:[\\w$]+\\.)+[\\w$]*(?:Exception|Error|Throwable): ");

    private final Pattern wanted;
    private String found;
    private String reason;

    /** @param wanted its first group is what a command is run for */
    FlinkOutput(Pattern wanted) {
        this.wanted = wanted;
    }

    /** @return whether a user should see the line */
    boolean take(String line) {
        Matcher answer = wanted.matcher(line);
        if (answer.find()) {
            found = answer.group(1);
        }
        Matcher cause = CAUSE.matcher(line);
        if (cause.matches()) {
            reason = cause.group(1);
            for (Matcher wrapper = WRAPPER.matcher(reason); wrapper.find(); wrapper = WRAPPER.matcher(reason)) {
                reason = reason.substring(wrapper.end());
            }
            return false;
        }
        return !FRAME.matcher(line).matches();
    }

    /** Null if it was not printed. */
    String found() {
        return found;
    }

    /** The innermost cause that was printed, or null. */
    String reason() {
        return reason;
    }
}
