package io.qaexchange.job.query.sql;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A query that may be run: one statement, which reads only.
 *
 * @param text as it was written, with tables in the place of calls of {@code bars}
 * @param explains whether it asks for a plan
 * @param reads the tables that it reads, by name
 * @param instruments instruments that it names, by table
 * @param bars calls of {@code bars} and {@code kline}
 */
public record SqlQuery(String text, boolean explains, Map<String, TableRead> reads, Map<String, Set<String>> instruments,
        List<BarCall> bars) {

    public SqlQuery {
        reads = Map.copyOf(reads);
        instruments = Map.copyOf(instruments);
        bars = List.copyOf(bars);
    }
}
