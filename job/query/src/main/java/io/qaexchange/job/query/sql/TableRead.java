package io.qaexchange.job.query.sql;

import io.qaexchange.job.query.hot.RowFilter;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * A table as a query reads it.
 *
 * @param columns columns that are named; null for all
 * @param rows rows that can matter
 * @param narrow whether its view has those columns and no others, since something takes whole rows of it
 */
record TableRead(@Nullable Set<String> columns, RowFilter rows, boolean narrow) {

    static final TableRead ALL = new TableRead(null, RowFilter.ALL, false);

    boolean hasColumn(String column) {
        return columns == null || columns.contains(column);
    }
}
