package io.qaexchange.job.server.iceberg;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.iceberg.SnapshotRetention;
import io.qaexchange.job.server.MirroredArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.apache.iceberg.expressions.Expressions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tables follow the archive manifest; a failure is said, and healed when its cause is gone. */
@Timeout(60)
class ContinuousMirrorTest {

    private static final ContinuousMirror.Settings FAST =
            new ContinuousMirror.Settings(Duration.ofMillis(5), Duration.ofMillis(50), SnapshotRetention.DEFAULT, Map.of());

    @TempDir
    private Path folder;

    private static ContinuousMirror.State await(ContinuousMirror mirror, Predicate<ContinuousMirror.State> wanted) throws Exception {
        until(() -> wanted.test(mirror.state()));
        return mirror.state();
    }

    /** Looks again and again; the time limit of the class ends it. */
    private static void until(Callable<Boolean> wanted) throws Exception {
        while (!wanted.call()) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    @Test
    void followsEachManifestVersion() throws Exception {
        MirroredArchive archive = new MirroredArchive(folder);
        try (ContinuousMirror mirror = ContinuousMirror.start(archive::store, FAST, Clock.systemUTC())) {
            for (int version = 2; version < 6; version++) {
                archive.archive("trade");
                long wanted = version;
                ContinuousMirror.State state = await(mirror, now -> now.mirrorVersion() == wanted);
                assertThat(state.lag()).isZero();
                assertThat(state.problem()).isNull();
                assertThat(mirror.behindSeconds()).isZero();
            }
        }
        assertThat(IcebergMirror.of(archive.store()).open("trade").snapshots()).hasSize(4);
        assertThat(IcebergMirror.of(archive.store()).status().isCurrent()).isTrue();
    }

    @Test
    void waitsForAJobThatDoesNotRunYet() throws Exception {
        MirroredArchive archive = new MirroredArchive(folder);
        archive.archive("trade");
        AtomicReference<String> away = new AtomicReference<>("the job does not run");
        try (ContinuousMirror mirror = ContinuousMirror.start(() -> {
            if (away.get() != null) {
                throw new IOException(away.get());
            }
            return archive.store();
        }, FAST, Clock.systemUTC())) {
            await(mirror, state -> state.failures() > 2 && "the job does not run".equals(state.problem()));
            away.set(null);
            await(mirror, state -> state.mirrorVersion() == 2 && state.failures() == 0 && state.problem() == null);
        }
    }

    @Test
    void aCatalogueThatCannotBeWrittenIsSaidAndHealed() throws Exception {
        MirroredArchive archive = new MirroredArchive(folder);
        archive.archive("trade");
        Path tables = folder.resolve(IcebergMirror.FOLDER);
        Files.writeString(tables, "a file where the folder should be");
        try (ContinuousMirror mirror = ContinuousMirror.start(archive::store, FAST, Clock.systemUTC())) {
            ContinuousMirror.State failing = await(mirror, state -> state.failures() > 1);
            assertThat(failing.lag()).isEqualTo(2);
            assertThat(failing.behindSince()).isNotNull();
            archive.archive("trade");
            await(mirror, state -> state.lag() == 3);
            Files.delete(tables);
            await(mirror, state -> state.lag() == 0 && state.mirrorVersion() == 3 && state.failures() == 0);
        }
    }

    @Test
    void anOutsideCatalogueThatIsAwayCatchesUp() throws Exception {
        MirroredArchive archive = new MirroredArchive(folder);
        archive.archive("trade");
        int port;
        try (java.net.ServerSocket free = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Map<String, String> outside = Map.of("type", "rest", "uri", "http://127.0.0.1:" + port);
        ContinuousMirror.Settings settings = new ContinuousMirror.Settings(Duration.ofMillis(5), Duration.ofMillis(50), SnapshotRetention.DEFAULT, outside);
        try (ContinuousMirror mirror = ContinuousMirror.start(archive::store, settings, Clock.systemUTC())) {
            ContinuousMirror.State away = await(mirror, state -> state.failures() > 1);
            assertThat(away.problem()).contains("catalogue http://127.0.0.1:" + port + " refuses or cannot be reached");
            assertThat(away.mirrorVersion()).as("the tables themselves go on").isEqualTo(2);
            archive.archive("trade");
            await(mirror, state -> state.mirrorVersion() == 3);
        }
    }

    @Test
    void aCommitOfSomebodyElseIsLeftAsItIsUntilItIsRepaired() throws Exception {
        MirroredArchive archive = new MirroredArchive(folder);
        archive.archive("trade");
        IcebergMirror.of(archive.store()).sync();
        IcebergMirror.of(archive.store()).open("trade").newDelete().deleteFromRowFilter(Expressions.alwaysTrue()).commit();
        archive.archive("trade");
        try (ContinuousMirror mirror = ContinuousMirror.start(archive::store, FAST, Clock.systemUTC())) {
            assertThat(await(mirror, state -> state.failures() > 1).problem()).contains("bin/table repair");
            IcebergMirror.of(archive.store()).repair(false);
            await(mirror, state -> state.lag() == 0 && state.problem() == null);
        }
        assertThat(IcebergMirror.of(archive.store()).status().isCurrent()).isTrue();
    }

    @Test
    void letsOldSnapshotsGo() throws Exception {
        MirroredArchive archive = new MirroredArchive(folder);
        for (int i = 0; i < 5; i++) {
            archive.archive("trade");
        }
        ContinuousMirror.Settings settings = new ContinuousMirror.Settings(Duration.ofMillis(5), Duration.ofMillis(50), new SnapshotRetention(2, Duration.ZERO), Map.of());
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofDays(1));
        try (ContinuousMirror mirror = ContinuousMirror.start(archive::store, settings, later)) {
            until(() -> {
                var table = IcebergMirror.of(archive.store()).open("trade");
                return mirror.state().mirrorVersion() == 6 && table != null && size(table.snapshots()) == 2;
            });
        }
    }

    private static int size(Iterable<?> some) {
        int size = 0;
        for (Object one : some) {
            size++;
        }
        return size;
    }
}
