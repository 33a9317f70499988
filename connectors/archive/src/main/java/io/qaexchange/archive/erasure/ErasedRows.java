package io.qaexchange.archive.erasure;

import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.LegalHold;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.annotation.Nullable;

/** Decides row by row what an erasure takes from a file, and counts it. One thread; one for each reading of a file. */
final class ErasedRows {

    private final Erasure request;
    private final List<LegalHold> holds;
    private final String table;
    private final String tradingDay;
    private final Map<String, Long> held = new TreeMap<>();
    private long erased;

    ErasedRows(Erasure request, List<LegalHold> holds, String table, String tradingDay) {
        this.request = request;
        this.holds = holds;
        this.table = table;
        this.tradingDay = tradingDay;
    }

    Erasure request() {
        return request;
    }

    /** Whether a row goes; null for columns that it does not have. */
    boolean takes(@Nullable String account, @Nullable String instrument) {
        if (!request.covers(table, tradingDay, account, instrument)) {
            return false;
        }
        for (LegalHold hold : holds) {
            if (hold.holds(table, tradingDay, instrument)) {
                held.merge(hold.id(), 1L, Long::sum);
                return false;
            }
        }
        erased++;
        return true;
    }

    RowCounts counts() {
        return new RowCounts(erased, Map.copyOf(held), holds);
    }
}
