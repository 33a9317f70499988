package io.qaexchange.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.ManifestStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Manifest versions of an archive on S3, by Flink's file system and a real server: of writers that publish one version at once, one wins. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class S3ManifestTest {

    private static final String BUCKET = "market";

    @TempDir
    private static java.nio.file.Path shared;
    private static S3Server server;
    private static FaultyWire wire;

    @BeforeAll
    static void aServer() throws Exception {
        server = S3Server.start(shared.resolve("s3"), BUCKET);
        wire = new FaultyWire(server.port());
        S3Server.use(wire.address());
        FileSystem.initialize(server.flinkConfiguration(), null);
    }

    @AfterAll
    static void noServer() throws Exception {
        FileSystem.initialize(new Configuration(), null);
        S3Server.useNone();
        wire.close();
        server.close();
    }

    @Test
    void ofWritersThatPublishOneVersionAtOnceOneWins() throws Exception {
        ManifestStore store = ManifestStore.of(new Path("s3://" + BUCKET + "/race"));
        assertThat(store.publish(ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1)))).isTrue();
        int writers = 4;
        int versions = 10;
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            for (int round = 0; round < versions; round++) {
                ArchiveManifest latest = store.latest();
                List<Callable<Boolean>> publications = new ArrayList<>();
                for (int writer = 0; writer < writers; writer++) {
                    ArchiveManifest mine = latest.withHolds(List.of(new LegalHold("writer-" + writer, null, null, null, "round " + round, round)));
                    publications.add(() -> ManifestStore.of(new Path("s3://" + BUCKET + "/race")).publish(mine));
                }
                int winner = -1;
                List<Future<Boolean>> answers = threads.invokeAll(publications);
                for (int writer = 0; writer < writers; writer++) {
                    if (answers.get(writer).get()) {
                        assertThat(winner).as("a second winner of version %d", latest.version() + 1).isEqualTo(-1);
                        winner = writer;
                    }
                }
                assertThat(store.latest().version()).isEqualTo(latest.version() + 1);
                assertThat(store.latest().holds()).extracting(LegalHold::id).containsExactly("writer-" + winner);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(ArchiveCheck.run(store, null).problems()).as("the chain of hashes").isEmpty();
    }

    @Test
    void aListThatIsLateHidesNoVersion() throws IOException {
        Configuration throughTheWire = server.flinkConfiguration();
        throughTheWire.setString("s3.endpoint", wire.address());
        FileSystem.initialize(throughTheWire, null);
        Path archive = new Path("s3://" + BUCKET + "/late");
        ArchiveManifest first = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        assertThat(ManifestStore.of(archive).publish(first)).isTrue();
        assertThat(ManifestStore.of(archive).versions()).containsExactly(1L);
        wire.listLate(true);
        try {
            ArchiveManifest second = first.withHolds(List.of(new LegalHold("late", null, null, null, "late", 1)));
            assertThat(ManifestStore.of(archive).publish(second)).isTrue();

            assertThat(ManifestStore.of(archive).versions()).as("the list of before").containsExactly(1L);
            assertThat(ManifestStore.of(archive).latest()).isEqualTo(second);
            assertThat(ManifestStore.of(archive).latest(first)).isEqualTo(second);
            assertThat(ManifestStore.of(archive).publish(first.withHolds(List.of(new LegalHold("other", null, null, null, "late", 2))))).as("version 2 is taken").isFalse();
            assertThat(wire.lateLists()).as("lists that were late").isPositive();
        } finally {
            wire.listLate(false);
            FileSystem.initialize(server.flinkConfiguration(), null);
        }
        assertThat(ManifestStore.of(archive).versions()).containsExactly(1L, 2L);
    }

    @Test
    void aLostAnswerIsNoLostVersion() throws IOException {
        ManifestStore store = ManifestStore.of(new Path("s3a://" + BUCKET + "/lost"));
        ArchiveManifest first = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        wire.lose(1);
        assertThat(store.publish(first)).as("the put was done, and its answer lost").isTrue();
        assertThat(store.latest()).isEqualTo(first);
        assertThat(store.publish(first.withHolds(List.of()))).isTrue();
        assertThat(store.publish(first.withHolds(List.of(new LegalHold("late", null, null, null, "late", 1))))).as("version 2 is taken").isFalse();
    }
}
