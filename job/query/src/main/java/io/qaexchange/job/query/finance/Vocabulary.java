package io.qaexchange.job.query.finance;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;

/**
 * Table functions of SQL in the field's words. Most are macros of DuckDB ({@link #macros}); bars are made by {@link BarBuilder}.
 *
 * <p>Each works instrument by instrument: rows of one instrument never change what the function gives for another. So a condition on the
 * instrument may go below it.
 *
 * <p>Stateless.
 */
public final class Vocabulary {

    public static final String BARS = "bars";
    public static final String KLINE = "kline";
    /** Names of functions, and how many of their first arguments name tables. */
    private static final Map<String, Integer> TABLES = Map.of(BARS, 1, KLINE, 1, "latest", 1, "vwap", 1, "twap", 1, "asof_join", 2, "window_join", 2,
            "book_at", 0);
    /** Functions whose rows have a column bar, the beginning of the time that a row is made of. */
    private static final Set<String> BY_BAR = Set.of(BARS, KLINE, "vwap", "twap");
    private static final String MACROS = load();

    private Vocabulary() {
    }

    private static String load() {
        try (InputStream in = Vocabulary.class.getResourceAsStream("vocabulary.sql")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("resource vocabulary.sql is not readable", e);
        }
    }

    /** Statements that make the macros, in a database that has the tables. */
    public static String macros() {
        return MACROS;
    }

    /** Whether this is a function of the vocabulary. */
    public static boolean has(String function) {
        return TABLES.containsKey(function);
    }

    /** How many of the first arguments name tables. */
    public static int tableArguments(String function) {
        return TABLES.get(function);
    }

    /** Tables that a function reads whatever its arguments are. */
    public static Set<String> tablesOf(String function) {
        return function.equals("book_at") ? Set.of("book_snapshot", "book_delta") : Set.of();
    }

    /** Whether the first argument of a function is an instrument. */
    public static boolean beginsWithInstrument(String function) {
        return function.equals("book_at");
    }

    /** Whether a condition on the column {@code bar} is one on event times. */
    public static boolean isByBar(String function) {
        return BY_BAR.contains(function);
    }

    /** Whether the engine makes the rows, not DuckDB. */
    public static boolean isMade(String function) {
        return function.equals(BARS) || function.equals(KLINE);
    }
}
