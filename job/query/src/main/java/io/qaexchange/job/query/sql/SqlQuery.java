package io.qaexchange.job.query.sql;

import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * A query that may be run: one statement, which reads only.
 *
 * @param text as it was written, with tables in the place of calls of {@code bars}
 * @param explains whether it asks for a plan
 * @param reads the tables that it reads, by name
 * @param instruments instruments that it names, by table
 * @param bars calls of {@code bars} and {@code kline}
 * @param barsOnly tables of which nothing but bars is wanted
 * @param wholeTable the table that it shows row by row, with no condition and no limit; null if it does something else
 * @param passing the table of which rows are all that it reads, each once and in any order, so that none must be kept; null if it needs them otherwise
 */
public record SqlQuery(String text, boolean explains, Map<String, TableRead> reads, Map<String, Set<String>> instruments,
        List<BarCall> bars, Set<String> barsOnly, @Nullable String wholeTable, @Nullable Passing passing) {

    /**
     * A table whose rows pass by.
     *
     * @param most rows that are shown at most
     * @param columns the columns that are shown, if they are shown as they are and so is every row; null if DuckDB makes something of them
     */
    public record Passing(String table, long most, @Nullable List<String> columns) {
    }

    /** Whether it reads tables, and none of them but system tables: its answer depends on no rows of the job. */
    public boolean readsSystemOnly() {
        return !reads.isEmpty() && reads.keySet().stream().allMatch(table -> SystemTable.find(table) != null);
    }

    public SqlQuery {
        reads = Map.copyOf(reads);
        instruments = Map.copyOf(instruments);
        bars = List.copyOf(bars);
        barsOnly = Set.copyOf(barsOnly);
    }
}
