package io.qaexchange.job.server.session;

import java.util.ArrayList;
import java.util.List;

/**
 * The tokens of a text of SQL, as PostgreSQL and DuckDB both read it: comments, texts, quoted names, words, numbers, parameters, signs. Texts
 * together are the whole text, so a statement can be changed token by token. Never fails: an open quotation goes to the end. Stateless.
 */
public final class SqlTokens {

    private SqlTokens() {
    }

    /** Kinds of tokens. */
    public enum Kind {
        /** White space or a comment. */
        SPACE,
        /** A text in single quotes or dollar quotes, or with a prefix such as E. */
        TEXT,
        /** A name in double quotes. */
        QUOTED,
        /** A name or keyword. */
        WORD,
        NUMBER,
        /** {@code $1}. */
        PARAMETER,
        /** Any other sign; {@code ::} is one token. */
        SIGN
    }

    /** A token. */
    public record Token(Kind kind, String text) {

        /** Whether it is a word, whatever its case. */
        public boolean isWord(String word) {
            return kind == Kind.WORD && text.equalsIgnoreCase(word);
        }

        public boolean isSign(String sign) {
            return kind == Kind.SIGN && text.equals(sign);
        }

        /** A word or quoted name as PostgreSQL reads it; null for other tokens. */
        public String name() {
            return switch (kind) {
                case WORD -> text.toLowerCase(java.util.Locale.ROOT);
                case QUOTED -> text.length() < 2 ? text : text.substring(1, text.length() - (text.endsWith("\"") ? 1 : 0)).replace("\"\"", "\"");
                default -> null;
            };
        }
    }

    /** Reads all tokens. */
    public static List<Token> of(String sql) {
        List<Token> tokens = new ArrayList<>();
        int at = 0;
        while (at < sql.length()) {
            Kind kind = kind(sql, at);
            int end = end(sql, at, kind);
            tokens.add(new Token(kind, sql.substring(at, end)));
            at = end;
        }
        return tokens;
    }

    private static Kind kind(String sql, int at) {
        char c = sql.charAt(at);
        char next = at + 1 < sql.length() ? sql.charAt(at + 1) : 0;
        if (Character.isWhitespace(c) || c == '-' && next == '-' || c == '/' && next == '*') {
            return Kind.SPACE;
        }
        if (c == '\'' || (c == 'E' || c == 'e' || c == 'B' || c == 'b' || c == 'X' || c == 'x') && next == '\'') {
            return Kind.TEXT;
        }
        if (c == '"') {
            return Kind.QUOTED;
        }
        if (c == '$') {
            return next >= '0' && next <= '9' ? Kind.PARAMETER : dollarTag(sql, at) == null ? Kind.SIGN : Kind.TEXT;
        }
        if (isWordStart(c)) {
            return Kind.WORD;
        }
        return isDigit(c) || c == '.' && isDigit(next) ? Kind.NUMBER : Kind.SIGN;
    }

    private static int end(String sql, int at, Kind kind) {
        return switch (kind) {
            case SPACE -> endOfSpace(sql, at);
            case TEXT -> endOfText(sql, at);
            case QUOTED -> endOfQuoted(sql, at + 1, '"', false);
            case PARAMETER -> endOfDigits(sql, at + 1);
            case WORD -> endOfWord(sql, at + 1);
            case NUMBER -> endOfNumber(sql, at);
            case SIGN -> at + (sql.startsWith("::", at) ? 2 : Character.charCount(sql.codePointAt(at)));
        };
    }

    private static int endOfSpace(String sql, int at) {
        if (sql.startsWith("--", at)) {
            int end = sql.indexOf('\n', at);
            return end < 0 ? sql.length() : end + 1;
        }
        if (sql.startsWith("/*", at)) {
            // PostgreSQL's comments nest.
            int depth = 0;
            for (int i = at; i < sql.length(); i++) {
                if (sql.startsWith("/*", i)) {
                    depth++;
                    i++;
                } else if (sql.startsWith("*/", i)) {
                    i++;
                    if (--depth == 0) {
                        return i + 1;
                    }
                }
            }
            return sql.length();
        }
        int end = at;
        while (end < sql.length() && Character.isWhitespace(sql.charAt(end))) {
            end++;
        }
        return end;
    }

