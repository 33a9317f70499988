package io.qaexchange.job.server.security;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.qaexchange.job.query.access.NamePatterns;
import io.qaexchange.job.query.access.RowAccess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.annotation.Nullable;

/**
 * The tokens of a server, from a YAML file that is read again when it changes:
 *
 * <pre>
 *   tokens:
 *     - user: alice
 *       role: reader                    # reader, operator or admin
 *       sha256: 9f86d081884c7d65…       # of the token, hexadecimal
 *       scram: SCRAM-SHA-256$4096:…     # verifier of the password for the PostgreSQL wire; this or sha256, or both
 *       expires: 2027-01-01T00:00:00Z   # optional
 *       instruments: [SHFE.*, DCE.m2605]   # optional: rows of these instruments only
 *       accounts: [A-0001]                 # optional: rows of these accounts only
 * </pre>
 *
 * <p>A token is long and random, so its plain SHA-256 tells nothing about it; the file never holds the token. A check looks at every
 * entry and takes the same time for any token. {@code bin/token} makes an entry.
 *
 * <p>Thread-safe.
 */
public final class Tokens {

    private static final int LOOK_AGAIN_MS = 1_000;
    private static final List<String> KEYS = List.of("user", "role", "sha256", "scram", "expires", "instruments", "accounts");

    @Nullable
    private final Path file;
    private final Clock clock;
    /** Guarded by this. */
    private List<Entry> entries = List.of();
    /** Guarded by this. */
    private FileTime readAt;
    /** Guarded by this. */
    private long lookedAtMs;

    /** A user and what proves his password. */
    public record Login(User user, ScramVerifier verifier) {
    }

    /**
     * A user who showed a token.
     *
     * @param access the rows that he may see
     */
    public record User(String name, Role role, RowAccess access) {
    }

    private record Entry(User user, byte[] sha256, @Nullable ScramVerifier scram, @Nullable Instant expires) {

        boolean isValid(Clock clock) {
            return expires == null || clock.instant().isBefore(expires);
        }
    }

    private Tokens(@Nullable Path file, Clock clock) {
        this.file = file;
        this.clock = clock;
    }

    /** No tokens: whoever reaches the server is an admin. For loopback only. */
    public static Tokens none() {
        return new Tokens(null, Clock.systemUTC());
    }

    /**
     * The tokens of a file.
     *
     * @throws IOException if it cannot be read or is not understood, with the line
     */
    public static Tokens of(Path file, Clock clock) throws IOException {
        Tokens tokens = new Tokens(file, clock);
        tokens.read();
        return tokens;
    }

    /** Whether a token is needed. */
    public boolean areNeeded() {
        return file != null;
    }

    /**
     * The user of a token; null if it is not known or has expired.
     *
     * @param token null if none was shown
     */
    @Nullable
    public synchronized User find(@Nullable String token) throws IOException {
        if (file == null) {
            return new User("local", Role.ADMIN, RowAccess.ALL);
        }
        readIfChanged();
        byte[] shown = sha256(token == null ? "" : token);
        User found = null;
        for (Entry entry : entries) {
            boolean same = MessageDigest.isEqual(entry.sha256(), shown);
            if (same && entry.isValid(clock)) {
                found = entry.user();
            }
        }
        return token == null ? null : found;
    }

    /** The verifier of a user's password; null if no entry of the user has one that has not expired. */
    @Nullable
    public synchronized Login login(String name) throws IOException {
        readIfChanged();
        Login found = null;
        for (Entry entry : entries) {
            if (entry.user().name().equals(name) && entry.scram() != null && entry.isValid(clock)) {
                found = new Login(entry.user(), entry.scram());
            }
        }
        return found;
    }

    /**
     * The rows that a user may see, by what is in the file now.
     *
     * @throws UnknownUserException if no entry of the user is valid any more
     */
    public synchronized RowAccess accessOf(String name) throws IOException {
        if (file == null) {
            return RowAccess.ALL;
        }
        readIfChanged();
        for (Entry entry : entries) {
            if (entry.user().name().equals(name) && entry.isValid(clock)) {
                return entry.user().access();
            }
        }
        throw new UnknownUserException(name);
    }

    /** A user is not in the file any more, or his entries have expired. */
    public static final class UnknownUserException extends IOException {
        private static final long serialVersionUID = 1L;

        UnknownUserException(String user) {
            super("user " + user + " has no valid token or password any more");
        }
    }

