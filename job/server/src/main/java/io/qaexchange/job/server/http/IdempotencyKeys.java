package io.qaexchange.job.server.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/**
 * Answers of calls that start work, by the key that the client gave with them (header {@value #HEADER}, draft-ietf-httpapi-idempotency-key-header): who
 * has lost an answer asks again with the same key, and gets that answer instead of more work.
 *
 * <p>A key belongs to its user. An answer is kept for a day, the last {@value #MOST} of all users; one that is a problem is not kept, so that a call can
 * be corrected and repeated. Memory: at most {@value #MOST} answers of {@value #MOST_BYTES} bytes. The keys end with the server.
 *
 * <p>Thread-safe.
 */
final class IdempotencyKeys {

    static final String HEADER = "Idempotency-Key";
    /** Says that an answer is one that was given before. */
    static final String REPLAYED = "Idempotency-Replayed";
    static final int MOST = 1_000;
    /** An answer that is longer starts no work: it is a plan. */
    static final int MOST_BYTES = 16 << 10;
    private static final long LIFE_MS = Duration.ofDays(1).toMillis();
    /** A string of RFC 8941, as the draft has it, or the same without quotes, as many clients send it. */
    private static final Pattern KEY = Pattern.compile("\"([\\x21\\x23-\\x5b\\x5d-\\x7e]{1,255})\"|([\\x21\\x23-\\x5b\\x5d-\\x7e]{1,255})");

    private final Clock clock;
    /** Guarded by this; the oldest first. */
    private final Map<String, Call> calls = new LinkedHashMap<>();

    /**
     * An answer.
     *
     * @param contentType null if the answer has no body
     * @param location where its work can be looked at; null without work
     */
    record Answer(int status, @Nullable String contentType, @Nullable String location, byte[] body) {
    }

    /** A call under a key; its answer is null until there is one. */
    private static final class Call {
        private final String request;
        private final long beganMs;
        @Nullable
        private Answer answer;

        private Call(String request, long beganMs) {
            this.request = request;
            this.beganMs = beganMs;
        }
    }

    IdempotencyKeys(Clock clock) {
        this.clock = clock;
    }

    /**
     * The key of a header.
     *
     * @throws Problem 400 if it is none
     */
    static String parse(String header) {
        Matcher matcher = KEY.matcher(header.strip());
        if (!matcher.matches()) {
            throw Problem.badRequest("bad-header", "header " + HEADER + " has 1 to 255 visible ASCII characters, without quote and backslash, in quotes: a UUID is a good key");
        }
        return matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    }

    /** The digest of a call: two calls under one key must be the same. */
    static String requestOf(String method, String path, @Nullable String query, byte[] body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((method + " " + path + "?" + (query == null ? "" : query) + "\n").getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(body));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    /**
     * Begins a call.
     *
     * @param request what is asked, see {@link #requestOf}
     * @return the answer that the call had before; null if it is the first: then {@link #end} follows
     * @throws Problem 409 if the first has no answer yet, 422 if it asked something else
     */
    @Nullable
    synchronized Answer begin(String user, String key, String request) {
        long nowMs = clock.millis();
        calls.values().removeIf(call -> call.answer != null && nowMs - call.beganMs > LIFE_MS);
        Call known = calls.get(nameOf(user, key));
        if (known != null && !known.request.equals(request)) {
            throw new Problem(422, "idempotency-key-reused", HEADER + " " + key + " was sent with another call or another body: take a new key for a new call");
        }
        if (known != null && known.answer == null) {
            throw new Problem(409, "idempotency-key-in-use", "the call with " + HEADER + " " + key + " is being answered: ask again in a second");
        }
        if (known != null) {
            return known.answer;
        }
        removeOldest();
        calls.put(nameOf(user, key), new Call(request, nowMs));
        return null;
    }

    private void removeOldest() {
        for (Iterator<Call> oldest = calls.values().iterator(); calls.size() >= MOST && oldest.hasNext();) {
            if (oldest.next().answer != null) {
                oldest.remove();
            }
        }
    }

    /** Ends a call. Without an answer, or with a problem, its key is free again. */
    synchronized void end(String user, String key, @Nullable Answer answer) {
        if (answer == null || answer.status() >= 300) {
            calls.remove(nameOf(user, key));
        } else {
            calls.get(nameOf(user, key)).answer = answer;
        }
    }

    synchronized int size() {
        return calls.size();
    }

    private static String nameOf(String user, String key) {
        return user + "\n" + key;
    }
}
