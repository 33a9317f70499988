package io.qaexchange.iceberg;

import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.TableMetadata;

/**
 * Takes old snapshots out of a table's metadata, and then deletes the lists and manifests that only they name. Data files stay: the archive's
 * retention alone deletes them. Iceberg's own expiry refuses tables whose files are not its own ({@code gc.enabled}), so it is not used.
 *
 * <p>A crash between the two steps leaves metadata files that nothing names; they do no harm. One thread.
 */
final class SnapshotExpiry {

    private SnapshotExpiry() {
    }

    /** @return snapshots that expired */
    static int run(MirrorOperations operations, SnapshotRetention retention, Instant now) throws IOException {
        TableMetadata metadata = operations.current();
        if (metadata == null) {
            return 0;
        }
        Set<Long> kept = kept(metadata, retention, now);
        List<Snapshot> expired = metadata.snapshots().stream().filter(snapshot -> !kept.contains(snapshot.snapshotId())).toList();
        if (expired.isEmpty()) {
            return 0;
        }
        Set<String> gone = new HashSet<>();
        expired.forEach(snapshot -> gone.addAll(filesOf(operations, snapshot)));
        metadata.snapshots().stream().filter(snapshot -> kept.contains(snapshot.snapshotId())).forEach(snapshot -> gone.removeAll(filesOf(operations, snapshot)));
        operations.commit(metadata, metadata.removeSnapshotsIf(snapshot -> !kept.contains(snapshot.snapshotId())));
        operations.writeHint();
        gone.forEach(operations.io()::deleteFile);
        return expired.size();
    }

    private static Set<Long> kept(TableMetadata metadata, SnapshotRetention retention, Instant now) {
        Set<Long> kept = new HashSet<>();
        metadata.refs().values().stream().map(SnapshotRef::snapshotId).forEach(kept::add);
        Snapshot own = metadata.currentSnapshot();
        for (int i = 0; i < retention.least() && own != null; i++) {
            kept.add(own.snapshotId());
            own = own.parentId() == null ? null : metadata.snapshot(own.parentId());
        }
        long youngMs = now.minus(retention.age()).toEpochMilli();
        metadata.snapshots().stream().filter(snapshot -> snapshot.timestampMillis() > youngMs).forEach(snapshot -> kept.add(snapshot.snapshotId()));
        return kept;
    }

    private static Set<String> filesOf(MirrorOperations operations, Snapshot snapshot) {
        Set<String> files = new HashSet<>();
        files.add(snapshot.manifestListLocation());
        for (ManifestFile manifest : snapshot.allManifests(operations.io())) {
            files.add(manifest.path());
        }
        return files;
    }
}
