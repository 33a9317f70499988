package io.qaexchange.storage.compaction;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FileReference;
import java.util.List;

/** The decision of a picker. Immutable; a job carries it out. */
public sealed interface CompactionPlan {
    /** Why, for people: {@code score=1.5 level=0 depth=6}. */
    String reason();

    /** The references that the plan takes away; none of them may be in another plan. */
    List<FileReference> inputs();

    /**
     * Merges sorted runs into files of one level.
     *
     * @param inputs newest first where they overlap
     * @param outputLevel where the outputs go
     * @param outputWindow window of the outputs; 0 for leveled families
     */
    record Merge(String reason, int family, List<FileReference> inputs, int outputLevel, long outputWindow) implements CompactionPlan {
        public KeyRange keys() {
            KeyRange hull = inputs.get(0).keys();
            for (FileReference input : inputs) {
                hull = hull(hull, input.keys());
            }
            return hull;
        }

        @Override
        public String toString() {
            return "merge " + inputs + " -> L" + outputLevel + (outputWindow == 0 ? "" : " window " + outputWindow) + " (" + reason + ")";
        }
    }

    /** Puts a file into another level without touching its bytes. */
    record TrivialMove(String reason, FileReference file, int outputLevel, long outputWindow) implements CompactionPlan {
        @Override
        public List<FileReference> inputs() {
            return List.of(file);
        }

        @Override
        public String toString() {
            return "move " + file + " -> L" + outputLevel + " (" + reason + ")";
        }
    }

    /** Takes files away whose keys are all dropped or expired. */
    record DropFiles(String reason, List<FileReference> inputs) implements CompactionPlan {
        @Override
        public String toString() {
            return "drop " + inputs + " (" + reason + ")";
        }
    }

    /** The smallest range that holds both. */
    static KeyRange hull(KeyRange a, KeyRange b) {
        byte[] lower = io.qaexchange.storage.memory.Slice.compare(a.lower(), b.lower()) <= 0 ? a.lower() : b.lower();
        byte[] upper = KeyRange.compareUpper(a.upper(), b.upper()) >= 0 ? a.upper() : b.upper();
        return new KeyRange(lower, upper);
    }
}
