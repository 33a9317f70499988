package io.qaexchange.job.server.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The last queries that ended or were refused. Thread-safe. */
public final class QueryLog {

    private static final int REMEMBERED = 500;

    /** Guarded by this; the newest first. */
    private final Deque<Entry> newest = new ArrayDeque<>();

    /** Ends of a query. */
    public enum Outcome {
        DONE, FAILED, CANCELLED, REFUSED
    }

    /**
     * A query.
     *
     * @param id its number; 0 if it was refused before it had one
     * @param began ISO-8601
     * @param ms how long it ran
     * @param reason why it was not done; empty if it was
     */
    public record Entry(long id, String user, String sql, String began, long ms, Outcome outcome, String reason) {
    }

    synchronized void add(Entry entry) {
        newest.addFirst(entry);
        if (newest.size() > REMEMBERED) {
            newest.removeLast();
        }
    }

    /** The newest first. */
    public synchronized List<Entry> newest() {
        return new ArrayList<>(newest);
    }
}
