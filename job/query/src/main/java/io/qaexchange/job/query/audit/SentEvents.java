package io.qaexchange.job.query.audit;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;

/** The list of what was sent, as often as it is asked for. */
public interface SentEvents {

    /** Messages that were sent, of any kind. */
    long messages() throws Exception;

    /** Messages that must not have become rows because they repeat one; -1 if the list does not tell. */
    long duplicates() throws Exception;

    /** Messages that must have become dead letters; -1 if the list does not tell. */
    long deadLetters() throws Exception;

    /** Whether an identity may come several times; then the first event of it is the one that must be a row. */
    default boolean mayRepeat() {
        return false;
    }

    /** Visits every event that must be a row, once; or more often, see {@link #mayRepeat}. */
    void forEachStored(Visitor visitor) throws Exception;

    /** Takes events that must be rows. */
    @FunctionalInterface
    interface Visitor {
        /**
         * An event; valid only within the call.
         *
         * @param identity its identity
         */
        void accept(EventView event, EventIdentity identity) throws Exception;
    }
}
