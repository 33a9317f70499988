package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ArchiveFetch;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/archive fetch}. */
@Command(name = "fetch", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Brings files back to the local disk that are in an object store only. The objects stay.",
            "Queries read them locally from then on, until the time is over and bin/archive retain lets the local files go again."},
        footer = {"", "Exit code: 0 good, 1 some files were not fetched (the reason is named), 2 it could not run."})
final class FetchCommand implements Callable<Integer> {

    @Mixin
    private ArchiveOption archive;
    @Option(names = "--for", paramLabel = "TIME", defaultValue = "7 d",
            description = "How long the local files stay, whatever local-retention says. Default: ${DEFAULT-VALUE}.")
    private String stay;
    @Option(names = "--dry-run", description = "Print files and bytes that would be fetched, and change nothing.")
    private boolean dryRun;

    @Override
    public Integer call() throws Exception {
        Duration time;
        try {
            time = TimeUtils.parseDuration(stay);
        } catch (IllegalArgumentException e) {
            throw new UsageException("--for " + stay + " is no time such as 7 d or 12 h", e);
        }
        ManifestStore store = archive.open();
        Predicate<DataFile> wanted = archive.wanted(store);
        ArchiveFetch fetch = new ArchiveFetch(store, Clock.systemUTC());
        ArchiveFetch.Report report = dryRun ? fetch.plan(wanted) : fetch.run(wanted, time);
        report.fetched().forEach(file -> System.out.printf("%s: %s, %,d bytes%n", dryRun ? "would be fetched" : "fetched", file.path(), file.lengthBytes()));
        System.out.printf("%,d files with %,d bytes %s; of %,d the local file is still there and %s%n", report.fetched().size(), bytes(report.fetched()),
                dryRun ? "would be fetched" : "fetched", report.stay().size(), dryRun ? "would stay" : "stays");
        report.problems().forEach(problem -> System.err.println("problem: " + problem));
        return report.problems().isEmpty() ? Tool.GOOD : Tool.BAD;
    }

    private static long bytes(List<DataFile> files) {
        return files.stream().mapToLong(DataFile::lengthBytes).sum();
    }
}
