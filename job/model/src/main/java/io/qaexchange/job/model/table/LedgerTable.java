package io.qaexchange.job.model.table;

import io.qaexchange.parquet.column.RowColumn;
import io.qaexchange.parquet.column.RowColumn.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * The ledger's tables and their columns. Money and prices of settlement are in the currency, volumes in lots.
 *
 * <p>A day of an account that changes after its row was written comes again with a higher {@code revision}, and a settlement that is
 * repeated writes the positions again with a later {@code event_time}; queries see the newest.
 *
 * <p>Codes stand in state and are never reused; columns are only appended, nullable.
 */
public enum LedgerTable {

    /** An account at the end of a trading day. */
    ACCOUNT_DAILY(1, List.of("trading_day", "account"), "revision", columns()
            .add("account", Kind.TEXT).add("revision", Kind.INT).add("opened_by", Kind.TEXT)
            .add("pre_balance", Kind.MONEY).add("deposit", Kind.MONEY).add("withdraw", Kind.MONEY).add("close_profit", Kind.MONEY)
            .add("commission", Kind.MONEY).add("static_balance", Kind.MONEY).add("frozen", Kind.MONEY).add("margin", Kind.MONEY)
            .add("float_profit", Kind.MONEY).add("money", Kind.MONEY).add("balance", Kind.MONEY).add("risk_ratio", Kind.DOUBLE)
            .add("orders", Kind.LONG).add("trades", Kind.LONG).add("settled_instruments", Kind.LONG)),
    /** A position at the settlement of its instrument's trading day. */
    POSITION_DAILY(2, List.of("trading_day", "instrument", "account"), "event_time", columns()
            .add("instrument", Kind.TEXT).add("account", Kind.TEXT).add("settlement_price", Kind.DOUBLE)
            .add("volume_long", Kind.DOUBLE).add("volume_long_today", Kind.DOUBLE).add("open_cost_long", Kind.MONEY)
            .add("margin_long", Kind.MONEY).add("float_profit_long", Kind.MONEY)
            .add("volume_short", Kind.DOUBLE).add("volume_short_today", Kind.DOUBLE).add("open_cost_short", Kind.MONEY)
            .add("margin_short", Kind.MONEY).add("float_profit_short", Kind.MONEY)
            .add("close_profit", Kind.MONEY).add("commission", Kind.MONEY).add("bought", Kind.DOUBLE).add("sold", Kind.DOUBLE)
            .add("trades", Kind.INT)),
    /** Something that did not fit. */
    LEDGER_ALERTS(3, List.of(), "", columns()
            .add("reason", Kind.TEXT).addNullable("instrument", Kind.TEXT).addNullable("account", Kind.TEXT)
            .addNullable("order_id", Kind.TEXT).addNullable("trade_id", Kind.TEXT).addNullable("source", Kind.TEXT)
            .addNullable("sequence", Kind.LONG).add("detail", Kind.TEXT));

    private static final LedgerTable[] ALL = values();

    private final int code;
    private final List<String> key;
    private final String newest;
    private final List<RowColumn> columns;
    private final Kind[] kinds;

    LedgerTable(int code, List<String> key, String newest, Columns columns) {
        this.code = code;
        this.key = key;
        this.newest = newest;
        this.columns = List.copyOf(columns.list);
        this.kinds = columns.list.stream().map(RowColumn::kind).toArray(Kind[]::new);
    }

    private static final class Columns {
        private final List<RowColumn> list = new ArrayList<>();

        Columns add(String name, Kind kind) {
            list.add(new RowColumn(name, kind, false));
            return this;
        }

        Columns addNullable(String name, Kind kind) {
            list.add(new RowColumn(name, kind, true));
            return this;
        }
    }

    /** The columns that all tables begin with. */
    private static Columns columns() {
        return new Columns().add("event_time", Kind.TIME_NS).add("event_time_us", Kind.TIME_US).add("trading_day", Kind.INT);
    }

    /** Written to state. */
    public int code() {
        return code;
    }

    /** Name in SQL and in paths. */
    public String table() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** All columns, in their order. */
    public List<RowColumn> allColumns() {
        return columns;
    }

    /** The kind of a column. */
    Kind kind(int column) {
        return kinds[column];
    }

    /** The condition under which a row is seen: no newer one of the same key; "" for all rows. */
    public String seenRows() {
        return key.isEmpty() ? "" : " QUALIFY row_number() OVER (PARTITION BY " + String.join(", ", key) + " ORDER BY " + newest
                + " DESC) = 1";
    }

    /** The table of that code. */
    public static LedgerTable ofCode(int code) {
        for (LedgerTable table : ALL) {
            if (table.code == code) {
                return table;
            }
        }
        throw new IllegalArgumentException("a row is of ledger table " + code + ", which this build does not know");
    }

    /** The table of that name, or null. */
    public static LedgerTable find(String name) {
        for (LedgerTable table : ALL) {
            if (table.table().equals(name)) {
                return table;
            }
        }
        return null;
    }
}
