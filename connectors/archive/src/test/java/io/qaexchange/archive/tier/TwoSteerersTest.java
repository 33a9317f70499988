package io.qaexchange.archive.tier;

import static io.qaexchange.archive.tier.TieredArchive.GRACE;
import static io.qaexchange.archive.tier.TieredArchive.LATER;
import static io.qaexchange.archive.tier.TieredArchive.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.control.ArchiveControl;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy.Stage;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionStages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two servers that steer one archive at once: the whole run of the second falls into each step of the first. */
class TwoSteerersTest {

    private static final Duration DAY = Duration.ofDays(1);
    private static final RetentionPolicy FORTY_DAYS = new RetentionPolicy(new RetentionStages(null, null, 40), Map.of());
    private static final Instant LAST = LATER.plus(GRACE).plusMillis(1);

    @TempDir
    private Path parent;
    private TieredArchive template;

    @BeforeEach
    void anArchive() throws IOException {
        template = new TieredArchive(parent.resolve("template"), "none");
    }

    private TieredArchive archive(String name) throws IOException {
        return new TieredArchive(parent.resolve(name), "file://" + Files.createDirectories(parent.resolve(name + "/second")), template);
    }

    /** Runs that an operator asks for. */
    private enum Work {
        COPY, DELETE_LOCALLY, FETCH, EXPIRE, DELETE;

        void run(TieredArchive archive, Consumer<String> steps) throws IOException {
            // Each server has a store of its own: they share nothing but the folder.
            ManifestStore store = ManifestStore.of(archive.store.root());
            switch (this) {
                case COPY -> new ArchiveTiers(store, TieredArchive.THIRTY_DAYS, archive.remote, GRACE, List.of(), TieredArchive.at(NOW), steps).run();
                case DELETE_LOCALLY -> new ArchiveTiers(store, TieredArchive.THIRTY_DAYS, archive.remote, GRACE, List.of(), TieredArchive.at(LATER), steps).run();
                case FETCH -> new ArchiveFetch(store, TieredArchive.at(LATER), steps).run(file -> true, DAY);
                case EXPIRE -> ArchiveRetention.observed(store, FORTY_DAYS, GRACE, List.of(), TieredArchive.at(LATER), steps).run();
                case DELETE -> ArchiveRetention.observed(store, FORTY_DAYS, GRACE, List.of(), TieredArchive.at(LAST), steps).run();
            }
        }
    }

    @Test
    void theSameCommandOfAnotherServerInEachStepChangesNothing() throws IOException {
        for (Work interrupted : Work.values()) {
            for (String step : stepsOf(interrupted)) {
                TieredArchive archive = archive("same " + interrupted + " " + step);
                for (Work work : Work.values()) {
                    String where = work + ", interrupted at the step " + step;
                    work.run(archive, work == interrupted ? interrupting(step, archive, work) : told -> { });
                    assertWhole(archive, work.compareTo(Work.EXPIRE) < 0, where);
                    if (work == Work.FETCH) {
                        assertThat(archive.copyOf(archive.written.get(0)).stage()).as(where).isEqualTo(Stage.BOTH);
                    }
                }
                assertThat(archive.auditRows("_moves")).as(interrupted + " at " + step + ": each move is one row").hasSize(4);
                assertThat(archive.auditRows("_deletions")).as(interrupted + " at " + step + ": each deletion is one row").hasSize(4);
                assertThat(archive.isLocal(archive.written.get(0))).isFalse();
            }
        }
    }

    @Test
    void anyOtherCommandInEachStepLosesNoRowThatIsWithin() throws IOException {
        int interruptions = 0;
        for (Work interrupted : Work.values()) {
            for (Work other : Work.values()) {
                for (String step : other == interrupted ? List.<String>of() : stepsOf(interrupted)) {
                    TieredArchive archive = archive(++interruptions + "");
                    for (Work work : Work.values()) {
                        String where = other + " in " + interrupted + " at the step " + step + ", at " + work;
                        work.run(archive, work == interrupted ? interrupting(step, archive, other) : told -> { });
                        if (work.compareTo(interrupted) >= 0) {
                            assertWhole(archive, work.compareTo(Work.EXPIRE) < 0 && other.compareTo(Work.EXPIRE) < 0, where);
                        }
                    }
                    assertThat(archive.auditRows("_deletions")).doesNotHaveDuplicates();
                }
            }
        }
        System.out.println(interruptions + " runs were interrupted by another command");
        assertThat(interruptions).isGreaterThan(100);
    }

    private Set<String> stepsOf(Work work) throws IOException {
        TieredArchive archive = archive("steps of " + work + " " + System.nanoTime());
        Set<String> steps = new LinkedHashSet<>();
        for (Work each : Work.values()) {
            each.run(archive, each == work ? steps::add : told -> { });
        }
        return steps;
    }

    /** Runs the other's work once, at a step. */
    private static Consumer<String> interrupting(String step, TieredArchive archive, Work other) {
        boolean[] done = new boolean[1];
        return told -> {
            if (told.equals(step) && !done[0]) {
                done[0] = true;
                try {
                    other.run(archive, also -> { });
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
        };
    }

    /** @param all whether the old rows must be there too */
    private static void assertWhole(TieredArchive archive, boolean all, String where) throws IOException {
        List<DataFile> files = archive.store.latest().files();
        assertThat(files).as(where).containsAll(archive.written.subList(2, 4));
        if (all) {
            assertThat(files).as(where).hasSize(4);
        }
        ColdFiles cold = ColdFiles.of(archive.store, archive.store.latest(), archive.cache);
        for (DataFile file : files) {
            try (ColdFile open = cold.open(file)) {
                assertThat(io.qaexchange.archive.manifest.Sha256.of(open.path())).as(where + ": " + file.path()).isEqualTo(file.sha256());
            }
        }
        assertThat(ArchiveCheck.run(archive.store, null).problems()).as(where).isEmpty();
    }

    @Test
    void ofServersThatPauseAtOnceOneDoesAndAllNameIt() throws Exception {
        ManifestStore store = archive("pauses").store;
        ExecutorService servers = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 50; round++) {
                List<Callable<Boolean>> pauses = new ArrayList<>();
                List<String> names = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    String name = "server-" + i;
                    names.add(name);
                    pauses.add(() -> ArchiveControl.of(ManifestStore.of(store.root())).pause(name, "", "r", Clock.systemUTC()));
                }
                Set<String> paused = new HashSet<>();
                List<Future<Boolean>> answers = servers.invokeAll(pauses);
                for (int i = 0; i < answers.size(); i++) {
                    if (answers.get(i).get()) {
                        paused.add(names.get(i));
                    }
                }
                assertThat(paused).as("round %d: servers that say they paused", round).containsExactly(ArchiveControl.of(store).read().paused().by());
                assertThat(ArchiveControl.of(store).resume()).isTrue();
                assertThat(ArchiveControl.of(store).resume()).isFalse();
            }
        } finally {
            servers.shutdownNow();
        }
    }
}
