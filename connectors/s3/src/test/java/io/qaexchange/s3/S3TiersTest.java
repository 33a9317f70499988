package io.qaexchange.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.objects.ObjectStore;
import io.qaexchange.archive.tier.TierReport;
import io.qaexchange.archive.tier.TieredArchive;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tiers and the store itself against a real S3 server, also if it is slow to answer, refuses, breaks off, or is away. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class S3TiersTest {

    private static final String BUCKET = "cold";
    /** As many as the JDK keeps for one server. */
    private static final int KEPT_CONNECTIONS = 5;

    @TempDir
    private static Path shared;
    private static S3Server server;
    private static FaultyWire wire;
    @TempDir
    private Path parent;

    @BeforeAll
    static void aServer() throws Exception {
        server = S3Server.start(shared.resolve("s3"), BUCKET);
        wire = new FaultyWire(server.port());
        S3Server.use(wire.address());
    }

    @AfterAll
    static void noServer() throws Exception {
        S3Server.useNone();
        wire.close();
        server.close();
    }

    @Test
    void copiesLeavesDeletesReadsAndFetches() throws IOException {
        TieredArchive archive = new TieredArchive(parent, "s3://" + BUCKET + "/market/archive");
        archive.moveAll();
        assertThat(server.object(BUCKET, "market/archive/" + archive.store().latest().files().get(0).path())).exists();
        archive.assertRowsReadable();
        ArchiveCheck check = ArchiveCheck.run(archive.store(), null);
        assertThat(check.problems()).isEmpty();
        assertThat(check.objects()).isEqualTo(2);
        assertThat(archive.fetchAll()).isEqualTo(2);
        archive.assertRowsReadable();
        assertThat(archive.expireAll()).isEqualTo(2);
        assertThat(server.object(BUCKET, "market/archive")).as("rows that expire take their objects along").doesNotExist();
    }

    @Test
    void putsWithoutOverwritingAlsoIfTwoPutAtOnceOrAnAnswerIsLost() throws Exception {
        Path one = Files.writeString(parent.resolve("one"), "one");
        Path two = Files.writeString(parent.resolve("two"), "two");
        try (ObjectStore store = open(BUCKET, "puts")) {
            assertThat(store.length("a")).isEqualTo(-1);
            assertThat(store.putIfAbsent("a", one)).isTrue();
            assertThat(store.putIfAbsent("a", two)).isFalse();
            assertThat(read(store, "a")).isEqualTo("one");

            ExecutorService writers = Executors.newFixedThreadPool(4);
            for (int round = 0; round < 5; round++) {
                String key = "race-" + round;
                List<Callable<Boolean>> puts = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    puts.add(() -> store.putIfAbsent(key, one));
                }
                int won = 0;
                for (Future<Boolean> put : writers.invokeAll(puts)) {
                    won += put.get() ? 1 : 0;
                }
                assertThat(won).as("writers that think they put %s", key).isEqualTo(1);
            }
            writers.shutdown();

            wire.lose(1);
            store.putIfAbsent("lost", one);
            assertThat(read(store, "lost")).as("the answer was lost, the object is there").isEqualTo("one");
            store.delete("a");
            store.delete("a");
            assertThat(store.length("a")).isEqualTo(-1);
            assertThatThrownBy(() -> store.open("a")).isInstanceOf(FileNotFoundException.class).hasMessageContaining("s3://" + BUCKET + "/puts/a");
        }
    }

    @Test
    void connectionsThatAreAllDeadAreReplaced() throws Exception {
        Path file = Files.write(parent.resolve("body"), new byte[100]);
        ExecutorService clients = Executors.newFixedThreadPool(KEPT_CONNECTIONS);
        try (ObjectStore store = open(BUCKET, "dead")) {
            for (int round = 0; round < 2; round++) {
                String name = round + "-";
                List<Callable<Boolean>> puts = new ArrayList<>();
                for (int i = 0; i < KEPT_CONNECTIONS; i++) {
                    String key = name + i;
                    puts.add(() -> store.putIfAbsent(key, file));
                }
                for (Future<Boolean> put : clients.invokeAll(puts)) {
                    assertThat(put.get()).isTrue();
                }
                wire.resetAtNextByte();
                assertThat(store.putIfAbsent(name + "next", file)).as("round %d", round).isTrue();
            }
        } finally {
            clients.shutdownNow();
        }
    }

    @Test
    void aRefusalIsTriedAgainAndABrokenAnswerIsNeverAShortFile() throws Exception {
        Path file = Files.write(parent.resolve("large"), new byte[300_000]);
        try (ObjectStore store = open(BUCKET, "faults")) {
            wire.refuse(2);
            assertThat(store.putIfAbsent("large", file)).isTrue();
            wire.refuse(1);
            assertThat(store.length("large")).isEqualTo(300_000);
        }
        try (ObjectStore store = open(BUCKET, "faults")) {
            wire.breakBehind(100_000);
            assertThatThrownBy(() -> read(store, "large")).isInstanceOf(IOException.class).hasMessageContaining("s3://" + BUCKET + "/faults/large");
        } finally {
            wire.breakBehind(-1);
        }
    }

    @Test
    void aSlowStoreIsWaitedFor() throws Exception {
        wire.slow(Duration.ofMillis(50));
        try {
            TieredArchive archive = new TieredArchive(parent, "s3://" + BUCKET + "/slow");
            archive.moveAll();
            archive.assertRowsReadable();
            assertThat(archive.fetchAll()).isEqualTo(2);
        } finally {
            wire.slow(Duration.ZERO);
        }
    }

    @Test
    void aStoreThatIsAwayABucketThatIsNotThereAndAWrongSecretAreErrorsThatNameTheFile() throws Exception {
        TieredArchive archive = new TieredArchive(parent, "s3://" + BUCKET + "/away");
        archive.moveAll();
        wire.refuse(Integer.MAX_VALUE);
        try {
            assertThatThrownBy(archive::assertRowsReadable).isInstanceOf(IOException.class).hasMessageContaining("file table=")
                    .hasMessageContaining("is in an object store only").hasMessageContaining("503");
            assertThat(ArchiveCheck.run(archive.store(), null).problems()).hasSize(2).allMatch(problem -> problem.contains("cannot be checked"));
        } finally {
            wire.refuse(0);
        }
        archive.assertRowsReadable();

        TierReport none = new TieredArchive(parent.resolve("none"), "s3://no-such-bucket/x").copyOnly();
        assertThat(none.problems()).singleElement().asString().contains("there is no bucket no-such-bucket").contains("2 files are not copied");
        System.setProperty("aws.secretAccessKey", "wrong");
        try {
            assertThat(new TieredArchive(parent.resolve("wrong"), "s3://" + BUCKET + "/wrong").copyOnly().problems()).singleElement().asString().contains("403")
                    .doesNotContain("wrong-secret");
        } finally {
            S3Server.use(wire.address());
        }
    }

    private static ObjectStore open(String bucket, String prefix) {
        return new S3StoreProvider().open(URI.create("s3://" + bucket + "/" + prefix));
    }

    private static String read(ObjectStore store, String key) throws IOException {
        try (InputStream in = store.open(key)) {
            return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }
}
