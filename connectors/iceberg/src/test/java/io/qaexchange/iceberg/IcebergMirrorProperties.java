package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.apache.iceberg.Table;

/** Random histories of an archive, with syncs between: the tables show what the archive manifest lists, and their branches can be read. */
class IcebergMirrorProperties {

    private static final List<String> TABLES = List.of("trade", "tick");
    private static final List<String> DAYS = List.of("2026-01-05", "2026-01-06", "2026-01-07");

    @Property(tries = 6, shrinking = ShrinkingMode.OFF)
    void theTablesShowWhatTheManifestLists(@ForAll long seed) throws IOException {
        Path folder = Files.createTempDirectory("mirror");
        try {
            check(folder, new Random(seed));
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void check(Path folder, Random random) throws IOException {
        ArchiveHistory history = new ArchiveHistory(folder, random.nextLong());
        IcebergMirror mirror = new IcebergMirror(history.store(), new UnsyncedFiles());
        for (int step = 0; step < 14; step++) {
            step(history, random);
            if (random.nextInt(3) > 0) {
                mirror = random.nextInt(4) == 0 ? new IcebergMirror(history.store(), new UnsyncedFiles()) : mirror;
                mirror.sync();
                check(history, mirror);
            }
        }
        mirror.sync();
        check(history, mirror);
        assertThat(mirror.sync().snapshots()).isZero();
    }

    private static void step(ArchiveHistory history, Random random) throws IOException {
        switch (random.nextInt(13)) {
            case 0 -> history.compact();
            case 1 -> history.expire(DAYS.get(random.nextInt(DAYS.size())));
            case 2 -> history.deleteRetired();
            case 10, 11 -> history.tier(random.nextBoolean() ? Duration.ZERO : Duration.ofDays(1));
            case 12 -> history.fetch(DAYS.get(random.nextInt(DAYS.size())));
            case 3, 4 -> {
                if (!history.checkpoints().isEmpty()) {
                    history.restore(history.checkpoints().get(random.nextInt(history.checkpoints().size())));
                }
            }
            default -> history.archive(TABLES.get(random.nextInt(TABLES.size())), 1 + random.nextInt(5),
                    DAYS.subList(random.nextInt(DAYS.size()), DAYS.size()).toArray(new String[0]));
        }
    }

    private static void check(ArchiveHistory history, IcebergMirror mirror) throws IOException {
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        for (String name : TABLES) {
            Table table = mirror.open(name);
            if (table != null) {
                for (String branch : table.refs().keySet()) {
                    IcebergMirrorTest.assertReadable(table, branch);
                }
                assertThat(table.currentSnapshot().summary()).containsKey(ForeignChanges.MANIFEST_VERSION);
            }
        }
    }
}
