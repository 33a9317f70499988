package io.qaexchange.job.server.pg;

import static io.qaexchange.job.server.session.SqlTokens.Kind;

import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.SqlTokens.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Changes a statement's tokens where PostgreSQL's catalogue is meant, which DuckDB has under other names or lacks: {@code pg_catalog.pg_class}
 * becomes our table of that name, casts to {@code regclass} become numbers or names, and what the session knows becomes constants. A
 * statement that names none of this stays as it is.
 *
 * <p>Thread-safe: immutable.
 */
final class CatalogueSql {

    /** Grafana asks for the schemas in the search path by unnesting its text; we have one. */
    private static final Pattern SEARCH_PATH = Pattern.compile("(?is)\\bIN\\s*\\(\\s*SELECT\\s+CASE\\s+WHEN\\s+trim\\(s\\[i\\]\\)\\s*=\\s*'\"\\$user\"'\\s+THEN\\s+"
            + "user\\s+ELSE\\s+trim\\(s\\[i\\]\\)\\s+END\\s+FROM\\s+generate_series\\(.*?\\)\\s+as\\s+i\\s*,\\s*string_to_array\\(\\s*current_setting\\("
            + "\\s*'search_path'\\s*\\)\\s*,\\s*','\\s*\\)\\s+s\\s*\\)");
    /** pgjdbc asks for the parts of keys by a function that gives records. There are no keys. */
    private static final Pattern EXPAND_ARRAY = Pattern.compile("(?i)information_schema\\._pg_expandarray\\([a-z_.]+\\)");
    private static final Pattern PART_OF_ARRAY = Pattern.compile("(?i)\\(\\s*" + EXPAND_ARRAY.pattern().substring("(?i)".length()) + "\\s*\\)\\.[nx]\\b");
    private static final Set<String> REG_TYPES = Set.of("regclass", "regproc", "regprocedure", "regtype", "regnamespace", "regrole", "regoper",
            "regoperator", "regconfig", "regdictionary", "regcollation");
    /** Bytes as PostgreSQL writes them. */
    private static final Pattern HEX = Pattern.compile("\\\\x([0-9a-fA-F]{2})*");
    private static final String SCHEMA = PgSchema.CATALOGUE + ".";

    private final Map<String, Long> oids;
    private final Set<String> tables;

    /**
     * @param tables names of catalogue tables that we have
     * @param oids numbers of all relations by name
     */
    CatalogueSql(Set<String> tables, Map<String, Long> oids) {
        this.tables = Set.copyOf(tables);
        this.oids = Map.copyOf(oids);
    }

    /**
     * The statement for DuckDB.
     *
     * @param constants a session's value of a name such as {@code current_user}, or of a setting with {@code setting:} before it; null if
     *     it has none
     */
    String rewrite(List<Token> statement, UnaryOperator<String> constants) throws PgException {
        String text = SqlTokens.join(statement);
        List<Token> tokens = statement;
        if (text.contains("search_path")) {
            tokens = SqlTokens.of(SEARCH_PATH.matcher(text).replaceAll("IN ('public')"));
        } else if (text.contains("_pg_expandarray")) {
            tokens = SqlTokens.of(EXPAND_ARRAY.matcher(PART_OF_ARRAY.matcher(text).replaceAll("NULL::INTEGER")).replaceAll("{'x': NULL::INTEGER, 'n': NULL::INTEGER}"));
        }
        return new Pass(tokens, constants).run();
    }

    /** One pass over the tokens of a statement. */
    private final class Pass {
        private final List<Token> in;
        private final UnaryOperator<String> constants;
        private final List<Token> out = new ArrayList<>();
        private int at;

        Pass(List<Token> in, UnaryOperator<String> constants) {
            this.in = in;
            this.constants = constants;
        }

        String run() throws PgException {
            while (at < in.size()) {
                Token token = in.get(at);
                String name = isBefore(at, ".") ? null : token.name();
                if (token.isWord("tableoid")) {
                    // Which table of the catalogue a row is from matters to descriptions only, and there are none.
                    emit("oid", at + 1);
                    continue;
                }
                if (name == null || !takeName(token, name)) {
                    if (token.isSign("::")) {
                        takeCast();
                    } else {
                        emit(token);
                    }
                }
            }
            return SqlTokens.join(out);
        }

        private void emit(Token token) {
            out.add(token);
            at++;
        }

