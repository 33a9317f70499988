package io.qaexchange.job.query.live;

import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.query.access.RowAccess;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Hands on the rows of a subtask that may be seen, up to the limits of who asked: rows that may not be seen do not count. One thread. */
final class AllowedRows {

    private final RowAccess access;
    private final long limit;
    private final long mostPerKey;
    private final LiveRead.Rows rows;
    private final StoredEvent view = new StoredEvent();
    private final Map<String, Long> seen = new HashMap<>();
    private long count;

    AllowedRows(RowAccess access, long limit, long mostPerKey, LiveRead.Rows rows) {
        this.access = access;
        this.limit = limit;
        this.mostPerKey = mostPerKey;
        this.rows = rows;
    }

    boolean accept(byte[] bytes, int offset, int length) throws IOException {
        view.wrap(Arrays.copyOfRange(bytes, offset, offset + length));
        if (!access.allows(view.event()) || mostPerKey != Long.MAX_VALUE && seen.merge(view.event().routeKey(), 1L, Long::sum) > mostPerKey) {
            return true;
        }
        return rows.accept(bytes, offset, length) && ++count < limit;
    }
}
