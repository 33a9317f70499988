package io.qaexchange.job.server.pg;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/**
 * The settings of a session: what SET and SHOW know. Most change nothing here and are kept so that SHOW gives back what SET was given.
 *
 * <p>One thread.
 */
final class PgSettings {

    static final String LEVEL = "qaexchange.level";

    /** All settings that there are, with their values at the start. */
    static final Map<String, String> DEFAULTS = defaults();

    /** Settings whose value a client is told at the start and when it changes. */
    private static final List<String> REPORTED = List.of("server_version", "server_encoding", "client_encoding", "application_name", "is_superuser",
            "session_authorization", "DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes", "standard_conforming_strings",
            "default_transaction_read_only", "in_hot_standby");
    private static final Set<String> FIXED = Set.of("server_version", "server_version_num", "server_encoding", "is_superuser", "integer_datetimes",
            "max_identifier_length", "in_hot_standby", "transaction_read_only", "default_transaction_read_only", "lc_ctype", "lc_collate", "block_size");
    /** Values that answers are always written with, whatever is asked for. */
    private static final Map<String, String> ALWAYS = Map.of("timezone", "UTC", "datestyle", "ISO, MDY", "intervalstyle", "postgres", "bytea_output", "hex");
    private static final Pattern CUSTOM = Pattern.compile("[a-z_][a-z0-9_]*\\.[a-z_][a-z0-9_.]*");
    private static final Set<String> UTF8 = Set.of("utf8", "utf-8", "unicode", "sql_ascii");

    private final Map<String, String> values = new HashMap<>();
    private final Map<String, String> atStart = new HashMap<>();

    /** The answer to SET: the change, and a notice for the client. */
    record Change(String name, String value, boolean reported, @Nullable String notice) {
    }

    PgSettings() {
        DEFAULTS.forEach((name, value) -> values.put(name.toLowerCase(Locale.ROOT), value));
    }

    private static Map<String, String> defaults() {
        Map<String, String> defaults = new TreeMap<>();
        for (String line : PgSchema.resource("settings.txt").split("\n")) {
            if (!line.isBlank() && !line.startsWith("#")) {
                int space = line.indexOf(' ');
                defaults.put(space < 0 ? line : line.substring(0, space), space < 0 ? "" : line.substring(space + 1).strip());
            }
        }
        return defaults;
    }

    /** Keeps the values of now as those that RESET goes back to. */
    void started() {
        atStart.putAll(values);
    }

    /** A value; null if there is no such setting. */
    @Nullable
    String get(String name) {
        return values.get(key(name));
    }

    /** All settings by name. */
    Map<String, String> all() {
        return new TreeMap<>(values);
    }

    /** Settings that clients are told, by the names that they look for. */
    Map<String, String> reported() {
        Map<String, String> reported = new TreeMap<>();
        REPORTED.forEach(name -> reported.put(name, values.get(name.toLowerCase(Locale.ROOT))));
        return reported;
    }

    /** Sets what a session knows from elsewhere. */
    void force(String name, String value) {
        values.put(name, value);
    }

    /** Sets a value. */
    Change set(String name, String value) throws PgException {
        String key = key(name);
        if (!values.containsKey(key) && !CUSTOM.matcher(key).matches()) {
            throw new PgException(SqlState.UNDEFINED_OBJECT, "unrecognized configuration parameter \"" + name + "\"");
        }
        if (FIXED.contains(key)) {
            return fixed(key, value);
        }
        if (key.equals("client_encoding") && !UTF8.contains(value.toLowerCase(Locale.ROOT))) {
            throw new PgException(SqlState.INVALID_PARAMETER, "client_encoding \"" + value + "\" is not supported: texts are UTF8");
        }
        String always = ALWAYS.get(key);
        if (always != null) {
            boolean same = value.equalsIgnoreCase(always) || key.equals("datestyle") && value.toUpperCase(Locale.ROOT).startsWith("ISO");
            return new Change(reportedName(key), always, isReported(key), same ? null
                    : (key.equals("timezone") ? "times are sent in UTC, whatever the time zone: as \"timestamp with time zone\" with +00" : key + " is always " + always));
        }
        String kept = key.equals("client_encoding") ? "UTF8" : value;
        values.put(key, kept);
        return new Change(reportedName(key), kept, isReported(key), null);
    }

    private Change fixed(String key, String value) throws PgException {
        boolean readOnly = key.endsWith("transaction_read_only");
        boolean off = Set.of("off", "false", "0", "no").contains(value.toLowerCase(Locale.ROOT));
        if (!readOnly) {
            throw new PgException("55P02", "parameter \"" + key + "\" cannot be changed");
        }
        return new Change(key, "on", false, off ? "transactions stay read-only: this is a read-only view of the job's rows" : null);
    }

    /** Goes back to the value at the start. */
    @Nullable
    Change reset(String name) throws PgException {
        String key = key(name);
        if (!values.containsKey(key)) {
            throw new PgException(SqlState.UNDEFINED_OBJECT, "unrecognized configuration parameter \"" + name + "\"");
        }
        String first = atStart.get(key);
        if (first == null) {
            values.remove(key);
            return null;
        }
        values.put(key, first);
        return new Change(reportedName(key), first, isReported(key), null);
    }

    void resetAll() {
        values.clear();
        values.putAll(atStart);
    }

    private static String key(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return switch (lower) {
            case "time zone" -> "timezone";
            case "names" -> "client_encoding";
            case "transaction isolation level" -> "transaction_isolation";
            case "session authorization" -> "session_authorization";
            default -> lower;
        };
    }

    private static boolean isReported(String key) {
        return REPORTED.stream().anyMatch(name -> name.equalsIgnoreCase(key));
    }

    private static String reportedName(String key) {
        return REPORTED.stream().filter(name -> name.equalsIgnoreCase(key)).findFirst().orElse(key);
    }
}
