package io.qaexchange.storage;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;

/** Something that a store did, for its {@link StoreListener}. Immutable. */
public sealed interface StoreEvent {
    /**
     * The store is open.
     *
     * @param storeEpoch of this opening
     * @param sequence the last sequence number that the store holds
     */
    record OpenedEvent(Path directory, long storeEpoch, long sequence) implements StoreEvent {}

    /**
     * Opening the store took operations from its log, or cut a tail that a crash had left half written.
     *
     * @param sequence the last sequence number that was found
     */
    record RecoveryEvent(long operations, long sequence, long tornBytes) implements StoreEvent {}

    /**
     * Memtables became sstables.
     *
     * @param sequence all writes up to this one are in sstables now
     */
    record FlushEvent(int memtables, int files, long bytes, long sequence, Duration duration) implements StoreEvent {}

    /**
     * A compaction ended.
     *
     * @param family its id
     * @param inputFiles files that went
     * @param outputFiles files that came; a trivial move has one of each and neither reads nor writes
     * @param plan what the picker chose, and why
     */
    record CompactionEvent(int family, int outputLevel, int inputFiles, int outputFiles, long bytesRead, long bytesWritten, boolean trivialMove,
            Duration duration, String plan) implements StoreEvent {}

    /** Files were removed whole, because all their keys were dropped or had expired. */
    record FilesDroppedEvent(int files, String plan) implements StoreEvent {}

    /**
     * A write waited.
     *
     * @param found what the reason's limit was compared with
     * @param limit the value of the option that the reason names
     */
    record StallEvent(StallReason reason, long found, long limit, Duration duration) implements StoreEvent {}

    /** A store checkpoint was written into a folder. */
    record CheckpointEvent(long sequence, int files, int logPieces, Duration duration) implements StoreEvent {}

    /**
     * The store has stopped: writes are refused from now on.
     *
     * @param during what failed: a flush, a compaction, the log, the store manifest, a mapping, a write
     */
    record FailureEvent(String during, Throwable cause) implements StoreEvent {}

    /** The store is closed. */
    record ClosedEvent(Path directory) implements StoreEvent {}

    /** The event on one line, for logs: its name, then its components as {@code name=value}. */
    default String line() {
        StringBuilder line = new StringBuilder(getClass().getSimpleName());
        try {
            for (RecordComponent component : getClass().getRecordComponents()) {
                line.append(' ').append(component.getName()).append('=').append(component.getAccessor().invoke(this));
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new AssertionError("a component of an event cannot be read: " + line, e);
        }
        return line.toString();
    }
}
