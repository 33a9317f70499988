package io.qaexchange.archive.tier;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.ArchiveRig;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.events.EventSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** An archive with two files of January and one of February, and an object store for the old ones. */
public final class TieredArchive {

    public static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    public static final Duration GRACE = Duration.ofDays(7);
    /** When the grace time of what left at {@link #NOW} is over. */
    public static final Instant LATER = NOW.plus(GRACE).plusMillis(1);
    /** Copied and removed after 30 days. */
    public static final RetentionPolicy THIRTY_DAYS = new RetentionPolicy(new RetentionStages(30, 30, null), Map.of());

    /** The process ends here. */
    static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    final Path folder;
    final ArchiveRig rig;
    final ManifestStore store;
    final String remote;
    final TierCache cache;
    final List<DataFile> written = new ArrayList<>();
    /** Rows of each file, by its identity. */
    final Map<String, List<String>> rows = new HashMap<>();

    public TieredArchive(Path parent, String remote) throws IOException {
        folder = Files.createDirectories(parent.resolve("archive"));
        this.remote = remote;
        rig = new ArchiveRig(folder, 3);
        store = rig.store();
        cache = new TierCache(parent.resolve("cache"), 1 << 20);
        ArchiveManifest begun = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        assertThat(store.publish(begun)).isTrue();
        written.add(rig.write(EventSchema.get().findTable("tick"), "2026-01-05", 20, "a-0", 1, 0, 1, true));
        written.add(rig.write(EventSchema.get().findTable("trade"), "2026-01-06", 20, "a-0", 2, 0, 2, true));
        written.add(rig.write(EventSchema.get().findTable("tick"), "2026-02-28", 20, "a-0", 3, 0, 3, true));
        written.add(rig.write(EventSchema.get().findTable("trade"), "2026-02-28", 20, "a-0", 4, 0, 4, true));
        for (DataFile file : written) {
            rows.put(file.batchId(), rig.rows(file));
        }
        assertThat(store.publish(begun.withFiles(written))).isTrue();
    }

    /** A copy of an archive as it was written, which is faster than to write one. */
    TieredArchive(Path parent, String remote, TieredArchive template) throws IOException {
        folder = Files.createDirectories(parent.resolve("archive"));
        this.remote = remote;
        rig = new ArchiveRig(folder, 3);
        store = rig.store();
        cache = new TierCache(parent.resolve("cache"), 1 << 20);
        written.addAll(template.written);
        try (Stream<Path> files = Files.walk(template.folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = folder.resolve(template.folder.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
    }

    public ManifestStore store() {
        return store;
    }

    ArchiveTiers tiers(Instant now) {
        return tiers(now, List.of(), step -> { });
    }

    ArchiveTiers tiers(Instant now, List<RetainedCheckpoint> checkpoints, Consumer<String> steps) {
        return new ArchiveTiers(store, THIRTY_DAYS, remote, GRACE, checkpoints, at(now), steps);
    }

    ArchiveFetch fetch(Instant now, Consumer<String> steps) {
        return new ArchiveFetch(store, at(now), steps);
    }

    /** Copies the old files, and removes their local ones. */
    public void moveAll() throws IOException {
        assertThat(tiers(NOW).run().problems()).isEmpty();
        assertThat(tiers(LATER).run().problems()).isEmpty();
    }

    /** Removes the local files that left by the clock of the machine. */
    public void endGraceTime() throws IOException {
        assertThat(tiers(Instant.now().plus(GRACE).plusSeconds(60)).run().deleted()).hasSize(2);
    }

    /** Copies the old files. */
    public TierReport copyOnly() throws IOException {
        return tiers(NOW).run();
    }

    /** Fetches everything; gives the number of files. */
    public int fetchAll() throws IOException {
        ArchiveFetch.Report report = fetch(LATER, step -> { }).run(file -> true, Duration.ofDays(1));
        assertThat(report.problems()).isEmpty();
        return report.fetched().size();
    }

    /** Lets the rows of January expire, up to the end; gives the number of files that were deleted. */
    public int expireAll() throws IOException {
        RetentionPolicy policy = new RetentionPolicy(new RetentionStages(null, null, 40), Map.of());
        new ArchiveRetention(store, policy, GRACE, List.of(), at(LATER)).run();
        return new ArchiveRetention(store, policy, GRACE, List.of(), at(LATER.plus(GRACE).plusMillis(1))).run().deleted().size();
    }

    static Clock at(Instant instant) {
        return Clock.fixed(instant, ZoneOffset.UTC);
    }

    RemoteCopy copyOf(DataFile file) throws IOException {
        return store.latest().remoteByBatch().get(file.batchId());
    }

    /** Reads every row of every file of the newest version as a query does, and compares. */
    public void assertRowsReadable() throws IOException {
        ArchiveManifest latest = store.latest();
        ColdFiles files = ColdFiles.of(store, latest, cache);
        for (DataFile file : latest.files()) {
            try (ColdFile cold = files.open(file)) {
                assertThat(ArchiveRig.rows(cold.path())).as(file.path()).isEqualTo(rows.get(file.batchId()));
            }
        }
    }

    /** Opens every file of the newest version as a query does, and compares its bytes. */
    void assertBytesReadable() throws IOException {
        assertBytesReadable(cache);
    }

    /** As {@link #assertBytesReadable()}, through another cache. */
    void assertBytesReadable(TierCache through) throws IOException {
        ArchiveManifest latest = store.latest();
        ColdFiles files = ColdFiles.of(store, latest, through);
        assertThat(latest.files()).hasSameSizeAs(written);
        for (DataFile file : latest.files()) {
            try (ColdFile cold = files.open(file)) {
                assertThat(Sha256.of(cold.path())).as(file.path()).isEqualTo(file.sha256());
            }
        }
    }

    boolean isLocal(DataFile file) {
        return Files.exists(folder.resolve(file.path()));
    }

    List<String> auditRows(String table) throws IOException {
        List<String> found = new ArrayList<>();
        if (Files.exists(folder.resolve(table))) {
            try (Stream<Path> files = Files.walk(folder.resolve(table))) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    found.addAll(Files.readAllLines(file));
                }
            }
        }
        return found;
    }
}
