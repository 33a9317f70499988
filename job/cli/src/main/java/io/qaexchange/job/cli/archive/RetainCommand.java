package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.hot.CheckpointReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/archive retain}. */
@Command(name = "retain", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Lets archived files go: rows that are older than the policy, and small files that were compacted.",
            "A file leaves the table at once, and the disk in a later run, when the grace time is over."},
        footer = {"", "Exit code: 0 good, 1 a retained checkpoint cannot be restored with this archive, 2 it could not run."})
final class RetainCommand implements Callable<Integer> {

    /** A query that runs may have files open that long. */
    private static final Duration LEAST_GRACE = Duration.ofMinutes(10);

    @Mixin
    private ArchiveOption archive;
    @Option(names = "--checkpoints", split = ",", paramLabel = "DIR",
            description = "Folders with all checkpoints and savepoints from which the job may be restored; \"none\" if there are none.")
    private List<String> checkpoints = List.of();
    @Option(names = "--delete-after", split = ",", paramLabel = "[TABLE=]DAYS",
            description = "Age of a trading day at which its rows go, for all tables or for one. Default: never. It is counted from the earlier of today and the"
                    + " newest trading day of the table.")
    private List<String> deleteAfter = List.of();
    @Option(names = "--grace", paramLabel = "TIME", defaultValue = "7 d",
            description = "How long a file stays on the disk after it left the table, at least 10 min. Default: ${DEFAULT-VALUE}.")
    private String grace;
    @Option(names = "--dry-run", description = "Print files, bytes and days that would go, and change nothing.")
    private boolean dryRun;

    @Override
    public Integer call() throws Exception {
        RetentionPolicy policy = policy(deleteAfter);
        Duration time = grace();
        ManifestStore store = archive.open();
        ArchiveRetention retention = new ArchiveRetention(store, policy, time, retained(), Clock.systemUTC());
        RetentionReport report = dryRun ? retention.plan() : retention.run();
        print(report, dryRun);
        return report.notes().isEmpty() ? Tool.GOOD : Tool.BAD;
    }

    private Duration grace() {
        Duration time;
        try {
            time = TimeUtils.parseDuration(grace);
        } catch (IllegalArgumentException e) {
            throw new UsageException("--grace " + grace + " is no time such as 7 d or 12 h", e);
        }
        if (time.compareTo(LEAST_GRACE) < 0) {
            throw new UsageException("--grace must be at least 10 min, as queries have files open: " + grace);
        }
        return time;
    }

    /** The policy of texts such as 365 or tick=30. */
    static RetentionPolicy policy(List<String> deleteAfter) {
        RetentionStages all = RetentionStages.KEEP;
        Map<String, RetentionStages> byTable = new HashMap<>();
        for (String text : deleteAfter) {
            int equals = text.indexOf('=');
            RetentionStages stages;
            try {
                stages = new RetentionStages(null, null, Integer.valueOf(text.substring(equals + 1).strip()));
            } catch (NumberFormatException e) {
                throw new UsageException("--delete-after " + text + " is no number of days, such as 365 or tick=30", e);
            } catch (IllegalArgumentException e) {
                throw new UsageException(e.getMessage(), e);
            }
            if (equals < 0) {
                all = stages;
            } else {
                byTable.put(text.substring(0, equals).strip(), stages);
            }
        }
        return new RetentionPolicy(all, byTable);
    }

    private List<RetainedCheckpoint> retained() throws Exception {
        if (checkpoints.isEmpty()) {
            throw new UsageException("say with --checkpoints where the checkpoints and savepoints are from which the job may be restored, such as"
                    + " run/checkpoints,run/savepoints; or --checkpoints none");
        }
        if (checkpoints.equals(List.of("none"))) {
            return List.of();
        }
        List<RetainedCheckpoint> retained = new ArrayList<>();
        for (String folder : checkpoints) {
            Path local = LocalFolders.find(folder);
            if (local == null || !Files.isDirectory(local)) {
                throw new UsageException("--checkpoints " + folder + " is no folder on this machine"
                        + (local == null ? ": copy the newest checkpoint and the savepoints here" : LocalFolders.hint(local)));
            }
            for (Path snapshot : LocalFolders.snapshots(local)) {
                RetainedCheckpoint one = read(snapshot);
                if (one != null) {
                    retained.add(one);
                }
            }
        }
        return retained;
    }

    /** A checkpoint, or null if its job deleted it just now. */
    @Nullable
    private static RetainedCheckpoint read(Path snapshot) throws Exception {
        try {
            CheckpointReader reader = CheckpointReader.open(LocalFolders.forFlink(snapshot));
            return new RetainedCheckpoint(snapshot.toString(), reader.epoch(), reader.checkpointId(), reader.uncommittedFiles());
        } catch (IOException e) {
            if (!Files.exists(snapshot.resolve(LocalFolders.METADATA))) {
                return null;
            }
            throw new IOException("checkpoint " + snapshot + " cannot be read, so nothing is let go that it may need: " + e.getMessage()
                    + ". Remove it if it is none of this job's", e);
        }
    }

    private static void print(RetentionReport report, boolean dryRun) {
        for (DataFile file : report.expired()) {
            System.out.printf("%s: table %s, %s, %,d rows, %,d bytes%n", dryRun ? "would leave the table" : "left the table", file.table(),
                    file.tradingDay(), file.rows(), file.lengthBytes());
        }
        for (RetiredFile file : report.deleted()) {
            System.out.printf("%s: %s, %,d bytes (%s)%n", dryRun ? "would be deleted" : "deleted", file.file().path(), file.file().lengthBytes(),
                    file.reason().name().toLowerCase(java.util.Locale.ROOT));
        }
        for (DataFile file : report.held()) {
            System.out.printf("held: table %s, %s, %,d bytes%n", file.table(), file.tradingDay(), file.lengthBytes());
        }
        report.unnamed().forEach(path -> System.out.printf("%s: %s (of a compaction that was killed)%n", dryRun ? "would be deleted" : "deleted", path));
        System.out.printf("%,d files with %,d bytes of %,d trading days leave the table; %,d files with %,d bytes leave the disk; %,d wait for the grace time,"
                + " %,d are needed by a checkpoint or a hold%n", report.expired().size(), report.expired().stream().mapToLong(DataFile::lengthBytes).sum(),
                report.expired().stream().map(DataFile::tradingDay).distinct().count(), report.deleted().size(),
                report.deleted().stream().mapToLong(file -> file.file().lengthBytes()).sum(), report.waiting().size(), report.needed().size());
        report.notes().forEach(note -> System.err.println("note: " + note));
    }
}
