package io.qaexchange.storage.compaction;

import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds files that lie wholly below a drop watermark: they go without being read. What a dropped file hid was hidden by the drop watermark as well, since
 * all versions of a key have the same event time. Stateless.
 */
public final class DroppedFiles {
    private DroppedFiles() {}

    /** @param oldestSnapshot the oldest sequence number that is pinned; {@link Long#MAX_VALUE} if none is */
    public static Optional<CompactionPlan> find(FamilyVersion family, List<DropWatermark> dropWatermarks, long oldestSnapshot, Set<Long> busy) {
        if (dropWatermarks.isEmpty()) {
            return Optional.empty();
        }
        DropWatermarkIndex index = DropWatermarkIndex.of(dropWatermarks, family.family().options().eventTimeFromEnd());
        List<FileReference> dropped = new ArrayList<>();
        for (FileReference file : family.references()) {
            if (file.table().hasEventTimes() && file.table().rangeTombstones() == 0 && !busy.contains(file.id())
                    && index.hidesAll(file.keys(), file.table().maxEventTime(), oldestSnapshot)) {
                dropped.add(file);
            }
        }
        return dropped.isEmpty() ? Optional.empty() : Optional.of(new CompactionPlan.DropFiles("below the drop watermark", List.copyOf(dropped)));
    }
}