        private void emit(String text, int next) {
            out.add(new Token(Kind.WORD, text));
            at = next;
        }

        /** The index of the next token from a place that is no space. */
        private int skip(int from) {
            int i = from;
            while (i < in.size() && in.get(i).kind() == Kind.SPACE) {
                i++;
            }
            return i;
        }

        private boolean isSign(int index, String sign) {
            return index < in.size() && in.get(index).isSign(sign);
        }

        private boolean isBefore(int index, String sign) {
            int i = index - 1;
            while (i >= 0 && in.get(i).kind() == Kind.SPACE) {
                i--;
            }
            return i >= 0 && in.get(i).isSign(sign);
        }

        private boolean takeName(Token token, String name) throws PgException {
            int next = skip(at + 1);
            if (isSign(next, ".")) {
                return takeQualified(name, skip(next + 1));
            }
            if (token.isWord("operator") && isSign(next, "(")) {
                return takeOperator(next);
            }
            if (token.isWord("collate") && next < in.size()) {
                int last = next;
                while (isSign(skip(last + 1), ".")) {
                    last = skip(skip(last + 1) + 1);
                }
                at = last + 1;
                return true;
            }
            if (token.kind() == Kind.QUOTED) {
                return false;
            }
            if (isSign(next, "(")) {
                return takeFunction(name, next);
            }
            if (tables.contains(name)) {
                emit(SCHEMA + name, at + 1);
                return true;
            }
            String constant = Set.of("current_user", "session_user", "user", "current_role", "current_catalog").contains(name) ? constants.apply(name) : null;
            if (constant != null) {
                emit(ParameterDecoder.quote(constant), at + 1);
            }
            return constant != null;
        }

        /** {@code schema.name}: index is where the name stands. */
        private boolean takeQualified(String schema, int index) throws PgException {
            String name = index < in.size() ? in.get(index).name() : null;
            if (name == null) {
                return false;
            }
            if (schema.equals(PgSchema.DATABASE) && isSign(skip(index + 1), ".")) {
                at = index;
                return true;
            }
            if (schema.equals("information_schema")) {
                emit(PgSchema.INFORMATION + "." + name, index + 1);
                return true;
            }
            if (!schema.equals("pg_catalog")) {
                return false;
            }
            int next = skip(index + 1);
            if (isSign(next, "(")) {
                at = index;
                if (!takeFunction(name, next)) {
                    emit(in.get(index));
                }
            } else if (tables.contains(name)) {
                emit(SCHEMA + name, index + 1);
            } else {
                emit(in.get(index).text(), index + 1);
            }
            return true;
        }

        /** {@code OPERATOR(pg_catalog.~)}. */
        private boolean takeOperator(int open) {
            int i = skip(open + 1);
            StringBuilder signs = new StringBuilder();
            while (i < in.size() && !isSign(i, ")")) {
                if (in.get(i).kind() == Kind.SIGN && !in.get(i).isSign(".")) {
                    signs.append(in.get(i).text());
                }
                i++;
            }
            emit(signs.toString(), i + 1);
            return true;
        }

        /** Functions whose value a session knows. */
        private boolean takeFunction(String name, int open) {
            int argument = skip(open + 1);
            if (name.equals("current_setting") && argument < in.size() && in.get(argument).kind() == Kind.TEXT) {
                String value = constants.apply("setting:" + unquote(in.get(argument).text()).toLowerCase(Locale.ROOT));
                int close = skip(argument + 1);
                if (isSign(close, ",")) {
                    close = skip(skip(close + 1) + 1);
                }
                if (value != null && isSign(close, ")")) {
                    emit(ParameterDecoder.quote(value), close + 1);
                    return true;
                }
            }
            String constant = Set.of("pg_backend_pid", "current_database").contains(name) && isSign(argument, ")") ? constants.apply(name) : null;
            if (constant != null) {
                emit(name.equals("pg_backend_pid") ? constant : ParameterDecoder.quote(constant), argument + 1);
            }
            return constant != null;
        }