    /** All that valid entries have to check a user by: it changes whenever one of them does. Empty for a user whom nobody knows, and without tokens. */
    public synchronized String secretsOf(String name) throws IOException {
        if (file == null) {
            return "";
        }
        readIfChanged();
        StringBuilder all = new StringBuilder();
        for (Entry entry : entries) {
            if (entry.user().name().equals(name) && entry.isValid(clock)) {
                all.append(HexFormat.of().formatHex(entry.sha256())).append(' ').append(entry.scram()).append('\n');
            }
        }
        return all.toString();
    }

    private void readIfChanged() throws IOException {
        long nowMs = clock.millis();
        if (nowMs - lookedAtMs < LOOK_AGAIN_MS) {
            return;
        }
        lookedAtMs = nowMs;
        if (!Files.getLastModifiedTime(file).equals(readAt)) {
            read();
        }
    }

    private synchronized void read() throws IOException {
        FileTime modified = Files.getLastModifiedTime(file);
        JsonNode root = new YAMLMapper().readTree(Files.readString(file));
        List<Entry> all = new ArrayList<>();
        JsonNode list = root == null ? null : root.get("tokens");
        if (list == null || !list.isArray()) {
            throw new IOException(file + ": expected a list \"tokens\"");
        }
        for (JsonNode node : list) {
            Entry entry = entry(node, all.size() + 1);
            for (Entry other : all) {
                if (other.user().name().equals(entry.user().name()) && !other.user().access().equals(entry.user().access())) {
                    throw new IOException(file + ": token " + (all.size() + 1) + ": user " + entry.user().name()
                            + " has other instruments or accounts than in an entry before; they are those of the user, the same in each of his entries");
                }
            }
            all.add(entry);
        }
        entries = List.copyOf(all);
        readAt = modified;
    }

    private Entry entry(JsonNode node, int number) throws IOException {
        String where = file + ": token " + number + ": ";
        for (Iterator<String> names = node.fieldNames(); names.hasNext();) {
            String name = names.next();
            if (!KEYS.contains(name)) {
                // A mistyped limit must not mean that there is none.
                throw new IOException(where + name + " is none of " + String.join(", ", KEYS));
            }
        }
        for (String name : List.of("user", "role")) {
            if (!node.hasNonNull(name)) {
                throw new IOException(where + name + " is missing");
            }
        }
        Role role;
        try {
            role = Role.valueOf(node.get("role").asText().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IOException(where + "role \"" + node.get("role").asText() + "\" is none of reader, operator, admin", e);
        }
        if (!node.hasNonNull("sha256") && !node.hasNonNull("scram")) {
            throw new IOException(where + "sha256 (of a token) or scram (of a password) is missing");
        }
        byte[] sha256;
        try {
            sha256 = !node.hasNonNull("sha256") ? new byte[0] : HexFormat.of().parseHex(node.get("sha256").asText());
        } catch (IllegalArgumentException e) {
            throw new IOException(where + "sha256 is not hexadecimal", e);
        }
        if (node.hasNonNull("sha256") && sha256.length != 32) {
            throw new IOException(where + "sha256 has " + sha256.length + " bytes, not 32");
        }
        ScramVerifier scram = null;
        if (node.hasNonNull("scram")) {
            try {
                scram = ScramVerifier.parse(node.get("scram").asText());
            } catch (IllegalArgumentException e) {
                throw new IOException(where + "scram: " + e.getMessage(), e);
            }
        }
        Instant expires = null;
        if (node.hasNonNull("expires")) {
            try {
                expires = Instant.parse(node.get("expires").asText());
            } catch (DateTimeParseException e) {
                throw new IOException(where + "expires is not a time such as 2027-01-01T00:00:00Z", e);
            }
        }
        RowAccess access = new RowAccess(patterns(node, "instruments", where), patterns(node, "accounts", where));
        if (role != Role.READER && !access.isAll()) {
            throw new IOException(where + "role " + node.get("role").asText() + " sees all rows: instruments and accounts go with role reader");
        }
        return new Entry(new User(node.get("user").asText(), role, access), sha256, scram, expires);
    }

    /** Names and patterns; null if all are meant. An empty list means none. */
    @Nullable
    private static NamePatterns patterns(JsonNode node, String name, String where) throws IOException {
        if (!node.has(name)) {
            return null;
        }
        JsonNode list = node.get(name);
        List<String> texts = new ArrayList<>();
        for (JsonNode text : list) {
            if (!text.isTextual()) {
                throw new IOException(where + name + ": " + text + " is no text; quote it");
            }
            texts.add(text.asText());
        }
        if (!list.isArray()) {
            throw new IOException(where + name + " is no list such as [SHFE.*, DCE.m2605]");
        }
        try {
            return NamePatterns.of(texts);
        } catch (IllegalArgumentException e) {
            throw new IOException(where + name + ": " + e.getMessage(), e);
        }
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
