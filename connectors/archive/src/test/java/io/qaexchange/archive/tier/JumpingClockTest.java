package io.qaexchange.archive.tier;

import static io.qaexchange.archive.tier.TieredArchive.GRACE;
import static io.qaexchange.archive.tier.TieredArchive.LATER;
import static io.qaexchange.archive.tier.TieredArchive.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.RemoteCopy.Stage;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A clock that jumps by years, ahead and back, while files are copied, leave, come back and expire. */
class JumpingClockTest {

    private static final Instant AHEAD = Instant.parse("2100-01-01T00:00:00Z");
    private static final List<Instant> CLOCKS = List.of(Instant.EPOCH, Instant.parse("2020-01-01T00:00:00Z"), NOW, LATER, LATER.plus(GRACE), AHEAD,
            AHEAD.plus(GRACE).plusSeconds(1));
    private static final int HISTORIES = 25;
    private static final int RUNS = 12;
    /** The oldest rows are 54 days older than the newest: none may expire, whatever the clock says. */
    private static final RetentionPolicy SIXTY_DAYS = new RetentionPolicy(new RetentionStages(null, null, 60), Map.of());

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

    @Test
    void noRowGoesBeforeItsTimeWhateverTheClockSays() throws IOException {
        for (int seed = 0; seed < HISTORIES; seed++) {
            Random random = new Random(seed);
            TieredArchive archive = archive("history " + seed);
            StringBuilder history = new StringBuilder("seed " + seed);
            for (int i = 0; i < RUNS; i++) {
                Instant now = CLOCKS.get(random.nextInt(CLOCKS.size()));
                int what = random.nextInt(4);
                history.append(", ").append(List.of("tiers", "fetch", "retain", "compact").get(what)).append(" at ").append(now);
                switch (what) {
                    case 0 -> assertThat(archive.tiers(now).run().problems()).as(history.toString()).isEmpty();
                    case 1 -> archive.fetch(now, step -> { }).run(file -> true, Duration.ofDays(1));
                    case 2 -> assertThat(retain(archive, SIXTY_DAYS, now).expired()).as(history.toString()).isEmpty();
                    default -> new ArchiveCompaction(archive.store, CompactionOptions.DEFAULT, Files.createDirectories(archive.folder.resolveSibling("tmp")),
                            TieredArchive.at(now)).run(file -> true, file -> { });
                }
                archive.assertBytesReadable();
                assertThat(ArchiveCheck.run(archive.store, null).problems()).as(history.toString()).isEmpty();
            }
        }
    }

    private static RetentionReport retain(TieredArchive archive, RetentionPolicy policy, Instant now) throws IOException {
        return new ArchiveRetention(archive.store, policy, GRACE, List.of(), TieredArchive.at(now)).run();
    }

    @Test
    void aGraceTimeThatBeganInTheFutureBeginsAgainWhenTheClockIsRight() throws IOException {
        TieredArchive archive = archive("local files");
        DataFile old = archive.written.get(0);
        assertThat(archive.tiers(AHEAD).run().leaving()).hasSize(2);
        assertThat(archive.tiers(NOW).run().waiting()).as("the grace time of 2100 is over in 2100").hasSize(2);
        assertThat(archive.isLocal(old)).isTrue();
        assertThat(archive.tiers(LATER).run().deleted()).hasSize(2);
        assertThat(archive.copyOf(old).stage()).isEqualTo(Stage.REMOTE);

        RetentionPolicy fortyDays = new RetentionPolicy(new RetentionStages(null, null, 40), Map.of());
        TieredArchive expiring = archive("expired rows");
        assertThat(retain(expiring, fortyDays, AHEAD).expired()).hasSize(2);
        RetentionReport back = retain(expiring, fortyDays, NOW);
        assertThat(back.waiting()).hasSize(2);
        assertThat(back.notes()).singleElement().asString().contains("2 files left the archive at a time that is still to come");
        assertThat(retain(expiring, fortyDays, NOW.plusSeconds(1)).notes()).isEmpty();
        assertThat(retain(expiring, fortyDays, LATER).deleted()).hasSize(2);
        assertThat(expiring.isLocal(expiring.written.get(0))).isFalse();
        assertThat(ArchiveCheck.run(expiring.store, null).problems()).isEmpty();
    }

    @Test
    void aClockThatIsBehindShortensNoGraceTime() throws IOException {
        TieredArchive archive = archive("behind");
        RetentionPolicy fortyDays = new RetentionPolicy(new RetentionStages(null, null, 40), Map.of());
        assertThat(archive.tiers(NOW).run().leaving()).hasSize(2);
        archive.tiers(Instant.EPOCH).run();
        assertThat(archive.tiers(NOW.plusSeconds(1)).run().waiting()).hasSize(2);
        assertThat(retain(archive, fortyDays, NOW).expired()).hasSize(2);
        assertThat(retain(archive, fortyDays, Instant.EPOCH).notes()).isEmpty();
        assertThat(retain(archive, fortyDays, NOW.plusSeconds(1)).waiting()).hasSize(2);
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();
    }

    @Test
    void aClockThatIsAheadMovesFilesAfterTheyWereComparedOnly() throws IOException {
        TieredArchive archive = archive("ahead");
        archive.tiers(NOW).run();
        DataFile old = archive.written.get(0);
        Path object = Path.of(archive.remote.substring("file://".length())).resolve(old.path());
        Files.writeString(object, "another file");
        assertThat(archive.tiers(AHEAD).run().problems()).singleElement().asString().contains("local file stays: " + old.path());
        assertThat(archive.isLocal(old)).isTrue();
        assertThat(archive.tiers(Instant.EPOCH).run().deleted()).as("a clock that is behind deletes nothing").isEmpty();
    }
}
