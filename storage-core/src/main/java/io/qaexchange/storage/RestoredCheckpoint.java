package io.qaexchange.storage;

import java.util.List;

/**
 * The parts of its checkpoints that a restored store goes on with, for hosts that need not store it again.
 *
 * @param files sstables
 * @param pieces of the log that later checkpoints may reuse; none if the store was made of several checkpoints
 */
public record RestoredCheckpoint(List<File> files, List<LogPiece> pieces) {
    /** The value for a store that was not restored. */
    public static final RestoredCheckpoint NOTHING = new RestoredCheckpoint(List.of(), List.of());

    /**
     * An sstable in the store and where it came from.
     *
     * @param name what {@link Checkpoint#sstables()} calls it now
     * @param source position of the checkpoint in the list that was restored
     * @param sourceName what it was called there
     */
    public record File(String name, int source, String sourceName) {}

    public RestoredCheckpoint {
        files = List.copyOf(files);
        pieces = List.copyOf(pieces);
    }
}
