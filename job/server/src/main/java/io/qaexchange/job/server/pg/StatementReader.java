package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.SqlTokens.Kind;
import io.qaexchange.job.server.session.SqlTokens.Token;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds out what a statement is from its words. What is not known here, DuckDB's parser judges. Stateless. */
final class StatementReader {

    private static final Set<String> WRITES = Set.of("insert", "update", "delete", "merge", "truncate", "create", "drop", "alter", "grant", "revoke", "comment",
            "vacuum", "analyze", "reindex", "cluster", "refresh", "import", "export", "attach", "detach", "install", "load", "call", "do", "security", "reassign",
            "copy", "pragma", "checkpoint", "force", "use");

    private StatementReader() {
    }

    /**
     * Reads a statement.
     *
     * @throws PgException if it is refused, whoever asks
     */
    static ClientStatement read(List<Token> tokens) throws PgException {
        List<Token> words = tokens.stream().filter(token -> token.kind() != Kind.SPACE).toList();
        if (words.isEmpty()) {
            return new ClientStatement.Empty();
        }
        String first = words.get(0).kind() == Kind.WORD ? words.get(0).text().toLowerCase(Locale.ROOT) : "";
        return switch (first) {
            case "begin", "start" -> new ClientStatement.Transaction(ClientStatement.Transaction.Kind.BEGIN, first.equals("begin") ? "BEGIN" : "START TRANSACTION");
            case "commit", "end" -> new ClientStatement.Transaction(ClientStatement.Transaction.Kind.COMMIT, "COMMIT");
            case "rollback", "abort" -> rollback(words);
            case "savepoint" -> new ClientStatement.Transaction(ClientStatement.Transaction.Kind.OTHER, "SAVEPOINT");
            case "release" -> new ClientStatement.Transaction(ClientStatement.Transaction.Kind.OTHER, "RELEASE");
            case "set" -> set(words);
            case "reset" -> word(words, 1).equals("all") ? new ClientStatement.Discard("RESET", false) : new ClientStatement.SetValue(name(words, 1).name(), null);
            case "show" -> show(words, tokens);
            case "discard" -> new ClientStatement.Discard("DISCARD " + word(words, 1).toUpperCase(Locale.ROOT), word(words, 1).equals("all"));
            case "deallocate" -> deallocate(words);
            case "declare" -> declare(words, tokens);
            case "fetch", "move" -> fetch(words, first.equals("move"));
            case "close" -> new ClientStatement.CloseCursor(word(words, 1).equals("all") ? null : text(words, 1));
            case "listen", "unlisten" -> new ClientStatement.Nothing(first.toUpperCase(Locale.ROOT));
            case "notify", "prepare", "execute", "lock" -> throw new PgException(SqlState.NOT_SUPPORTED, first.toUpperCase(Locale.ROOT)
                    + " is not supported" + (first.equals("prepare") || first.equals("execute") ? ": let the driver prepare (Parse and Bind)" : ""));
            default -> {
                if (WRITES.contains(first)) {
                    throw refused(first);
                }
                yield new ClientStatement.Query(tokens);
            }
        };
    }

    private static PgException refused(String verb) {
        return new PgException(SqlState.READ_ONLY, "cannot execute " + verb.toUpperCase(Locale.ROOT) + ": this is a read-only view of the rows of a running job",
                verb.equals("copy") ? "Use SELECT; bin/query and HTTP (format=csv, parquet) write files." : "Rows come in through Kafka. SELECT, VALUES, SHOW and EXPLAIN can be run.");
    }

    private static ClientStatement rollback(List<Token> words) {
        boolean toSavepoint = words.stream().anyMatch(token -> token.isWord("to"));
        return new ClientStatement.Transaction(toSavepoint ? ClientStatement.Transaction.Kind.OTHER : ClientStatement.Transaction.Kind.ROLLBACK, "ROLLBACK");
    }

    private static String word(List<Token> words, int index) {
        return index < words.size() ? words.get(index).text().toLowerCase(Locale.ROOT) : "";
    }

    private static String text(List<Token> words, int index) throws PgException {
        String name = index < words.size() ? words.get(index).name() : null;
        if (name == null) {
            throw new PgException(SqlState.SYNTAX, index < words.size() ? "syntax error at or near \"" + words.get(index).text() + "\"" : "syntax error at end of input");
        }
        return name;
    }

    /** A name of a setting, of parts with points between them, and the index after it. */
    private record Named(String name, int next) {
    }

    private static Named name(List<Token> words, int index) throws PgException {
        StringBuilder name = new StringBuilder(text(words, index));
        int next = index + 1;
        while (next + 1 < words.size() && words.get(next).isSign(".")) {
            name.append('.').append(text(words, next + 1));
            next += 2;
        }
        return new Named(name.toString(), next);
    }

