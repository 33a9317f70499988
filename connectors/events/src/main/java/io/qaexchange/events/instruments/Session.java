package io.qaexchange.events.instruments;

/**
 * A time in which the market of an instrument is open. Immutable.
 *
 * @param openNs its beginning, ns since 1970
 * @param closeNs its end, exclusive
 */
public record Session(long openNs, long closeNs) {

    /** Whether the market is open then. */
    public boolean holds(long timeNs) {
        return timeNs >= openNs && timeNs < closeNs;
    }
}
