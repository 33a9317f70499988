package io.qaexchange.job.stream.archive;

import java.util.function.LongSupplier;

/**
 * The writer of archived files, as their footers name it.
 *
 * @param archiveEpoch the running archive epoch
 * @param subtask the event-store subtask, from 0
 * @param nextOrdinal gives the next file its number: ascending in the order in which the subtask finishes and hands over files, from 1
 */
public record FileIdentity(String archiveEpoch, int subtask, LongSupplier nextOrdinal) {
}
