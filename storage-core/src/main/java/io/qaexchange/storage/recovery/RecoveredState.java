package io.qaexchange.storage.recovery;

import io.qaexchange.storage.RestoredCheckpoint;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memtable.Memtable;
import java.util.List;

/**
 * The state that a store begins with: from its own folder, or from checkpoints.
 *
 * @param version files and families
 * @param parents where the state came from, for the epoch that begins
 * @param lastEpoch the highest epoch among the parents, 0 for a new store
 * @param memtables what the log or the pieces gave, oldest first; the receiver owns a reference to each
 * @param firstSegments for each memtable, the log segment in which its first write stands; 0 if none does
 * @param dropWatermarks that the version does not know yet
 * @param lastSequence last write of the state
 * @param highestNumber no file in the folder has a higher number
 * @param previousSegment last log segment, 0 if there is none
 * @param previousSize its valid size in bytes
 * @param tornBytes that a crash left half written and recovery cut off
 * @param replayedOperations that came from log or pieces
 * @param restored what checkpoints gave
 */
public record RecoveredState(Version version, List<VersionEdit.Parent> parents, long lastEpoch, List<Memtable> memtables, List<Long> firstSegments,
        List<DropWatermark> dropWatermarks, long lastSequence, long highestNumber, long previousSegment, long previousSize, long tornBytes, long replayedOperations,
        RestoredCheckpoint restored) {

    /** The number that the next memtable may take. */
    public long nextMemtableId() {
        return memtables.stream().mapToLong(Memtable::id).max().orElse(0) + 1;
    }

    /** Gives the memtables up. */
    public void release() {
        memtables.forEach(Memtable::release);
    }
}
