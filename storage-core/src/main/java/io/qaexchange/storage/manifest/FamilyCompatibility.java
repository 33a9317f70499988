package io.qaexchange.storage.manifest;

import io.qaexchange.storage.FamilyOptions;

/** Says which options of a family may differ from what the store was made with. Stateless. */
public final class FamilyCompatibility {
    private FamilyCompatibility() {}

    /** @throws IllegalArgumentException naming the option that must not change */
    public static void require(FamilyOptions kept, FamilyOptions wanted) {
        same(kept, "compactionStyle", kept.compactionStyle(), wanted.compactionStyle());
        same(kept, "appendDelimiter", kept.appendDelimiter(), wanted.appendDelimiter());
        same(kept, "eventTimeFromEnd", kept.eventTimeFromEnd(), wanted.eventTimeFromEnd());
        same(kept, "windowNanos", kept.windowNanos(), wanted.windowNanos());
    }

    private static void same(FamilyOptions family, String option, Object kept, Object wanted) {
        if (!kept.equals(wanted)) {
            throw new IllegalArgumentException("column family " + family.name() + " was made with " + option + "=" + kept + " and cannot be opened with "
                    + wanted + ": write it into a new family");
        }
    }
}
