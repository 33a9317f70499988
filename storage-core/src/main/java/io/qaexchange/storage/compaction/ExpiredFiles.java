package io.qaexchange.storage.compaction;

import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds what has outlived its family's time to live. Looks at metadata only.
 *
 * <p>A file goes unread once its youngest value has expired, unless it hides older entries of its keys that would then be seen again:
 * then it waits until the files that hold those go, too, or is rewritten, which leaves tombstones in the place of values.
 *
 * <p>A file of which half the span of writing times has expired is rewritten without that half, so that long-lived files give room back.
 * The rest must have a tenth of its life before it, or it is left to go as a whole: a value is rewritten three or four times at
 * most for this reason. Files of level 0 are not rewritten; they are compacted soon anyway.
 *
 * <p>Stateless.
 */
public final class ExpiredFiles {
    private ExpiredFiles() {}

    /** @param nowMillis since 1970 */
    public static Optional<CompactionPlan> find(FamilyVersion family, long nowMillis, Set<Long> busy) {
        FamilyOptions options = family.family().options();
        if (options.timeToLiveMillis() == 0) {
            return Optional.empty();
        }
        long expiredUpTo = nowMillis - options.timeToLiveMillis();
        List<FileReference> dropped = wholeFiles(family, expiredUpTo, busy);
        if (!dropped.isEmpty()) {
            return Optional.of(new CompactionPlan.DropFiles("expired", List.copyOf(dropped)));
        }
        for (FileReference file : family.references()) {
            if (isWorthRewriting(file, options, expiredUpTo) && !busy.contains(file.id())) {
                return Optional.of(new CompactionPlan.Merge("expired in part", family.family().id(), List.of(file), file.level(), file.window()));
            }
        }
        return Optional.empty();
    }

    private static List<FileReference> wholeFiles(FamilyVersion family, long expiredUpTo, Set<Long> busy) {
        List<FileReference> going = new ArrayList<>();
        for (FileReference file : family.references()) {
            SstableMetadata table = file.table();
            if (table.hasWriteTimes() && table.maxWriteMillis() <= expiredUpTo && table.rangeTombstones() == 0 && !busy.contains(file.id())) {
                going.add(file);
            }
        }
        boolean leveled = family.family().options().compactionStyle() == CompactionStyle.LEVELED;
        // An entry that hides one that stays must stay; and then also an entry that hides an entry of that.
        List<FileReference> staying;
        do {
            staying = going.stream().filter(file -> family.references().stream()
                    .anyMatch(other -> !going.contains(other) && mayHide(file, other, leveled))).toList();
        } while (going.removeAll(staying));
        return going;
    }

    private static boolean mayHide(FileReference file, FileReference other, boolean leveled) {
        boolean mayBeOlder = leveled ? other.level() > file.level() || other.level() == 0 && file.level() == 0
                : other.table().smallestSequence() <= file.table().largestSequence();
        return mayBeOlder && other.id() != file.id() && other.keys().overlaps(file.keys());
    }

    private static boolean isWorthRewriting(FileReference file, FamilyOptions options, long expiredUpTo) {
        SstableMetadata table = file.table();
        boolean leveledTop = options.compactionStyle() == CompactionStyle.LEVELED && file.level() == 0;
        if (leveledTop || !table.hasWriteTimes() || table.minWriteMillis() > expiredUpTo) {
            return false;
        }
        if (table.maxWriteMillis() <= expiredUpTo) {
            return true;
        }
        if (table.maxWriteMillis() == Long.MAX_VALUE) {
            // Beside values that never expire: a lifetime after the first of the others has.
            return table.minWriteMillis() <= expiredUpTo - options.timeToLiveMillis();
        }
        long middle = (table.minWriteMillis() >> 1) + (table.maxWriteMillis() >> 1);
        return middle <= expiredUpTo && table.maxWriteMillis() - expiredUpTo > options.timeToLiveMillis() / 10;
    }
}
