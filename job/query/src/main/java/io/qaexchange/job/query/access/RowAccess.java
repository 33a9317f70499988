package io.qaexchange.job.query.access;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.parquet.column.RowColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * The rows that a user may see. It is applied to rows before anything of a query sees them: no condition, join, error message or count of a query
 * can tell whether there are others.
 *
 * <p>A limit of instruments concerns each row that names an instrument, and hides a row of a table whose rows must name one and that does not. A limit
 * of accounts concerns each table with accounts, and hides its rows that name none. Alerts of the ledger must name what is limited, because their text
 * is free.
 *
 * <p>Immutable.
 *
 * @param instruments instruments that may be seen; null for all
 * @param accounts accounts that may be seen; null for all
 */
public record RowAccess(@Nullable NamePatterns instruments, @Nullable NamePatterns accounts) {

    /** Every row. */
    public static final RowAccess ALL = new RowAccess(null, null);

    private static final String INSTRUMENT = "instrument";
    private static final String ACCOUNT = "account";

    /** Whether every row may be seen. */
    public boolean isAll() {
        return instruments == null && accounts == null;
    }

    public boolean hasInstrument(String instrument) {
        return instruments == null || instruments.matches(instrument);
    }

    public boolean hasAccount(String account) {
        return accounts == null || accounts.matches(account);
    }

    /** Whether an event may be seen. */
    public boolean allows(EventView event) {
        if (isAll()) {
            return true;
        }
        RecordType type = event.recordType();
        boolean ofInstrument = instruments == null || (event.hasInstrument() ? instruments.matches(event.instrument()) : !type.requiresInstrument());
        return ofInstrument && (accounts == null || type.account() == null || accounts.matches(event.account()));
    }

    /** Whether a row of the ledger may be seen. */
    public boolean allows(LedgerRow row) {
        if (isAll()) {
            return true;
        }
        List<RowColumn> columns = row.table().allColumns();
        for (int i = 0; i < columns.size(); i++) {
            NamePatterns limit = limit(columns.get(i).name());
            if (limit != null && (row.values()[i] == null || !limit.matches((String) row.values()[i]))) {
                return false;
            }
        }
        return true;
    }

    @Nullable
    private NamePatterns limit(String column) {
        return column.equals(INSTRUMENT) ? instruments : column.equals(ACCOUNT) ? accounts : null;
    }

    /** Whether of the rows of one route key, an instrument or an account, some may be seen and some not. */
    public boolean splits(RecordType type) {
        return accounts != null && type.account() != null;
    }

    /** The part of it that lets the engine and the archive leave rows out: never more than the rows that may not be seen. */
    public RowFilter filter(RecordType type) {
        Set<String> names = instruments == null || !type.requiresInstrument() ? null : instruments.names();
        return names == null ? RowFilter.ALL : RowFilter.ofInstruments(names);
    }

    /** The condition of SQL under which a row of a table may be seen. */
    public String condition(String table) {
        List<String> all = new ArrayList<>();
        RecordType type = EventSchema.get().findTable(table);
        if (type != null) {
            if (instruments != null) {
                all.add(type.requiresInstrument() ? instruments.condition(INSTRUMENT) : "(instrument IS NULL OR " + instruments.condition(INSTRUMENT) + ")");
            }
            if (accounts != null && type.account() != null) {
                all.add(accounts.condition(type.account().name()));
            }
        } else {
            for (RowColumn column : LedgerTable.find(table).allColumns()) {
                NamePatterns limit = limit(column.name());
                if (limit != null) {
                    all.add(limit.condition(column.name()));
                }
            }
        }
        return all.isEmpty() ? "true" : String.join(" AND ", all);
    }
}
