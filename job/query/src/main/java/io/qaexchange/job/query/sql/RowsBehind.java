package io.qaexchange.job.query.sql;

import java.io.IOException;
import java.sql.SQLException;
import javax.annotation.Nullable;

/** Archived rows that are shown after the hot ones of their table, whose view has the hot ones alone so far; or none. One thread. */
final class RowsBehind {

    /** Makes the view of the table anew. */
    @FunctionalInterface
    interface View {
        /** @param hot whether it has the hot rows too, or the archived ones alone */
        void make(boolean hot) throws SQLException, IOException;
    }

    /** Makes the statement that gives the rows of a query. */
    @FunctionalInterface
    interface Select {
        String make() throws SQLException;
    }

    @Nullable
    private View view;

    /** @param view of the rows; null for no rows */
    RowsBehind(@Nullable View view) {
        this.view = view;
    }

    boolean isEmpty() {
        return view == null;
    }

    /**
     * The rows as the part of an answer that follows the hot ones.
     *
     * @param most rows of the whole answer, at most; {@link Long#MAX_VALUE} for no limit
     * @param batchRows rows of a batch, at most
     */
    ArrowRows.Parts parts(long most, Select select, long batchRows) {
        return given -> {
            View next = given < most ? view : null;
            view = null;
            if (next == null) {
                return null;
            }
            make(next, false);
            return new ArrowRows.Part(most == Long.MAX_VALUE ? select.make() : "SELECT * FROM (" + select.make() + ") LIMIT " + (most - given), batchRows);
        };
    }

    /** Shows them together with the hot ones. */
    void join() throws SQLException {
        View next = view;
        view = null;
        if (next != null) {
            make(next, true);
        }
    }

    private static void make(View view, boolean hot) throws SQLException {
        try {
            view.make(hot);
        } catch (IOException e) {
            throw RowsLostException.ofArchivedRows(e);
        }
    }
}
