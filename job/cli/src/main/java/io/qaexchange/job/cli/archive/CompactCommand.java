package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionGroup;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.compaction.CompactionReport;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.apache.flink.configuration.MemorySize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/archive compact}. */
@Command(name = "compact", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Merges small files of a table and trading day into large ones, sorted by instrument and event time.",
            "The small files stay on the disk until bin/archive retain removes them. Files of the ledger are left as they are."},
        footer = {"", "Exit code: 0 good, 1 some files were left as they are (the reason is named), 2 it could not run."})
final class CompactCommand implements Callable<Integer> {

    @Mixin
    private ArchiveOption archive;
    @Option(names = "--target-size", paramLabel = "SIZE", defaultValue = "128 mb",
            description = "Most bytes of the files that become one; files of half of it are left alone. Default: ${DEFAULT-VALUE}.")
    private String targetSize;
    @Option(names = "--dry-run", description = "Print what would be merged, and change nothing.")
    private boolean dryRun;

    @Override
    public Integer call() throws Exception {
        CompactionOptions options = new CompactionOptions(target(), CompactionOptions.DEFAULT.mostFiles(), CompactionOptions.DEFAULT.parquet());
        ManifestStore store = archive.open();
        Predicate<DataFile> wanted = archive.wanted(store);
        ArchiveCompaction compaction = new ArchiveCompaction(store, options, Files.createTempDirectory("compaction"), Clock.systemUTC());
        if (dryRun) {
            return print(compaction.plan(wanted));
        }
        CompactionReport report = compaction.run(wanted, file -> System.out.printf("%s: %,d batches, %,d rows, %,d bytes%n", file.path(),
                file.batches().size(), file.rows(), file.lengthBytes()));
        System.out.println(report.sentence());
        report.left().forEach(left -> System.err.println("left as they are: " + left));
        return report.left().isEmpty() ? Tool.GOOD : Tool.BAD;
    }

    private long target() {
        long bytes;
        try {
            bytes = MemorySize.parse(targetSize).getBytes();
        } catch (IllegalArgumentException e) {
            throw new UsageException("--target-size " + targetSize + " is no size such as 128 mb", e);
        }
        if (bytes < 1) {
            throw new UsageException("--target-size must be positive: " + targetSize);
        }
        return bytes;
    }

    private static int print(List<CompactionGroup> plan) {
        for (CompactionGroup group : plan) {
            System.out.printf("table %s, %s: %,d files with %,d rows, %,d bytes would become one%n", group.table(), group.tradingDay(),
                    group.files().size(), group.rows(), group.bytes());
        }
        System.out.printf("%,d files with %,d bytes would become %,d%n", plan.stream().mapToInt(group -> group.files().size()).sum(),
                plan.stream().mapToLong(CompactionGroup::bytes).sum(), plan.size());
        return Tool.GOOD;
    }
}
