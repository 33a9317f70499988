package io.qaexchange.state.metrics;

/**
 * Figures of a checkpoint.
 *
 * @param sequence of the storage checkpoint
 * @param files sstables that it names
 * @param pieces of the log that it names
 * @param uploadedBytes that no earlier checkpoint held
 * @param uploadMillis from the beginning of the background part to its end
 */
public record CheckpointFigures(long sequence, int files, int pieces, long uploadedBytes, long uploadMillis) {
    /** Before the first one. */
    public static final CheckpointFigures NONE = new CheckpointFigures(0, 0, 0, 0, 0);
}
