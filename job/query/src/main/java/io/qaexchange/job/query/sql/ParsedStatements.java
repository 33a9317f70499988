package io.qaexchange.job.query.sql;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * What statements are, by their text, of those that clients ask again and again. Only for statements without conditions on rows: such conditions may have been computed
 * from the clock.
 *
 * <p>Thread-safe.
 */
public final class ParsedStatements {

    private static final int MOST = 256;
    private static final int MOST_CHARACTERS = 8_192;

    /** Those first that were not asked for the longest. */
    private final Map<String, SqlQuery> known = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, SqlQuery> eldest) {
            return size() > MOST;
        }
    });

    /** The statement of a text; null if it is not known. */
    @Nullable
    public SqlQuery find(String sql) {
        return known.get(sql);
    }

    /** Keeps a statement, unless its text is very long. */
    public void keep(String sql, SqlQuery query) {
        if (sql.length() <= MOST_CHARACTERS) {
            known.put(sql, query);
        }
    }
}
