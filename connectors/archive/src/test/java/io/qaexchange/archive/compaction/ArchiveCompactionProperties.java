package io.qaexchange.archive.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.ArchiveRig;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.parquet.ParquetCompression;
import io.qaexchange.parquet.ParquetOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** Random files of all tables: every column of every row is the same before and after, and every row is there once. */
class ArchiveCompactionProperties {

    @Property(tries = 12, shrinking = ShrinkingMode.OFF)
    void everyColumnOfEveryRowIsTheSameBeforeAndAfter(@ForAll long seed) throws Exception {
        Path folder = Files.createTempDirectory("compaction");
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

    private static void check(Path folder, Random random) throws Exception {
        ArchiveRig rig = new ArchiveRig(Files.createDirectory(folder.resolve("archive")), random.nextLong());
        List<RecordType> types = EventSchema.get().recordTypes();
        List<DataFile> written = new ArrayList<>();
        int most = 2 + random.nextInt(20);
        for (int ordinal = 1; ordinal <= most; ordinal++) {
            RecordType type = types.get(random.nextInt(Math.min(types.size(), 1 + random.nextInt(types.size()))));
            written.add(rig.write(type, "2026-01-0" + (1 + random.nextInt(2)), 1 + random.nextInt(60), "a-0", 1 + ordinal / 3, random.nextInt(3), ordinal,
                    random.nextInt(4) > 0));
        }
        int mostRows = random.nextInt(8);
        for (int i = 0; i < mostRows; i++) {
            written.add(rig.writeRows("2026-01-0" + (1 + random.nextInt(2)), 1 + random.nextInt(60), "a-0", 1 + i));
        }
        ArchiveManifest before = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1)).withFiles(written);
        assertThat(rig.store().publish(ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1)))).isTrue();
        assertThat(rig.store().publish(before)).isTrue();
        Map<String, List<String>> rowsBefore = rowsByTableAndDay(rig, before.files());

        // Also a target so small that some files are left, and groups of several files end.
        long target = random.nextBoolean() ? 128 << 20 : 40_000;
        CompactionOptions options = new CompactionOptions(target, 2 + random.nextInt(8), new ParquetOptions(ParquetCompression.ZSTD, 100));
        ArchiveCompaction compaction = new ArchiveCompaction(rig.store(), options, Files.createDirectory(folder.resolve("tmp")), Clock.systemUTC());
        List<CompactionGroup> plan = compaction.plan(file -> true);
        List<DataFile> compacted = new ArrayList<>();
        CompactionReport report = compaction.run(file -> true, compacted::add);

        assertThat(report.left()).isEmpty();
        assertThat(report.groups()).isEqualTo(plan.size()).isEqualTo(compacted.size());
        ArchiveManifest after = rig.store().latest();
        assertThat(rowsByTableAndDay(rig, after.files())).isEqualTo(rowsBefore);
        assertThat(after.publishedBatches()).isEqualTo(before.publishedBatches());
        for (DataFile file : compacted) {
            assertThat(after.files()).contains(file);
            assertThat(file.rawBytes()).isEqualTo(written.stream().filter(source -> names(file, source)).mapToLong(DataFile::rawBytes).sum());
            assertThat(rig.rows(file)).as("order of %s", file.path()).hasSize((int) file.rows());
            assertThat(file.table().equals(ArchiveRig.ROWS) || isSorted(rig, file)).as("order of %s", file.path()).isTrue();
        }
        assertThat(ArchiveCheck.run(rig.store(), null).problems()).isEmpty();
        assertThat(Files.list(folder.resolve("tmp"))).isEmpty();
    }

    private static boolean names(DataFile compacted, DataFile source) {
        return compacted.batches().stream().anyMatch(batch -> batch.batchId().equals(source.batchId()));
    }

    private static boolean isSorted(ArchiveRig rig, DataFile file) throws Exception {
        try (SortedRows rows = SortedRows.open(rig.store().locate(file), false)) {
            while (rows.next() != null) {
                // Fails if a row is before the last.
            }
            return true;
        }
    }

    private static Map<String, List<String>> rowsByTableAndDay(ArchiveRig rig, List<DataFile> files) throws Exception {
        Map<String, List<String>> rows = new TreeMap<>();
        for (DataFile file : files) {
            rows.computeIfAbsent(file.table() + " " + file.tradingDay(), key -> new ArrayList<>()).addAll(rig.rows(file));
        }
        rows.values().forEach(list -> list.sort(null));
        return rows;
    }
}