        /** {@code ::type} after what was put out. */
        private void takeCast() throws PgException {
            int type = skip(at + 1);
            String name = type < in.size() ? in.get(type).name() : null;
            int dot = skip(type + 1);
            if ("pg_catalog".equals(name) && isSign(dot, ".")) {
                type = skip(dot + 1);
                name = type < in.size() ? in.get(type).name() : null;
            }
            if (name == null) {
                emit(in.get(at));
                return;
            }
            while (!out.isEmpty() && out.get(out.size() - 1).kind() == Kind.SPACE) {
                out.remove(out.size() - 1);
            }
            Token operand = out.isEmpty() ? null : out.get(out.size() - 1);
            boolean list = isSign(skip(type + 1), "[");
            if (list && operand != null && operand.kind() == Kind.TEXT && unquote(operand.text()).startsWith("{")) {
                out.set(out.size() - 1, new Token(Kind.WORD, list(unquote(operand.text()))));
            }
            if ((name.equals("numeric") || name.equals("decimal")) && !list && !isSign(skip(type + 1), "(")) {
                // PostgreSQL's has as many digits as it needs, DuckDB's three after the point.
                out.add(in.get(at));
                emit(PgType.NUMERIC.duckDb(), type + 1);
                return;
            }
            if (name.equals("bytea") && operand != null && operand.kind() == Kind.TEXT && HEX.matcher(unquote(operand.text())).matches()) {
                out.set(out.size() - 1, new Token(Kind.WORD, ParameterDecoder.blob(java.util.HexFormat.of().parseHex(unquote(operand.text()).substring(2)))));
            }
            if (!REG_TYPES.contains(name) || list) {
                out.add(in.get(at));
                emit(in.get(type).text(), type + 1);
                return;
            }
            at = type + 1;
            if (operand != null && operand.kind() == Kind.TEXT && name.startsWith("regproc")) {
                String function = unquote(operand.text());
                out.set(out.size() - 1, new Token(Kind.TEXT, ParameterDecoder.quote(function.substring(function.lastIndexOf('.') + 1))));
            } else if (operand != null && operand.kind() == Kind.TEXT) {
                out.set(out.size() - 1, new Token(Kind.NUMBER, Long.toString(oid(name, unquote(operand.text())))));
            } else if (name.equals("regclass") && operand != null) {
                int from = operandStart();
                out.add(from, new Token(Kind.WORD, SCHEMA + "regclass_name("));
                out.add(new Token(Kind.SIGN, ")"));
            }
        }

        private long oid(String type, String text) throws PgException {
            String name = text.strip();
            if (name.matches("\\d{1,10}")) {
                return Long.parseLong(name);
            }
            String last = SqlTokens.of(name).stream().map(Token::name).filter(part -> part != null).reduce((a, b) -> b).orElse(name);
            if (type.equals("regtype")) {
                PgType found = PgType.named(last);
                if (found == null) {
                    throw new PgException(SqlState.UNDEFINED_OBJECT, "type \"" + name + "\" does not exist");
                }
                return found.oid();
            }
            if (type.equals("regnamespace")) {
                return last.equals("public") ? PgSchema.PUBLIC_OID : PgSchema.CATALOGUE_OID;
            }
            Long oid = oids.get(last);
            if (oid == null) {
                throw new PgException(SqlState.UNDEFINED_TABLE, "relation \"" + name + "\" does not exist");
            }
            return oid;
        }

        /** Where the operand that was put out last begins: a chain of names, or what stands in parentheses with the function before it. */
        private int operandStart() {
            int i = out.size() - 1;
            if (out.get(i).isSign(")")) {
                int depth = 0;
                for (; i >= 0; i--) {
                    depth += out.get(i).isSign(")") ? 1 : out.get(i).isSign("(") ? -1 : 0;
                    if (depth == 0) {
                        break;
                    }
                }
                return i > 0 && out.get(i - 1).kind() == Kind.WORD ? i - 1 : Math.max(i, 0);
            }
            while (i >= 2 && out.get(i - 1).isSign(".") && out.get(i - 2).name() != null) {
                i -= 2;
            }
            return Math.max(i, 0);
        }
    }

    private static String unquote(String text) {
        int from = text.indexOf('\'');
        return from < 0 || text.length() < from + 2 ? text : text.substring(from + 1, text.length() - (text.endsWith("'") ? 1 : 0)).replace("''", "'");
    }

    private static String list(String braces) {
        String inner = braces.substring(1, Math.max(1, braces.length() - 1));
        return inner.isBlank() ? "[]" : java.util.Arrays.stream(inner.split(",")).map(part -> ParameterDecoder.quote(part.strip()
                .replaceAll("^\"|\"$", ""))).collect(Collectors.joining(", ", "[", "]"));
    }
}
