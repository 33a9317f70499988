package io.qaexchange.job.query.finance;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * The vocabulary of the field as macros of DuckDB: they are there in every database of queries, so {@code bin/query} and the server know them.
 *
 * <p>None depends on threads or on the order of rows: rows of an instrument are ordered by event time, then source, then sequence, and the last
 * of those that could be meant is taken.
 *
 * <p>Stateless.
 */
public final class Macros {

    private static final String ORDER = "event_time, source, sequence";
    private static final String NEWEST_FIRST = "event_time DESC, source DESC, sequence DESC";

    /** The column of {@code asof_join} with the row of the other table. */
    public static final String FOUND = "found";
    private static final String AS_OF = "asof_join";
    private static final Set<String> AS_OF_COLUMNS = Set.of("instrument", "event_time", "source", "sequence");

    private static final Map<String, Macro> TABLES = Map.of(
            "bars", new Macro("tbl, width", List.of("trade", "tick"), 1, bars()),
            "latest", new Macro("tbl", List.of(), 1,
                    "SELECT * FROM query_table(tbl) QUALIFY row_number() OVER (PARTITION BY instrument ORDER BY " + NEWEST_FIRST + ") = 1"),
            "vwap", new Macro("width", List.of("trade"), 0, "SELECT instrument, time_bucket(width, event_time_us) AS bar, "
                    + "sum(price * volume ORDER BY " + ORDER + ") / nullif(sum(volume ORDER BY " + ORDER + "), 0) AS vwap, sum(volume ORDER BY " + ORDER
                    + ") AS volume FROM trade GROUP BY instrument, 2"),
            "twap", new Macro("width", List.of("tick"), 0, twap()),
            AS_OF, new Macro("tbl, other, tolerance", List.of(), 2, asOf()),
            "window_join", new Macro("before, after", List.of("trade", "tick"), 0, windowJoin()),
            "book_at", new Macro("id, moment", List.of("book_snapshot", "book_delta"), 0, bookAt()));

    private static final List<String> SCALARS = List.of(
            "CREATE MACRO spread(bid, ask) AS CASE WHEN bid > 0 AND ask > 0 THEN ask - bid END",
            "CREATE MACRO imbalance(bids, asks, levels) AS (list_sum([level.volume for level in bids[1:levels]]) "
                    + "- list_sum([level.volume for level in asks[1:levels]])) / nullif(list_sum([level.volume for level in bids[1:levels]]) "
                    + "+ list_sum([level.volume for level in asks[1:levels]]), 0)");

    /**
     * A macro that gives rows.
     *
     * @param parameters its parameters
     * @param reads tables that it always names
     * @param named number of first arguments that are names of tables
     */
    private record Macro(String parameters, List<String> reads, int named, String body) {
    }

    private Macros() {
    }

    private static String bars() {
        String rows = "SELECT instrument, event_time_us, price, volume, (" + ORDER + ") AS place FROM trade WHERE tbl = 'trade' UNION ALL "
                + "SELECT instrument, event_time_us, last_price, 0, (" + ORDER + ") FROM tick WHERE tbl = 'tick'";
        return "SELECT instrument, bar, open, high, low, close, volume, turnover, turnover / nullif(volume, 0) AS vwap, rows FROM (SELECT instrument, "
                + "time_bucket(width, event_time_us) AS bar, arg_min(price, place) AS open, max(price) AS high, min(price) AS low, "
                + "arg_max(price, place) AS close, sum(volume ORDER BY place) AS volume, sum(volume * price ORDER BY place) AS turnover, count(*) AS rows "
                + "FROM (" + rows + ") GROUP BY instrument, 2)";
    }

    /** A price holds until the next tick of its instrument, or until the bar ends. */
    private static String twap() {
        return "SELECT instrument, bar, sum(price * held ORDER BY place) / sum(held ORDER BY place) AS twap, count(*) AS ticks FROM (SELECT instrument, "
                + "last_price AS price, (" + ORDER + ") AS place, time_bucket(width, event_time_us) AS bar, (epoch_us(coalesce(lead(event_time_us) OVER "
                + "(PARTITION BY instrument, time_bucket(width, event_time_us) ORDER BY " + ORDER + "), time_bucket(width, event_time_us) + width)) "
                + "- epoch_us(event_time_us))::DOUBLE AS held FROM tick WHERE last_price IS NOT NULL) GROUP BY instrument, bar";
    }

