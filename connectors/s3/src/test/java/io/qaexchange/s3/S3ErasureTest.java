package io.qaexchange.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.ArchiveRig;
import io.qaexchange.archive.erasure.ArchiveErasure;
import io.qaexchange.archive.erasure.ErasureReport;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.VersionLeases;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.archive.tier.TierCache;
import io.qaexchange.events.EventSchema;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rows are erased from an archive whose own folder is on S3, by Flink's file system and a real server, which is killed in between. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class S3ErasureTest {

    private static final String BUCKET = "erased";
    private static final Erasure OF_ACCOUNT_A = new Erasure("request-1", "A", null, null, null, "2026-12-31", "law", 0, 0, 0, 0);

    @TempDir
    private java.nio.file.Path folder;
    private S3Server server;
    private ManifestStore store;

    @BeforeEach
    void anArchiveOnS3() throws Exception {
        java.nio.file.Path local = folder.resolve("local");
        ArchiveRig rig = new ArchiveRig(local, 3);
        List<DataFile> written = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            written.add(rig.writeOrders("2026-01-05", List.of("A", "B", "A", "C"), "a-0", i, i));
        }
        written.add(rig.writeOrders("2026-01-06", List.of("A", "A"), "a-0", 3, 3));
        written.add(rig.write(EventSchema.get().findTable("tick"), "2026-01-05", 5, "a-0", 3, 0, 4, true));
        server = S3Server.start(folder.resolve("s3"), BUCKET);
        S3Server.use(server.address());
        FileSystem.initialize(server.flinkConfiguration(), null);
        store = ManifestStore.of(new Path("s3://" + BUCKET + "/archive"));
        for (DataFile file : written) {
            try (OutputStream out = store.root().getFileSystem().create(store.locate(file), FileSystem.WriteMode.NO_OVERWRITE)) {
                Files.copy(local.resolve(file.path()), out);
            }
        }
        ArchiveManifest begun = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        assertThat(store.publish(begun)).isTrue();
        assertThat(store.publish(begun.withFiles(written))).isTrue();
    }

    @AfterEach
    void noServer() throws Exception {
        FileSystem.initialize(new Configuration(), null);
        S3Server.useNone();
        server.close();
    }

    @Test
    void theRowsAreGoneFromTheTableAndTheirObjectsFromTheBucket() throws Exception {
        List<String> before = rows();
        ArchiveManifest read = store.latest();
        VersionLeases.Lease reader = VersionLeases.of(store, Clock.systemUTC()).take(read, read.files(), System.currentTimeMillis(), Duration.ofHours(1));
        assertThat(erasure().plan(OF_ACCOUNT_A).tableRows()).isEqualTo(6);
        assertThat(store.latest()).as("a plan changes nothing").isEqualTo(read);

        server.kill();
        assertThatThrownBy(() -> erasure().run(OF_ACCOUNT_A)).isInstanceOf(IOException.class).hasMessageContaining("archive s3://" + BUCKET + "/archive cannot be read")
                .hasMessageContaining("Connection refused");
        server.restart();
        assertThat(store.latest()).as("nothing is erased while S3 is away").isEqualTo(read);
        assertThat(rows()).isEqualTo(before);

        ErasureReport report = erasure().run(OF_ACCOUNT_A);
        assertThat(report.tableRows()).isEqualTo(6);
        assertThat(rows()).isEqualTo(before.stream().filter(row -> !row.contains("account: A\n")).toList()).hasSize(before.size() - 6);
        assertThat(store.latest().erasures()).containsExactly(report.erasure());
        assertThat(ArchiveCheck.run(store, null).problems()).isEmpty();

        assertThat(retention().deleted()).as("a reader has a lease on the version before").isEmpty();
        assertThat(missing(read.files())).isEmpty();
        VersionLeases.of(store, Clock.systemUTC()).release(reader);
        assertThat(retention().deleted()).hasSize(3);
        assertThat(missing(read.files())).as("objects with such rows").hasSize(3);
        assertThat(objects()).as("what the killed run left").noneMatch(object -> object.contains(".rewriting-"));
        assertThat(erasure().run(OF_ACCOUNT_A).files()).as("again").isEmpty();
        assertThat(ArchiveCheck.run(store, null).problems()).isEmpty();
    }

    private ArchiveErasure erasure() throws IOException {
        return new ArchiveErasure(store, Files.createDirectories(folder.resolve("tmp")), new TierCache(folder.resolve("cache"), 1 << 20), Clock.systemUTC());
    }

    private RetentionReport retention() throws IOException {
        return new ArchiveRetention(store, new RetentionPolicy(RetentionStages.KEEP, Map.of()), Duration.ofDays(7), List.of(), Clock.systemUTC()).runErased();
    }

    private List<String> rows() throws IOException {
        List<String> rows = new ArrayList<>();
        for (DataFile file : store.latest().files()) {
            rows.addAll(ArchiveRig.rows(store.locate(file)));
        }
        return rows.stream().sorted().toList();
    }

    private List<DataFile> missing(List<DataFile> files) {
        return files.stream().filter(file -> !Files.exists(server.object(BUCKET, "archive/" + file.path()))).toList();
    }

    private List<String> objects() throws IOException {
        try (Stream<java.nio.file.Path> all = Files.walk(server.object(BUCKET, "archive"))) {
            return all.filter(Files::isRegularFile).map(java.nio.file.Path::toString).toList();
        }
    }
}
