package io.qaexchange.job.server.engine;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.sql.SqlQuery;
import io.qaexchange.job.query.sql.SqlTables;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import javax.annotation.Nullable;

/**
 * Finds instruments that a query names and of which there is no row: a mistyped name must not look like a quiet market. Instruments that were
 * found once are not looked for again. Thread-safe.
 */
final class UnknownInstruments {

    /** More names are forgotten; then each is looked for once more. */
    private static final int MOST_KNOWN = 100_000;

    private final Set<String> known = ConcurrentHashMap.newKeySet();

    /**
     * A sentence for each table and instrument of a query that has no row, with names that are near.
     *
     * @param read the read that the rows are from; null if there is none to take near names from
     * @param access the rows that were loaded: for a user who may not see all, what others have found tells nothing
     */
    List<String> notices(SqlTables tables, SqlQuery query, @Nullable LiveRead read, RowAccess access) throws SQLException, IOException {
        List<String> notices = new ArrayList<>();
        for (Map.Entry<String, Set<String>> named : query.instruments().entrySet()) {
            String table = named.getKey();
            Set<String> open = new HashSet<>(named.getValue());
            if (access.isAll()) {
                open.removeIf(instrument -> known.contains(table + " " + instrument));
            }
            if (open.isEmpty()) {
                continue;
            }
            Set<String> unknown = tables.unknownInstruments(table, open);
            if (known.size() > MOST_KNOWN) {
                known.clear();
            }
            if (access.isAll()) {
                open.stream().filter(instrument -> !unknown.contains(instrument)).forEach(instrument -> known.add(table + " " + instrument));
            }
            for (String instrument : unknown) {
                notices.add(noRows(table, instrument, read));
            }
        }
        return notices;
    }

    /** The sentence for an instrument of which a query found no row, with names that are near. */
    static String noRows(String table, String instrument, @Nullable LiveRead read) throws IOException {
        return SqlTables.noRows(table, instrument, read == null ? Set.of() : hot(table, read));
    }

    /** The instruments of a table that have hot rows. */
    private static Set<String> hot(String table, LiveRead read) throws IOException {
        Set<String> names = new TreeSet<>();
        RecordType type = EventSchema.get().findTable(table);
        if (type != null) {
            StoredEvent row = new StoredEvent();
            read.scan(LiveRead.Wanted.all(type).newestOfEach(), (bytes, offset, length) -> {
                row.wrap(Arrays.copyOfRange(bytes, offset, offset + length));
                names.add(row.event().routeKey());
                return true;
            });
        }
        return names;
    }
}
