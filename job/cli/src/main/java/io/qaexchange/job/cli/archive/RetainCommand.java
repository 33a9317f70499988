package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.objects.ObjectStores;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.archive.tier.ArchiveTiers;
import io.qaexchange.archive.tier.TierReport;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/archive retain}. */
@Command(name = "retain", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Lets archived files go: rows that are older than the policy, and small files that were compacted; copies old files to an object"
            + " store, and lets their local files go.",
            "A file leaves the table or the local disk at once for new readers, and the disk in a later run, when the grace time is over."},
        footer = {"", "Exit code: 0 good, 1 a file could not be copied or compared, or a retained checkpoint cannot be restored with this archive, 2 it could not"
            + " run."})
final class RetainCommand implements Callable<Integer> {

    private static final String NEVER = "never";
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
    @Option(names = "--remote-after", split = ",", paramLabel = "[TABLE=]DAYS",
            description = "Age of a trading day at which its files are copied to --remote, read back and compared. Default: never.")
    private List<String> remoteAfter = List.of();
    @Option(names = "--local-retention", split = ",", paramLabel = "[TABLE=]DAYS",
            description = "Age of a trading day at which its local files go, once their copies are compared; at least --remote-after. Queries read them through"
                    + " a cache. Default: never.")
    private List<String> localRetention = List.of();
    @Option(names = "--remote", paramLabel = "URI", description = "Object store for copies: s3://BUCKET/PREFIX, or a folder on another disk or file system such"
            + " as file:///mnt/cold/archive, which must exist. For this archive alone.")
    private String remote;
    @Option(names = "--grace", paramLabel = "TIME", defaultValue = "7 d",
            description = "How long a file stays on the disk after it left the table, at least 10 min. Default: ${DEFAULT-VALUE}.")
    private String grace;
    @Option(names = "--dry-run", description = "Print files, bytes and days that would go, and change nothing.")
    private boolean dryRun;

    @Override
    public Integer call() throws Exception {
        RetentionPolicy policy = policy(deleteAfter, remoteAfter, localRetention);
        if (remote == null && !remoteAfter.isEmpty()) {
            throw new UsageException("say with --remote where files are copied to, such as s3://bucket/prefix or file:///mnt/cold/archive");
        }
        if (remote != null && remoteAfter.isEmpty()) {
            throw new UsageException("say with --remote-after at which age files are copied to " + remote + ", such as --remote-after 30");
        }
        Duration time = grace();
        ManifestStore store = archive.open();
        if (archive.isLimited()) {
            throw new UsageException("--table and --day are not for retain: name the table in front of the days, such as --delete-after tick=30");
        }
        List<RetainedCheckpoint> retained = Snapshots.retained(Snapshots.of(checkpoints));
        ArchiveTiers tiers = tiers(store, policy, time, retained);
        ArchiveRetention retention = new ArchiveRetention(store, policy, time, retained, Clock.systemUTC());
        // First what expires, so that nothing is copied in vain.
        RetentionReport report = dryRun ? retention.plan() : retention.run();
        print(report, dryRun);
        TierReport moved = dryRun ? tiers.plan() : tiers.run();
        print(moved, dryRun);
        return report.notes().isEmpty() && moved.problems().isEmpty() ? Tool.GOOD : Tool.BAD;
    }

    private ArchiveTiers tiers(ManifestStore store, RetentionPolicy policy, Duration time, List<RetainedCheckpoint> retained) throws IOException {
        try {
            if (remote != null) {
                ObjectStores.of(ObjectStores.normalized(remote));
            }
            return new ArchiveTiers(store, policy, remote, time, retained, Clock.systemUTC());
        } catch (IllegalArgumentException e) {
            throw new UsageException("--remote " + e.getMessage(), e);
        }
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

    /** The policy of texts such as 365, tick=30 or tick=never. */
    static RetentionPolicy policy(List<String> deleteAfter, List<String> remoteAfter, List<String> localRetention) {
        Map<String, Integer> delete = days("--delete-after", deleteAfter);
        Map<String, Integer> copy = days("--remote-after", remoteAfter);
        Map<String, Integer> leave = days("--local-retention", localRetention);
        RetentionStages all = stages("", copy, leave, delete);
        Set<String> tables = new TreeSet<>(delete.keySet());
        tables.addAll(copy.keySet());
        tables.addAll(leave.keySet());
        tables.remove("");
        Map<String, RetentionStages> byTable = new HashMap<>();
        for (String table : tables) {
            byTable.put(table, stages(table, copy, leave, delete));
        }
        return new RetentionPolicy(all, byTable);
    }

    /** The stages of a table; those of all tables where it has none of its own. */
    private static RetentionStages stages(String table, Map<String, Integer> copy, Map<String, Integer> leave, Map<String, Integer> delete) {
        try {
            return new RetentionStages(of(copy, table), of(leave, table), of(delete, table));
        } catch (IllegalArgumentException e) {
            throw new UsageException((table.isEmpty() ? "" : "table " + table + ": ") + e.getMessage(), e);
        }
    }

    @Nullable
    private static Integer of(Map<String, Integer> days, String table) {
        return days.containsKey(table) ? days.get(table) : days.get("");
    }

    /** Days by table, "" for all; null for never. */
    private static Map<String, Integer> days(String option, List<String> texts) {
        Map<String, Integer> days = new HashMap<>();
        for (String text : texts) {
            int equals = text.indexOf('=');
            String number = text.substring(equals + 1).strip();
            try {
                days.put(equals < 0 ? "" : text.substring(0, equals).strip(), number.equals(NEVER) ? null : Integer.valueOf(number));
            } catch (NumberFormatException e) {
                throw new UsageException(option + " " + text + " is no number of days, such as 365, tick=30 or tick=never", e);
            }
        }
        return days;
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

    private static void print(TierReport report, boolean dryRun) {
        print(dryRun ? "would be copied" : "copied", report.copied());
        print(dryRun ? "would be read remotely, and leave the local disk after the grace time" : "read remotely, leaves the local disk after the grace time",
                report.leaving());
        print(dryRun ? "local file would be deleted" : "local file deleted", report.deleted());
        print("stays on the local disk (held, needed by a checkpoint, or fetched)", report.kept());
        if (!report.copied().isEmpty() || !report.leaving().isEmpty() || !report.deleted().isEmpty() || !report.waiting().isEmpty()
                || !report.kept().isEmpty() || !report.problems().isEmpty()) {
            System.out.printf("%,d files with %,d bytes of %,d trading days copied; %,d with %,d bytes are read remotely from now on; %,d local files with %,d bytes"
                    + " deleted; %,d wait for the grace time, %,d stay%n", report.copied().size(), bytes(report.copied()),
                    report.copied().stream().map(DataFile::tradingDay).distinct().count(), report.leaving().size(), bytes(report.leaving()),
                    report.deleted().size(), bytes(report.deleted()), report.waiting().size(), report.kept().size());
        }
        report.problems().forEach(problem -> System.err.println("problem: " + problem));
    }

    private static void print(String what, List<DataFile> files) {
        files.forEach(file -> System.out.printf("%s: %s, %,d bytes%n", what, file.path(), file.lengthBytes()));
    }

    private static long bytes(List<DataFile> files) {
        return files.stream().mapToLong(DataFile::lengthBytes).sum();
    }
}
