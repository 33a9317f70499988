package io.qaexchange.job.query.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One sentence from what Flink answers with when something fails: JSON with stack traces, or stack traces. Stateless. */
public final class RestError {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern CAUSED_BY = Pattern.compile("^\\s*Caused by: (.*)$", Pattern.MULTILINE);
    /** Exceptions in front of what they wrap. */
    private static final Pattern WRAPPER = Pattern.compile("^(?:[\\w$]+\\.)+[\\w$]*(?:Exception|Error|Throwable): ");
    private static final int LONGEST = 600;

    private RestError() {
    }

    /** The message in the body of an answer that is an error. */
    public static String message(String body) {
        JsonNode errors;
        try {
            errors = JSON.readTree(body).path("errors");
        } catch (JsonProcessingException e) {
            return cause(body);
        }
        String last = "it says no reason";
        for (JsonNode error : errors) {
            if (!error.asText().isBlank()) {
                last = cause(error.asText());
            }
        }
        return last;
    }

    /** The innermost cause of a stack trace, without the names of exceptions in front of it. */
    public static String cause(String stackTrace) {
        String found = stackTrace.strip().lines().map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("at ") && !line.startsWith("<Exception on server side")).findFirst().orElse("no reason");
        for (Matcher cause = CAUSED_BY.matcher(stackTrace); cause.find();) {
            found = cause.group(1).strip();
        }
        for (Matcher wrapper = WRAPPER.matcher(found); wrapper.find(); wrapper = WRAPPER.matcher(found)) {
            found = found.substring(wrapper.end());
        }
        return found.length() > LONGEST ? found.substring(0, LONGEST) + " …" : found;
    }
}
