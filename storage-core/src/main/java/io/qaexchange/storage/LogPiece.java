package io.qaexchange.storage;

/**
 * A range of the log, as a file. Of each key it holds the newest version in its range only, so that its operations are fewer than its
 * sequence numbers; whoever restores at its end misses nothing.
 *
 * @param name of the file, in the checkpoint's folder
 * @param firstSequence first sequence number of the range
 * @param lastSequence last one
 * @param operations how many the file holds
 * @param sizeBytes of the file
 * @param logBytes the operations' bytes before they were compressed
 */
public record LogPiece(String name, long firstSequence, long lastSequence, long operations, long sizeBytes, long logBytes) {}
