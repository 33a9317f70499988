package io.qaexchange.job.query.sql;

import java.util.Map;
import java.util.Set;

/**
 * A query that may be run: one statement, which reads only.
 *
 * @param text as it was written
 * @param explains whether it asks for a plan
 * @param reads the tables that it reads, by name
 * @param instruments instruments that it names, by table
 */
public record SqlQuery(String text, boolean explains, Map<String, TableRead> reads, Map<String, Set<String>> instruments) {

    public SqlQuery {
        reads = Map.copyOf(reads);
        instruments = Map.copyOf(instruments);
    }
}
