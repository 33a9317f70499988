package io.qaexchange.job.cli.client;

import io.qaexchange.job.server.session.SqlTokens;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Completes keywords, tables, and the columns of the tables that the statement names. */
final class SqlCompleter implements Completer {

    private static final Logger LOG = LoggerFactory.getLogger(SqlCompleter.class);
    private static final List<String> KEYWORDS = List.of("SELECT", "FROM", "WHERE", "GROUP", "ORDER", "BY", "LIMIT", "AND", "OR", "NOT", "IN", "BETWEEN",
            "LIKE", "AS", "JOIN", "LEFT", "ASOF", "ON", "USING", "WITH", "DISTINCT", "HAVING", "QUALIFY", "OVER", "PARTITION", "CASE", "WHEN", "THEN",
            "ELSE", "END", "INTERVAL", "TIMESTAMPTZ", "DESC", "ASC", "UNION", "ALL", "DESCRIBE", "SHOW", "TABLES", "SUMMARIZE", "EXPLAIN", "IS", "NULL",
            "count(", "sum(", "avg(", "min(", "max(", "bars(", "kline(", "latest(", "vwap(", "twap(", "asof_join(", "window_join(", "book_at(", "spread(",
            "imbalance(");

    private final SqlSession session;

    SqlCompleter(SqlSession session) {
        this.session = session;
    }

    @Override
    public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
        if (line.line().stripLeading().startsWith("\\")) {
            SqlShell.COMMANDS.forEach(command -> candidates.add(new Candidate(command)));
        }
        // After "(" or "." begins a new word, which the line editor does not know.
        String word = line.word().substring(0, line.wordCursor());
        int begin = Math.max(word.lastIndexOf('('), Math.max(word.lastIndexOf(','), word.lastIndexOf('.'))) + 1;
        String before = word.substring(0, begin);
        boolean lower = word.substring(begin).equals(word.substring(begin).toLowerCase(Locale.ROOT)) && begin < word.length();
        KEYWORDS.forEach(keyword -> add(candidates, before, lower ? keyword.toLowerCase(Locale.ROOT) : keyword, "keyword"));
        try {
            for (String table : session.tables()) {
                add(candidates, before, table, "table");
            }
            for (SqlTokens.Token token : SqlTokens.of(line.line())) {
                for (String column : token.name() == null ? List.<String>of() : session.columns(token.name())) {
                    add(candidates, before, column, "column of " + token.name());
                }
            }
        } catch (IOException e) {
            // The next statement says why the server does not answer.
            LOG.debug("no names to complete", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void add(List<Candidate> candidates, String before, String word, String group) {
        candidates.add(new Candidate(before + word, word, group, null, null, null, !word.endsWith("(")));
    }
}