    private static ClientStatement set(List<Token> words) throws PgException {
        int at = word(words, 1).equals("session") && !word(words, 2).equals("characteristics") && !word(words, 2).equals("authorization") || word(words, 1).equals("local")
                ? 2 : 1;
        switch (word(words, at)) {
            case "transaction", "session", "constraints" -> {
                return new ClientStatement.Nothing("SET");
            }
            case "names" -> {
                return new ClientStatement.SetValue("client_encoding", value(words, at + 1));
            }
            case "time" -> {
                String zone = value(words, at + 2);
                return new ClientStatement.SetValue("timezone", zone.equalsIgnoreCase("default") || zone.equalsIgnoreCase("local") ? "UTC" : zone);
            }
            case "role" -> {
                return new ClientStatement.Nothing("SET");
            }
            default -> {
                Named name = name(words, at);
                boolean assigned = name.next() < words.size() && (words.get(name.next()).isSign("=") || words.get(name.next()).isWord("to"));
                if (!assigned) {
                    throw new PgException(SqlState.SYNTAX, name.next() < words.size() ? "syntax error at or near \"" + words.get(name.next()).text() + "\""
                            : "syntax error at end of input", "SET name = value");
                }
                String value = value(words, name.next() + 1);
                boolean reset = words.size() == name.next() + 2 && words.get(name.next() + 1).isWord("default");
                return new ClientStatement.SetValue(name.name(), reset ? null : value);
            }
        }
    }

    /** All values after an index, with commas between them. */
    private static String value(List<Token> words, int from) throws PgException {
        if (from >= words.size()) {
            throw new PgException(SqlState.SYNTAX, "syntax error at end of input");
        }
        return words.subList(from, words.size()).stream().filter(token -> !token.isSign(",")).map(StatementReader::plain).collect(Collectors.joining(", "))
                .replace("-, ", "-");
    }

    private static String plain(Token token) {
        if (token.kind() == Kind.TEXT) {
            int quote = token.text().indexOf('\'');
            int end = token.text().endsWith("'") ? token.text().length() - 1 : token.text().length();
            return quote < 0 ? token.text() : token.text().substring(quote + 1, Math.max(quote + 1, end)).replace("''", "'");
        }
        return token.kind() == Kind.QUOTED ? token.name() : token.text();
    }

    private static ClientStatement show(List<Token> words, List<Token> tokens) throws PgException {
        String name = word(words, 1);
        if (name.equals("all") && words.size() == 2) {
            return new ClientStatement.Show(null);
        }
        // SHOW TABLES, SHOW DATABASES, SHOW ALL TABLES are DuckDB's.
        if (name.isEmpty() || Set.of("tables", "databases", "all", "schemas").contains(name)) {
            return new ClientStatement.Query(tokens);
        }
        String more = words.stream().skip(1).map(Token::text).collect(Collectors.joining(" ")).toLowerCase(Locale.ROOT);
        if (more.equals("transaction isolation level") || more.equals("time zone") || more.equals("session authorization")) {
            return new ClientStatement.Show(more);
        }
        Named setting = name(words, 1);
        return new ClientStatement.Show(setting.name());
    }

    private static ClientStatement deallocate(List<Token> words) throws PgException {
        int at = word(words, 1).equals("prepare") ? 2 : 1;
        return new ClientStatement.Deallocate(word(words, at).equals("all") ? null : text(words, at));
    }

    private static ClientStatement declare(List<Token> words, List<Token> tokens) throws PgException {
        String name = text(words, 1);
        int depth = 0;
        for (int i = 0; i < tokens.size(); i++) {
            depth += tokens.get(i).isSign("(") ? 1 : tokens.get(i).isSign(")") ? -1 : 0;
            if (depth == 0 && tokens.get(i).isWord("for")) {
                List<Token> query = tokens.subList(i + 1, tokens.size());
                if (read(query) instanceof ClientStatement.Query of) {
                    return new ClientStatement.Declare(name, of);
                }
                break;
            }
        }
        throw new PgException(SqlState.SYNTAX, "a cursor is declared so: DECLARE name CURSOR FOR SELECT ...");
    }

    private static ClientStatement fetch(List<Token> words, boolean move) throws PgException {
        int rows = 1;
        int at = 1;
        for (; at < words.size() - 1; at++) {
            Token token = words.get(at);
            String word = token.text().toLowerCase(Locale.ROOT);
            if (token.kind() == Kind.NUMBER) {
                rows = count(token.text());
            } else if (word.equals("all")) {
                rows = 0;
            } else if (Set.of("backward", "prior", "first", "last", "absolute", "relative").contains(word)) {
                throw new PgException(SqlState.NOT_SUPPORTED, "cursors go forward only");
            } else if (!Set.of("next", "forward", "from", "in").contains(word)) {
                throw new PgException(SqlState.SYNTAX, "syntax error at or near \"" + token.text() + "\"");
            }
        }
        return new ClientStatement.Fetch(text(words, at), rows, move);
    }

    private static int count(String number) throws PgException {
        try {
            int count = Integer.parseInt(number);
            if (count > 0) {
                return count;
            }
        } catch (NumberFormatException e) {
            throw new PgException(SqlState.OUT_OF_RANGE, "\"" + number + "\" is no number of rows", null, e);
        }
        throw new PgException(SqlState.OUT_OF_RANGE, "\"" + number + "\" is no number of rows");
    }

    /** The one statement of a text; refused if there are more. */
    static List<Token> single(String sql) throws PgException {
        List<List<Token>> statements = SqlTokens.statements(sql);
        if (statements.size() > 1) {
            throw new PgException(SqlState.SYNTAX, "cannot insert multiple commands into a prepared statement");
        }
        return statements.isEmpty() ? List.of() : statements.get(0);
    }
}
