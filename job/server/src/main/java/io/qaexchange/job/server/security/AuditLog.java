package io.qaexchange.job.server.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who steered the job, or tried to: a line of JSON for each call, appended to a file. The last {@value #REMEMBERED} calls are also remembered. A call
 * is noted with its outcome; its token is not.
 *
 * <p>Thread-safe.
 */
public final class AuditLog {

    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final int REMEMBERED = 500;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Nullable
    private final Path file;
    /** Guarded by this; the newest first. */
    private final Deque<Call> newest = new ArrayDeque<>();

    /**
     * A call.
     *
     * @param at moment of its end, ISO-8601
     * @param user who; "-" if nobody was logged in
     * @param call method and path, with its parameters
     * @param status HTTP status of the answer
     * @param request name of the request, as in the access log
     */
    public record Call(String at, String user, String call, int status, String request, long ms) {
    }

    private AuditLog(@Nullable Path file) {
        this.file = file;
    }

    /** Remembers calls in memory only. */
    public static AuditLog inMemory() {
        return new AuditLog(null);
    }

    /**
     * Appends to a file, which is created if it is not there.
     *
     * @throws IOException if it cannot be written
     */
    public static AuditLog to(Path file) throws IOException {
        Files.write(file, new byte[0], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        return new AuditLog(file);
    }

    /** Notes a call. If the file can no longer be written, the server's log has it, and says so. */
    public synchronized void note(Call call) {
        newest.addFirst(call);
        if (newest.size() > REMEMBERED) {
            newest.removeLast();
        }
        if (file == null) {
            return;
        }
        String line = text(call);
        try {
            Files.write(file, (line + "\n").getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            LOG.error("the audit log {} cannot be written; this call is not in it: {}", file, line, e);
        }
    }

    private static String text(Call call) {
        try {
            return JSON.writeValueAsString(call);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The last calls, the newest first. */
    public synchronized List<Call> newest() {
        return new ArrayList<>(newest);
    }
}
