package io.qaexchange.job.server.engine;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.typed.UnionScan;
import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.SessionSchema;
import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.SqlTokens.Kind;
import io.qaexchange.job.server.session.SqlTokens.Token;
import io.qaexchange.job.server.session.TableColumn;
import io.qaexchange.parquet.column.ParquetTable;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/**
 * A statement that asks for some rows of one instrument and nothing else, so that no database is needed for it:
 *
 * <pre>{@code SELECT * | column, … FROM table WHERE instrument = 'text' [AND event_time = | < | <= | > | >= time]… [ORDER BY event_time [ASC | DESC]] [LIMIT number]}</pre>
 *
 * <p>Whatever is written in another way is not found here and runs in DuckDB, which gives the same rows. Immutable.
 *
 * @param range the rows
 * @param columns the columns as the door shows them
 * @param descending newest first
 * @param limit most rows; {@value #MOST_ROWS} without one
 * @param limited whether the statement has a limit
 */
record PointSelect(UnionScan.Range range, List<TableColumn> columns, boolean descending, int limit, boolean limited) {

    /** A statement without a limit that finds more rows runs in DuckDB. */
    static final int MOST_ROWS = 1_000;

    private static final String NANOS = "TIMESTAMPTZ_NS";
    private static final String MICROS = "TIMESTAMPTZ";
    private static final long NANOS_OF_MICRO = 1_000;
    private static final long NANOS_OF_SECOND = 1_000_000_000L;
    private static final String INSTRUMENT = "instrument";
    /** Keys of rows without an instrument begin with it. */
    private static final String ROUTE = "@";
    private static final String LISTS = "[]";
    /** Words that are no column's name where one is expected. */
    private static final Set<String> OTHER_WORDS = Set.of("distinct", "all", "case", "not", "null", "true", "false", "cast", "from");
    private static final Pattern TIME = Pattern.compile("(\\d{4}-\\d\\d-\\d\\d)[ T](\\d\\d:\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?(Z|\\+00(?::00)?|[+-]\\d\\d:\\d\\d)");
    /** Two signs that are one only where they stand together. */
    private static final Pattern APART = Pattern.compile("[<>]\\s+=");
    private static final int MICRO_DIGITS = 6;

    /** Finds out whether a statement is such a one; null if it is not. */
    @Nullable
    static PointSelect of(String sql, SessionSchema schema) {
        List<Token> tokens = SqlTokens.of(sql);
        boolean comments = tokens.stream().anyMatch(token -> token.kind() == Kind.SPACE && !token.text().isBlank());
        return comments || APART.matcher(sql).find() ? null : new Reader(tokens.stream().filter(token -> token.kind() != Kind.SPACE).toList(), schema).read();
    }

    List<Column> labels() {
        return columns.stream().map(TableColumn::column).toList();
    }

    /** Reads tokens from the first to the last; each method gives null or false where the statement is of another kind. */
    private static final class Reader {
        private final List<Token> tokens;
        private final SessionSchema schema;
        private int at;
        private List<TableColumn> shown;
        @Nullable
        private String instrument;
        private long fromNs = Long.MIN_VALUE;
        private long toNs = Long.MAX_VALUE;

        Reader(List<Token> tokens, SessionSchema schema) {
            this.tokens = tokens;
            this.schema = schema;
        }

        @Nullable
        PointSelect read() {
            if (!takeWord("select")) {
                return null;
            }
            List<String> names = names();
            if (names == null || !takeWord("from")) {
                return null;
            }
            RecordType type = table();
            if (type == null || !takeWord("where")) {
                return null;
            }
            shown = schema.columns(SqlTables.columns(type.table()));
            if (column(INSTRUMENT) == null) {
                return null;
            }
            List<TableColumn> columns = columns(names);
            do {
                if (columns == null || !condition()) {
                    return null;
                }
            } while (takeWord("and"));
            boolean descending = false;
            if (takeWord("order")) {
                if (!takeWord("by") || !takeWord(ParquetTable.EVENT_TIME)) {
                    return null;
                }
                descending = takeWord("desc");
                if (!descending) {
                    takeWord("asc");
                }
            }
            boolean limited = takeWord("limit");
            Integer limit = limited ? number() : Integer.valueOf(MOST_ROWS);
            takeSign(";");
            if (limit == null || instrument == null || at < tokens.size()) {
                return null;
            }
            return new PointSelect(new UnionScan.Range(type, instrument, fromNs, toNs), columns, descending, limit, limited);
        }

        @Nullable
        private Token next() {
            return at < tokens.size() ? tokens.get(at) : null;
        }

        private boolean takeWord(String word) {
            boolean is = next() != null && next().isWord(word);
            at += is ? 1 : 0;
            return is;
        }

        private boolean takeSign(String sign) {
            boolean is = next() != null && next().isSign(sign);
            at += is ? 1 : 0;
            return is;
        }

        /** A name in small letters, quoted or not. */
        @Nullable
        private String name() {
            Token token = next();
            String name = token == null ? null : token.name();
            if (name == null || token.kind() == Kind.WORD && (!token.text().equals(name) || OTHER_WORDS.contains(name))) {
                return null;
            }
            at++;
            return name;
        }

