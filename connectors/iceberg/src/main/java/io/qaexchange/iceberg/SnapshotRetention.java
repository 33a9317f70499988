package io.qaexchange.iceberg;

import java.time.Duration;

/**
 * Which snapshots of a table stay: the newest of the table, those that are young, and the newest of each branch and tag.
 *
 * @param least snapshots of the table's own history that stay in any case, at least 1
 * @param age snapshots that are younger stay
 */
public record SnapshotRetention(int least, Duration age) {

    /** 100 snapshots, and all of the last seven days. */
    public static final SnapshotRetention DEFAULT = new SnapshotRetention(100, Duration.ofDays(7));

    public SnapshotRetention {
        if (least < 1) {
            throw new IllegalArgumentException("at least one snapshot of a table stays, not " + least);
        }
        if (age.isNegative()) {
            throw new IllegalArgumentException("the age of snapshots that stay is negative: " + age);
        }
    }
}
