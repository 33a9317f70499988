package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;

/**
 * The most rows of one answer, and those that it has so far.
 *
 * <p>One thread.
 */
public final class RowLimit {

    private final long most;
    private long rows;

    /** @param most 0 for any number */
    public RowLimit(long most) {
        this.most = most == 0 ? Long.MAX_VALUE : most;
    }

    /**
     * Refuses a query before it runs, if its rows can be counted without it: those of a whole table.
     *
     * @param tables with the rows of the query
     */
    public void check(SqlQuery query, SqlTables tables) throws TooManyRowsException {
        if (query.wholeTable() == null || most == Long.MAX_VALUE) {
            return;
        }
        for (TablePlan plan : tables.plan()) {
            long all = plan.hotRows() + plan.read().stream().mapToLong(DataFile::rows).sum();
            if (plan.table().equals(query.wholeTable()) && all > most) {
                throw new TooManyRowsException(String.format("%,d rows", all), most);
            }
        }
    }

    /** Rows were made for the answer. They are given to nobody before. */
    public void add(long more) throws TooManyRowsException {
        rows += more;
        if (rows > most) {
            throw new TooManyRowsException(String.format("more than %,d rows", most), most);
        }
    }

    /** A query whose database makes no more rows than are needed to know that there are too many. */
    public String bounded(String sql) {
        return most == Long.MAX_VALUE ? sql : sql + " LIMIT " + (most + 1);
    }
}