        /** An empty list for all columns. */
        @Nullable
        private List<String> names() {
            if (takeSign("*")) {
                return List.of();
            }
            List<String> names = new ArrayList<>();
            do {
                String name = name();
                if (name == null) {
                    return null;
                }
                names.add(name);
            } while (takeSign(","));
            return names;
        }

        @Nullable
        private RecordType table() {
            String name = name();
            if (name != null && takeSign(".")) {
                if (!schema.isSchema(name)) {
                    return null;
                }
                name = name();
            }
            return name == null ? null : EventSchema.get().findTable(name);
        }

        @Nullable
        private List<TableColumn> columns(List<String> names) {
            List<TableColumn> columns = new ArrayList<>();
            for (String name : names) {
                TableColumn column = column(name);
                if (column == null) {
                    return null;
                }
                columns.add(column);
            }
            List<TableColumn> all = names.isEmpty() ? shown : columns;
            return all.stream().anyMatch(column -> column.column().type().endsWith(LISTS)) ? null : all;
        }

        @Nullable
        private TableColumn column(String name) {
            return shown.stream().filter(column -> column.column().name().equals(name)).findFirst().orElse(null);
        }

        private boolean condition() {
            String name = name();
            if (name == null) {
                return false;
            }
            if (name.equals(INSTRUMENT)) {
                String text = takeSign("=") ? text() : null;
                boolean first = text != null && instrument == null && !text.startsWith(ROUTE);
                instrument = first ? text : instrument;
                return first;
            }
            return name.equals(ParquetTable.EVENT_TIME) && time(column(name).source().equals(ParquetTable.EVENT_TIME_US) ? NANOS_OF_MICRO : 1);
        }

        /** A plain text in single quotes, or one that is cast to VARCHAR. */
        @Nullable
        private String text() {
            if (!takeWord("cast")) {
                return literal();
            }
            String text = takeSign("(") ? literal() : null;
            return text != null && takeWord("as") && takeWord("varchar") && takeSign(")") ? text : null;
        }

        @Nullable
        private String literal() {
            Token token = next();
            if (token == null || token.kind() != Kind.TEXT || token.text().charAt(0) != '\'' || token.text().length() < 2 || !token.text().endsWith("'")) {
                return null;
            }
            at++;
            return token.text().substring(1, token.text().length() - 1).replace("''", "'");
        }

        /** A comparison with a time; the column counts units of so many nanoseconds. */
        private boolean time(long unit) {
            boolean greater = takeSign(">");
            boolean less = !greater && takeSign("<");
            boolean equal = takeSign("=");
            if (!greater && !less && !equal) {
                return false;
            }
            Long at = constant(unit);
            if (at == null) {
                return false;
            }
            if (!less) {
                fromNs = Math.max(fromNs, greater && !equal ? at + unit : at);
            }
            if (!greater) {
                toNs = Math.min(toNs, less && !equal ? at : at + unit);
            }
            return true;
        }

        /** {@code 'time'}, {@code TIMESTAMPTZ 'time'}, {@code CAST('time' AS TIMESTAMPTZ)} and the same with nanoseconds. */
        @Nullable
        private Long constant(long unit) {
            String type = unit == 1 ? NANOS : MICROS;
            if (takeWord("cast")) {
                String text = takeSign("(") ? literal() : null;
                String of = text != null && takeWord("as") ? timeType() : null;
                return of != null && takeSign(")") ? nanos(text, of, unit) : null;
            }
            String of = timeType();
            String text = literal();
            return text == null ? null : nanos(text, of == null ? type : of, unit);
        }

        @Nullable
        private String timeType() {
            return takeWord(NANOS) ? NANOS : takeWord(MICROS) ? MICROS : null;
        }

        /** Nanoseconds since 1970; null if DuckDB would round, or reads the text in another way. */
        @Nullable
        private static Long nanos(String text, String type, long unit) {
            Matcher time = TIME.matcher(text);
            if (!time.matches() || type.equals(NANOS) && unit != 1) {
                return null;
            }
            String fraction = time.group(4) == null ? "" : time.group(4);
            if (type.equals(MICROS) && fraction.length() > MICRO_DIGITS) {
                return null;
            }
            String offset = time.group(5).startsWith("+00") ? "Z" : time.group(5);
            try {
                Instant instant = OffsetDateTime.parse(time.group(1) + 'T' + time.group(2) + ':' + (time.group(3) == null ? "00" : time.group(3))
                        + (fraction.isEmpty() ? "" : '.' + fraction) + offset).toInstant();
                return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), NANOS_OF_SECOND), instant.getNano());
            } catch (DateTimeException | ArithmeticException e) {
                // DuckDB says what is wrong with it.
                return null;
            }
        }

        @Nullable
        private Integer number() {
            Token token = next();
            if (token == null || token.kind() != Kind.NUMBER || !token.text().matches("[1-9]\\d{0,3}") || Integer.parseInt(token.text()) > MOST_ROWS) {
                return null;
            }
            at++;
            return Integer.valueOf(token.text());
        }
    }
}
