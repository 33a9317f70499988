package io.qaexchange.job.query.sql;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * A table about the server and the job themselves, as they are when it is asked, whatever level a query has. Times are microseconds since 1970.
 *
 * <p>Columns are only appended.
 */
public enum SystemTable {

    /** Subtasks of the event store that can be read, and the sums of their stores. */
    QA_SUBTASKS("subtask INTEGER", "attempt INTEGER", "host VARCHAR", "port INTEGER", "first_key_group INTEGER", "last_key_group INTEGER",
            "archive_epoch VARCHAR", "store_files BIGINT", "store_bytes BIGINT", "memtable_bytes BIGINT"),
    /** Instruments of which there are rows, with their terms and numbers. */
    QA_INSTRUMENTS("instrument VARCHAR", "exchange VARCHAR", "time_zone VARCHAR", "price_tick DOUBLE", "multiplier DOUBLE", "stored_rows BIGINT",
            "hot_rows BIGINT", "cold_rows BIGINT", "hot_bytes BIGINT", "cold_bytes BIGINT", "late_rows BIGINT", "duplicates BIGINT", "dead_letters BIGINT",
            "newest_event TIMESTAMP WITH TIME ZONE", "last_arrival TIMESTAMP WITH TIME ZONE"),
    /** Files of the newest archive manifest version. */
    QA_FILES("table_name VARCHAR", "trading_day INTEGER", "tier VARCHAR", "path VARCHAR", "rows BIGINT", "bytes BIGINT",
            "min_event_time TIMESTAMP WITH TIME ZONE", "max_event_time TIMESTAMP WITH TIME ZONE", "min_instrument VARCHAR", "max_instrument VARCHAR",
            "compacted BOOLEAN", "archive_epoch VARCHAR", "checkpoint BIGINT", "subtask INTEGER"),
    /** The last Flink checkpoints and savepoints; held are those that level checkpoint:ID can read. */
    QA_CHECKPOINTS("id BIGINT", "state VARCHAR", "savepoint BOOLEAN", "held BOOLEAN", "triggered_at TIMESTAMP WITH TIME ZONE", "duration_ms BIGINT",
            "bytes BIGINT", "new_bytes BIGINT", "path VARCHAR", "failure VARCHAR"),
    /** Queries of this server that run, and the last ones that ended. */
    QA_QUERIES("id BIGINT", "request VARCHAR", "user_name VARCHAR", "state VARCHAR", "began TIMESTAMP WITH TIME ZONE", "ms BIGINT", "sql VARCHAR",
            "reason VARCHAR");

    private final Map<String, String> columns = new LinkedHashMap<>();

    SystemTable(String... columns) {
        for (String column : columns) {
            int space = column.indexOf(' ');
            this.columns.put(column.substring(0, space), column.substring(space + 1));
        }
    }

    /** Name in SQL. */
    public String table() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** DuckDB's types of the columns, by name, in order. */
    Map<String, String> columns() {
        return columns;
    }

    /** The table of that name; null if none has it. */
    @Nullable
    public static SystemTable find(String name) {
        return Arrays.stream(values()).filter(table -> table.table().equals(name)).findFirst().orElse(null);
    }

    /** Names of all of them. */
    static List<String> names() {
        return Arrays.stream(values()).map(SystemTable::table).toList();
    }
}
