package io.qaexchange.storage;

/**
 * A range of a store's log, by sequence numbers.
 *
 * @param firstSequence first number of the range
 * @param lastSequence last one, included
 */
public record LogRange(long firstSequence, long lastSequence) {
    public LogRange {
        if (firstSequence > lastSequence) {
            throw new IllegalArgumentException("an empty range of the log: " + firstSequence + " to " + lastSequence);
        }
    }
}
