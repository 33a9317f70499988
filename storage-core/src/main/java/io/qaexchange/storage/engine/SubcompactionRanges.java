package io.qaexchange.storage.engine;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.SstableReader.Anchor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Cuts a compaction into ranges of keys of about the same size, at keys that the inputs' indexes name. Stateless. */
final class SubcompactionRanges {
    private SubcompactionRanges() {}

    /**
     * @param anchors of all inputs
     * @param leastBytes no part is meant to be smaller
     * @return disjoint, ascending, together all keys
     */
    static List<KeyRange> split(List<Anchor> anchors, long leastBytes, int most) {
        long total = 0;
        TreeMap<byte[], Long> bytesBefore = new TreeMap<>(Slice::compare);
        for (Anchor anchor : anchors) {
            total += anchor.bytes();
            bytesBefore.merge(anchor.key(), anchor.bytes(), Long::sum);
        }
        int parts = (int) Math.min(most, total / Math.max(1, leastBytes));
        List<KeyRange> ranges = new ArrayList<>();
        byte[] lower = new byte[0];
        long inPart = 0;
        for (Map.Entry<byte[], Long> at : bytesBefore.entrySet()) {
            inPart += at.getValue();
            if (inPart >= total / Math.max(1, parts) && ranges.size() < parts - 1) {
                ranges.add(new KeyRange(lower, at.getKey()));
                lower = at.getKey();
                inPart = 0;
            }
        }
        ranges.add(new KeyRange(lower, null));
        return ranges;
    }
}