    private static int endOfText(String sql, int at) {
        char c = sql.charAt(at);
        if (c == '$') {
            String tag = dollarTag(sql, at);
            int end = sql.indexOf(tag, at + tag.length());
            return end < 0 ? sql.length() : end + tag.length();
        }
        boolean escapes = c == 'E' || c == 'e';
        return endOfQuoted(sql, c == '\'' ? at + 1 : at + 2, '\'', escapes);
    }

    private static int endOfQuoted(String sql, int from, char quote, boolean escapes) {
        for (int i = from; i < sql.length(); i++) {
            char c = sql.charAt(i);
            if (escapes && c == '\\') {
                i++;
            } else if (c == quote) {
                if (i + 1 < sql.length() && sql.charAt(i + 1) == quote) {
                    i++;
                } else {
                    return i + 1;
                }
            }
        }
        return sql.length();
    }

    /** {@code $$} or {@code $tag$} at a place; null if there is none. */
    private static String dollarTag(String sql, int at) {
        int i = at + 1;
        while (i < sql.length() && (isWordStart(sql.charAt(i)) || i > at + 1 && isDigit(sql.charAt(i)))) {
            i++;
        }
        return i < sql.length() && sql.charAt(i) == '$' ? sql.substring(at, i + 1) : null;
    }

    private static int endOfDigits(String sql, int from) {
        int end = from;
        while (end < sql.length() && isDigit(sql.charAt(end))) {
            end++;
        }
        return end;
    }

    private static int endOfNumber(String sql, int at) {
        int end = endOfDigits(sql, at);
        if (end < sql.length() && sql.charAt(end) == '.') {
            end = endOfDigits(sql, end + 1);
        }
        if (end < sql.length() && (sql.charAt(end) == 'e' || sql.charAt(end) == 'E')) {
            int exponent = end + 1;
            if (exponent < sql.length() && (sql.charAt(exponent) == '+' || sql.charAt(exponent) == '-')) {
                exponent++;
            }
            int digits = endOfDigits(sql, exponent);
            end = digits > exponent ? digits : end;
        }
        return Math.max(end, at + 1);
    }

    private static int endOfWord(String sql, int from) {
        int end = from;
        while (end < sql.length() && (isWordStart(sql.charAt(end)) || isDigit(sql.charAt(end)) || sql.charAt(end) == '$')) {
            end++;
        }
        return end;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isWordStart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80 && !Character.isWhitespace(c);
    }

    /** The texts together. */
    public static String join(List<Token> tokens) {
        StringBuilder text = new StringBuilder();
        tokens.forEach(token -> text.append(token.text()));
        return text.toString();
    }

    /** The statements of a text: what stands between semicolons, without those that have no token. */
    public static List<List<Token>> statements(String sql) {
        List<List<Token>> all = new ArrayList<>();
        List<Token> statement = new ArrayList<>();
        for (Token token : of(sql)) {
            if (token.isSign(";")) {
                all.add(statement);
                statement = new ArrayList<>();
            } else {
                statement.add(token);
            }
        }
        all.add(statement);
        all.removeIf(tokens -> tokens.stream().allMatch(token -> token.kind() == Kind.SPACE));
        return all;
    }

    /** The greatest number of a parameter; 0 without one. */
    public static int parameters(List<Token> tokens) {
        int most = 0;
        for (Token token : tokens) {
            if (token.kind() == Kind.PARAMETER) {
                most = Math.max(most, number(token));
            }
        }
        return most;
    }

    /** The number of a parameter; {@link Integer#MAX_VALUE} if it is larger than any. */
    public static int number(Token parameter) {
        String digits = parameter.text().substring(1);
        return digits.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(digits);
    }
}
