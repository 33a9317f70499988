package io.qaexchange.storage;

import java.util.List;

/**
 * A level of a column family, or a window of event time, and its files: what {@link Store#describe()} says, for programs.
 *
 * @param family name of the column family
 * @param style how the family is compacted
 * @param place the level, 0 the newest; the number of the window of event time if {@code isWindow}
 * @param isWindow whether the files are those of a window
 * @param fileBytes size of each file, in the order of their keys
 * @param fileNumbers number of each file, in the same order; the greater, the younger the file
 * @param fileNewestTimes greatest event time of each file, in the unit of the keys; {@link Long#MAX_VALUE} if its entries have none
 * @param entries entries of all files
 * @param deletes of them, tombstones
 */
public record StoreLevel(String family, CompactionStyle style, long place, boolean isWindow, List<Long> fileBytes, List<Long> fileNumbers,
        List<Long> fileNewestTimes, long entries, long deletes) {

    public StoreLevel {
        fileBytes = List.copyOf(fileBytes);
        fileNumbers = List.copyOf(fileNumbers);
        fileNewestTimes = List.copyOf(fileNewestTimes);
    }
}
