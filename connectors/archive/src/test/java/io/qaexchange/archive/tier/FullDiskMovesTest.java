package io.qaexchange.archive.tier;

import static io.qaexchange.archive.tier.TieredArchive.LATER;
import static io.qaexchange.archive.tier.TieredArchive.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.SmallDisk;
import io.qaexchange.archive.control.ArchiveControl;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.RemoteCopy.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fills while files move, at each step: the answer says so, nothing is half done, every row can be read, and the next run finishes. */
class FullDiskMovesTest {

    private static final int MEGABYTES = 2;
    private static final int FILES = 150;
    private static final Duration DAY = Duration.ofDays(1);

    @TempDir
    private Path parent;
    private TieredArchive template;
    private List<String> steps;
    private int disks;
    private int refusals;

    @BeforeEach
    void stepsOfMovesThereAndBack() throws IOException {
        template = new TieredArchive(parent.resolve("template"), "none");
        Path second = Files.createDirectories(parent.resolve("all steps/second"));
        TieredArchive archive = new TieredArchive(second.getParent(), "file://" + second, template);
        LinkedHashSet<String> told = new LinkedHashSet<>();
        for (Move move : moves(archive, told::add)) {
            assertThat(move.run()).isEmpty();
        }
        steps = List.copyOf(told);
        assertThat(steps).hasSizeGreaterThan(20);
    }

    /** A run of an operator; its problems. */
    private interface Move {
        List<String> run() throws IOException;
    }

    private static List<Move> moves(TieredArchive archive, Consumer<String> steps) {
        return List.of(() -> archive.tiers(NOW, List.of(), steps).run().problems(),
                () -> archive.tiers(LATER, List.of(), steps).run().problems(),
                () -> archive.fetch(LATER, steps).run(file -> true, DAY).problems());
    }

    @Test
    void theDiskOfTheArchiveFillsAtEachStep() throws Exception {
        for (String step : steps) {
            for (SmallDisk.Kind kind : SmallDisk.Kind.values()) {
                try (SmallDisk disk = SmallDisk.mount(parent.resolve("disk " + ++disks), MEGABYTES, FILES)) {
                    Path second = Files.createDirectories(parent.resolve("second disk " + disks));
                    fill(new TieredArchive(disk.folder(), "file://" + second, template), disk, step, kind);
                }
            }
        }
        System.out.println("disk of the archive: " + refusals + " runs of " + steps.size() + " steps met a full disk");
        assertThat(refusals).isGreaterThan(steps.size());
    }

    @Test
    void theDiskOfTheObjectsFillsAtEachStep() throws Exception {
        for (String step : steps) {
            for (SmallDisk.Kind kind : SmallDisk.Kind.values()) {
                try (SmallDisk disk = SmallDisk.mount(parent.resolve("disk " + ++disks), MEGABYTES, FILES)) {
                    Path second = Files.createDirectories(disk.folder().resolve("objects"));
                    fill(new TieredArchive(parent.resolve("archive " + disks), "file://" + second, template), disk, step, kind);
                }
            }
        }
        System.out.println("disk of the objects: " + refusals + " runs of " + steps.size() + " steps met a full disk");
        assertThat(refusals).as("steps up to the second put, by bytes and by files").isGreaterThanOrEqualTo(4);
    }

