package io.qaexchange.job.query.sql;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Types for values that a file format would round or garble: DuckDB writes HUGEINT, the type of sums, to Parquet as DOUBLE. A sum of more
 * than 38 digits is an error then, never another number. Intervals would lose microseconds or their sign, and members of enumerations are
 * texts to whoever reads the file. Stateless.
 */
public final class PortableTypes {

    private static final String ENUMERATION = "ENUM";
    /** An enumeration with its members, a quoted name, which may look like a type, or a word. */
    private static final Pattern TOKEN = Pattern.compile("ENUM\\((?:'(?:[^']|'')*'(?:, )?)*\\)|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|TIME WITH TIME ZONE|\\w+");
    private static final Map<String, String> REPLACED = Map.of("HUGEINT", "DECIMAL(38, 0)", "UHUGEINT", "DECIMAL(38, 0)", "BIT", "VARCHAR",
            "BIGNUM", "VARCHAR", "TIME WITH TIME ZONE", "VARCHAR", "INTERVAL", "VARCHAR");

    private PortableTypes() {
    }

    /** The type that a column has in a file; the same if the format holds it. */
    public static String of(String type) {
        return TOKEN.matcher(type).replaceAll(token -> Matcher.quoteReplacement(token.group().startsWith(ENUMERATION + "(") ? "VARCHAR"
                : REPLACED.getOrDefault(token.group(), token.group())));
    }
}
