package io.qaexchange.iceberg;

import javax.annotation.Nullable;

/**
 * A table of the mirror, compared with the newest version of the archive manifest.
 *
 * @param table its name
 * @param metadataVersion version of its Iceberg metadata; 0 if there is no table
 * @param snapshotId its current snapshot; 0 if it has none
 * @param manifestVersion archive manifest version of that snapshot
 * @param files data files of that snapshot
 * @param rows their rows
 * @param listedFiles files of the newest archive manifest
 * @param listedRows their rows
 * @param isSame whether they are the same files with the same rows
 * @param problem why the table cannot be brought up to date by a sync; null if it can
 */
public record TableStatus(String table, int metadataVersion, long snapshotId, long manifestVersion, int files, long rows, int listedFiles,
        long listedRows, boolean isSame, @Nullable String problem) {
}
