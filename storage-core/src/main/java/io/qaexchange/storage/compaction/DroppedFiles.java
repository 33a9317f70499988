package io.qaexchange.storage.compaction;

import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Floor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds files that lie wholly below a floor: they go without being read. What a dropped file hid was hidden by the floor as well, since
 * all versions of a key have the same event time. Stateless.
 */
public final class DroppedFiles {
    private DroppedFiles() {}

    /** @param oldestSnapshot the oldest sequence number that is pinned; {@link Long#MAX_VALUE} if none is */
    public static Optional<CompactionPlan> find(FamilyVersion family, List<Floor> floors, long oldestSnapshot, Set<Long> busy) {
        if (floors.isEmpty()) {
            return Optional.empty();
        }
        FloorIndex index = FloorIndex.of(floors, family.family().options().eventTimeFromEnd());
        List<FileReference> dropped = new ArrayList<>();
        for (FileReference file : family.references()) {
            if (file.table().hasEventTimes() && file.table().rangeTombstones() == 0 && !busy.contains(file.id())
                    && index.hidesAll(file.keys(), file.table().maxEventTime(), oldestSnapshot)) {
                dropped.add(file);
            }
        }
        return dropped.isEmpty() ? Optional.empty() : Optional.of(new CompactionPlan.DropFiles("below the floor", List.copyOf(dropped)));
    }
}
