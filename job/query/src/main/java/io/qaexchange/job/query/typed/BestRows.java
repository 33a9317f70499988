package io.qaexchange.job.query.typed;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The first rows in an order, of all that are offered. One thread. */
final class BestRows {

    private final int limit;
    private final boolean descending;
    private final Comparator<UnionRow> order;
    /** The worst of those that are kept is its head. */
    private final PriorityQueue<UnionRow> kept;

    BestRows(int limit, boolean descending) {
        this.limit = limit;
        this.descending = descending;
        this.order = descending ? UnionRow.ORDER.reversed() : UnionRow.ORDER;
        this.kept = new PriorityQueue<>(order.reversed());
    }

    void offer(UnionRow row) {
        if (kept.size() < limit) {
            kept.add(row);
        } else if (order.compare(row, kept.peek()) < 0) {
            kept.poll();
            kept.add(row);
        }
    }

    int limit() {
        return limit;
    }

    boolean isFull() {
        return kept.size() == limit;
    }

    /** Event times from here on, inclusive, may still matter. */
    long fromNs(long asked) {
        return isFull() && descending ? Math.max(asked, kept.peek().eventTimeNs()) : asked;
    }

    /** Event times up to here, exclusive, may still matter. */
    long toNs(long asked) {
        return isFull() && !descending ? Math.min(asked, kept.peek().eventTimeNs() + 1) : asked;
    }

    List<UnionRow> sorted() {
        List<UnionRow> rows = new ArrayList<>(kept);
        rows.sort(order);
        return rows;
    }
}
