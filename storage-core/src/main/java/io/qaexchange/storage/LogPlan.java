package io.qaexchange.storage;

import java.util.List;

/**
 * How a checkpoint covers the log that is not in sstables.
 *
 * @param reused pieces of earlier checkpoints, by sequence number
 * @param missing ranges that are to be written, by sequence number
 */
public record LogPlan(List<LogPiece> reused, List<LogRange> missing) {
    public LogPlan {
        reused = List.copyOf(reused);
        missing = List.copyOf(missing);
    }
}