    private void fill(TieredArchive archive, SmallDisk disk, String step, SmallDisk.Kind kind) throws IOException {
        String where = "full of " + kind + " at the step " + step;
        boolean[] filled = new boolean[1];
        Consumer<String> filler = now -> {
            if (now.equals(step) && !filled[0]) {
                filled[0] = true;
                try {
                    disk.fill(kind);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
        };
        List<Move> disturbed = moves(archive, filler);
        List<Move> undisturbed = moves(archive, told -> { });
        for (int i = 0; i < disturbed.size(); i++) {
            List<String> problems = problems(disturbed.get(i));
            if (!disk.isFilled()) {
                assertThat(problems).as(where).isEmpty();
            } else {
                requireClear(problems, where);
                requireWhole(archive, where);
                requireClear(problems(undisturbed.get(i)), where + ", once more");
                requireWhole(archive, where + ", once more");
                disk.free();
                assertThat(problems(undisturbed.get(i))).as(where + ", with space again").isEmpty();
            }
            requireWhole(archive, where);
            for (DataFile moved : archive.written.subList(0, 2)) {
                assertThat(archive.copyOf(moved).stage()).as(where).isEqualTo(List.of(Stage.LEAVING, Stage.REMOTE, Stage.BOTH).get(i));
                assertThat(archive.isLocal(moved)).as(where).isEqualTo(i != 1);
            }
        }
        assertThat(filled[0]).as(where).isTrue();
        assertThat(archive.auditRows("_moves")).as(where + ": each move is one row").hasSize(4);
        assertThat(archive.auditRows("_deletions")).as(where + ": each deletion is one row").hasSize(2);
    }

    private static List<String> problems(Move move) {
        try {
            return move.run();
        } catch (IOException e) {
            return List.of(e.getMessage());
        }
    }

    /** Each problem says why, and names a file, an object or a disk. */
    private void requireClear(List<String> problems, String where) {
        refusals += problems.isEmpty() ? 0 : 1;
        assertThat(problems).as(where).allMatch(problem -> problem.contains(SmallDisk.NO_SPACE) || problem.contains("bytes left"))
                .allMatch(problem -> problem.contains("/"));
    }

    /** Every row can be read through a cache on another disk, each byte is what it was, and nothing of an interrupted step lies about. */
    private void requireWhole(TieredArchive archive, String where) throws IOException {
        try (TierCache cache = new TierCache(parent.resolve("cache " + disks), 1 << 20)) {
            archive.assertBytesReadable(cache);
        }
        assertThat(ArchiveCheck.run(archive.store, null).problems()).as(where).isEmpty();
        for (Path root : List.of(archive.folder, Path.of(archive.remote.substring("file://".length())))) {
            try (Stream<Path> files = Files.walk(root)) {
                assertThat(files.filter(Files::isRegularFile).filter(file -> root.relativize(file).toString().contains("."))
                        .filter(file -> Stream.of(root.relativize(file).toString().split("/")).anyMatch(name -> name.startsWith("."))))
                        .as(where + ": hidden files").isEmpty();
            }
        }
    }

    @Test
    void aRequestOfAnOperatorIsWrittenWholeOrNotAtAll() throws Exception {
        for (SmallDisk.Kind kind : SmallDisk.Kind.values()) {
            try (SmallDisk disk = SmallDisk.mount(parent.resolve("disk " + ++disks), MEGABYTES, FILES)) {
                ArchiveControl control = ArchiveControl.of(new TieredArchive(disk.folder(), "none", template).store);
                ArchiveControl.Request first = control.archiveNow("otto", "one", Clock.systemUTC());
                disk.fill(kind);
                assertThatThrownBy(() -> control.pause("otto", "", "two", Clock.systemUTC())).isInstanceOf(IOException.class)
                        .hasMessageContaining(SmallDisk.NO_SPACE).hasMessageContaining("_control/paused");
                assertThatThrownBy(() -> control.archiveNow("otto", "three", Clock.systemUTC())).isInstanceOf(IOException.class)
                        .hasMessageContaining(SmallDisk.NO_SPACE).hasMessageContaining("_control/now");
                assertThat(control.read()).as(kind.name()).isEqualTo(new ArchiveControl.State(null, first));
                disk.free();
                assertThat(control.pause("otto", "", "four", Clock.systemUTC())).isTrue();
                assertThat(control.pause("rita", "", "five", Clock.systemUTC())).isFalse();
                assertThat(control.read().paused().request()).isEqualTo("four");
            }
        }
    }

    @Test
    void whatIsTooLargeForTheDiskIsNotFetched() throws Exception {
        try (SmallDisk disk = SmallDisk.mount(parent.resolve("disk " + ++disks), MEGABYTES, FILES)) {
            Path second = Files.createDirectories(parent.resolve("second disk"));
            TieredArchive archive = new TieredArchive(disk.folder(), "file://" + second, template);
            archive.moveAll();
            long version = archive.store.latest().version();
            disk.fill(SmallDisk.Kind.BYTES);
            assertThatThrownBy(archive::fetchAll).isInstanceOf(IOException.class).hasMessageContaining("2 files with").hasMessageContaining("0 bytes left");
            assertThat(archive.store.latest().version()).as("nothing is changed").isEqualTo(version);
            disk.free();
            assertThat(archive.fetchAll()).isEqualTo(2);
        }
    }
}