    /** The source decides among rows of one time and sequence, so no tie is left to the join. Of the other table, {@code found} has the columns that its view has. */
    private static String asOf() {
        return "SELECT l.*, CASE WHEN epoch_ns(l.event_time) // 1000 - epoch_ns(r.event_time) // 1000 <= epoch_us(tolerance) THEN r END AS " + FOUND
                + " FROM query_table(tbl) l ASOF LEFT JOIN query_table(other) r ON l.instrument = r.instrument "
                + "AND (l.event_time, l.sequence, repeat(chr(1114111), 16)) >= (r.event_time, r.sequence, r.source)";
    }

    private static String windowJoin() {
        return "SELECT t.instrument, t.event_time, t.event_time_us, t.source, t.sequence, t.price, t.volume, count(q.sequence) AS quotes, "
                + "max(q.bid_price) AS best_bid, min(q.ask_price) AS best_ask, arg_max(q.last_price, (q.event_time, q.source, q.sequence)) AS last_price "
                + "FROM trade t LEFT JOIN tick q ON q.instrument = t.instrument AND epoch_ns(q.event_time) >= epoch_ns(t.event_time) - epoch_us(before) * 1000 "
                + "AND epoch_ns(q.event_time) <= epoch_ns(t.event_time) + epoch_us(after) * 1000 "
                + "GROUP BY t.instrument, t.event_time, t.event_time_us, t.source, t.sequence, t.price, t.volume";
    }

    /** The last snapshot up to then, and the deltas after it. */
    private static String bookAt() {
        String until = "instrument = id AND event_time <= CAST(moment AS TIMESTAMPTZ_NS)";
        return "WITH snapshot AS (SELECT bids, asks, (" + ORDER + ") AS place FROM book_snapshot WHERE " + until + " ORDER BY " + NEWEST_FIRST
                + " LIMIT 1), levels AS (SELECT 'BID' AS side, unnest(bids, recursive := true), place FROM snapshot UNION ALL BY NAME "
                + "SELECT 'ASK' AS side, unnest(asks, recursive := true), place FROM snapshot UNION ALL BY NAME SELECT side, price, volume, (" + ORDER
                + ") AS place FROM book_delta WHERE " + until + " AND NOT EXISTS (SELECT 1 FROM snapshot WHERE snapshot.place >= (book_delta.event_time, "
                + "book_delta.source, book_delta.sequence))), newest AS (SELECT side, price, arg_max(volume, place) AS volume FROM levels GROUP BY side, price) "
                + "SELECT side, row_number() OVER (PARTITION BY side ORDER BY CASE side WHEN 'BID' THEN -price ELSE price END) AS level, price, volume "
                + "FROM newest WHERE volume > 0";
    }

    /** Statements that create the macros that give a value. */
    public static List<String> scalars() {
        return SCALARS;
    }

    /** Statements that create those macros that give rows and name no other tables than these; they are the connection's own. */
    public static List<String> tables(Set<String> known) {
        List<String> all = new ArrayList<>();
        TABLES.forEach((name, macro) -> {
            if (known.containsAll(macro.reads())) {
                all.add("CREATE MACRO " + name + "(" + macro.parameters() + ") AS TABLE " + macro.body());
            }
        });
        return all;
    }

    /** Whether that is a macro that gives rows. */
    public static boolean isTable(String name) {
        return TABLES.containsKey(name.toLowerCase(Locale.ROOT));
    }

    /** How it is called, for messages. */
    public static String signature(String name) {
        return name.toLowerCase(Locale.ROOT) + "(" + TABLES.get(name.toLowerCase(Locale.ROOT)).parameters() + ")";
    }

    /** Number of first arguments that are names of tables. */
    public static int namedTables(String name) {
        return TABLES.get(name.toLowerCase(Locale.ROOT)).named();
    }

    /** Tables that it names itself: their views must be there. With {@link #namedTables} above 0 only the named one of them is read. */
    public static List<String> reads(String name) {
        return TABLES.get(name.toLowerCase(Locale.ROOT)).reads();
    }

    /** The columns that it needs of each table that it reads, whatever its caller wants of them; null if that is any column. */
    @Nullable
    public static Set<String> columns(String name) {
        return name.toLowerCase(Locale.ROOT).equals(AS_OF) ? AS_OF_COLUMNS : null;
    }

    /** Names of the macros that give rows. */
    public static Set<String> names() {
        return TABLES.keySet();
    }
}
