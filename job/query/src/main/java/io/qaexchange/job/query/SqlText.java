package io.qaexchange.job.query;

/** Texts and names in SQL. */
public final class SqlText {

    private SqlText() {
    }

    /** A text as SQL writes it. */
    public static String quote(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    /** A name as SQL writes it. */
    public static String name(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
