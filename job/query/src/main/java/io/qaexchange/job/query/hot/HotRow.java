package io.qaexchange.job.query.hot;

import io.qaexchange.events.StoredEvent;

/** Takes hot rows. */
@FunctionalInterface
public interface HotRow {

    /**
     * A row; the event is valid only within the call.
     *
     * @param routeKey what it is keyed by
     * @param event the stored event
     */
    void accept(String routeKey, StoredEvent event) throws Exception;
}
