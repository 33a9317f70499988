package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.erasure.ArchiveErasure;
import io.qaexchange.archive.erasure.ErasureReport;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.archive.tier.TierSettings;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.cli.files.TierCacheOptions;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/archive erase}. */
@Command(name = "erase", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Erases the rows of an account or an instrument from archived files: each file concerned is written again without them, in one manifest"
            + " version, and the former one goes at once, unless a reader's lease or a checkpoint holds it.",
            "Without --confirm: prints what would be erased, and changes nothing. Rows that are hot still cannot be erased: repeat it when they are archived."},
        footer = {"", "Exit code: 0 no such row is left, 1 some stay for now (each reason is named), 2 it could not run, and nothing was erased."})
final class EraseCommand implements Callable<Integer> {

    /** Rows that are not erased wait for it as ever. */
    private static final Duration GRACE = Duration.ofDays(7);

    @Option(names = "--archive", paramLabel = "DIR", required = true, description = "Folder or URI of the archive, such as run/archive.")
    private String archive;
    @Option(names = "--account", paramLabel = "NAME", description = "Rows of this account, in every table that has a column account.")
    private String account;
    @Option(names = "--instrument", paramLabel = "NAME", description = "Rows of this instrument. With --account: rows of both.")
    private String instrument;
    @Option(names = "--table", split = ",", paramLabel = "TABLE", description = "Only rows of these tables. Default: all.")
    private List<String> tables;
    @Option(names = "--from", paramLabel = "YYYY-MM-DD", description = "First trading day. Default: from the beginning.")
    private String from;
    @Option(names = "--to", paramLabel = "YYYY-MM-DD", description = "Last trading day. Default: today (UTC).")
    private String to;
    @Option(names = "--reason", paramLabel = "TEXT", description = "Why; needed. It is kept in the archive manifest and in _erasures.")
    private String reason;
    @Option(names = "--id", paramLabel = "NAME", description = "Name of the request, for the record. Default: made of the time.")
    private String id;
    @Option(names = "--repeat", description = "Instead of an account or instrument: erases again what all former requests cover and came into the archive since,"
            + " and deletes the files that were held.")
    private boolean repeat;
    @Option(names = "--checkpoints", split = ",", paramLabel = "DIR",
            description = "Folders with all checkpoints and savepoints from which the job may be restored; \"none\" if there are none. Rows that are hot in them"
                    + " are counted.")
    private List<String> checkpoints = List.of();
    @Option(names = "--instruments", paramLabel = "FILE", description = "The job's instruments file, for the trading days of hot rows. Default: as the job's.")
    private String instrumentsFile;
    @Mixin
    private TierCacheOptions tierCache;
    @Option(names = "--confirm", description = "Erase. It cannot be undone.")
    private boolean confirm;

    @Override
    public Integer call() throws Exception {
        ManifestStore store = ArchiveOption.open(archive);
        List<Erasure> requests = repeat ? former(store) : List.of(request());
        List<Path> snapshots = Snapshots.of(checkpoints);
        Instruments instruments = JobOptions.instruments(instrumentsFile);
        List<RetainedCheckpoint> retained = Snapshots.retained(snapshots);
        Path temporary = Files.createTempDirectory("erasure");
        boolean good = true;
        try {
            ArchiveErasure erasure = new ArchiveErasure(store, temporary, TierSettings.cache(), Clock.systemUTC());
            for (Erasure request : requests) {
                ErasureReport report = confirm ? erasure.run(request) : erasure.plan(request);
                good &= print(report, store.latest());
                good &= printHot(request, store.latest(), snapshots, instruments);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
        if (!confirm) {
            System.out.println("nothing was changed: say --confirm to erase. It cannot be undone");
            return good ? Tool.GOOD : Tool.BAD;
        }
        good &= printGone(new ArchiveRetention(store, new RetentionPolicy(RetentionStages.KEEP, Map.of()), GRACE, retained, Clock.systemUTC()).runErased());
        syncTables(store);
        return good ? Tool.GOOD : Tool.BAD;
    }

    private List<Erasure> former(ManifestStore store) throws IOException {
        if (account != null || instrument != null || tables != null || from != null || to != null || id != null || reason != null) {
            throw new UsageException("--repeat repeats all former requests as they were: leave --account, --instrument, --table, --from, --to, --id and --reason out");
        }
        Map<String, Erasure> byId = new LinkedHashMap<>();
        store.latest().erasures().forEach(erasure -> byId.put(erasure.id(), erasure));
        if (byId.isEmpty()) {
            throw new UsageException("nothing was ever erased from this archive: there is nothing to repeat");
        }
        return List.copyOf(byId.values());
    }

    private Erasure request() {
        if (account == null && instrument == null) {
            throw new UsageException("say whose rows: --account NAME, --instrument NAME, or both. Whole days are let go by bin/archive retain");
        }
        if (reason == null || reason.isBlank()) {
            throw new UsageException("say why with --reason, such as --reason \"request 17 by law\"");
        }
        String last = to == null ? LocalDate.now(ZoneOffset.UTC).toString() : day("--to", to);
        if (from != null && day("--from", from).compareTo(last) > 0) {
            throw new UsageException("--from " + from + " is after --to " + last);
        }
        String name = id != null ? id : "erasure-" + Instant.now().toString().replace(":", "");
        return new Erasure(name, account, instrument, tables, from, last, reason, 0, 0, 0, 0);
    }

    private static String day(String option, String text) {
        try {
            return LocalDate.parse(text).toString();
        } catch (DateTimeParseException e) {
            throw new UsageException(option + " " + text + " is no day such as 2026-01-05", e);
        }
    }

    /** @return whether no row stays for a hold */
    private boolean print(ErasureReport report, ArchiveManifest latest) {
        System.out.printf("%s (%s): %s%n", report.erasure().subject(), report.erasure().id(), report.erasure().reason());
        for (ErasureReport.Concerned concerned : report.files()) {
            DataFile file = concerned.file();
            System.out.printf("%s: %s, %,d of %,d rows, %,d bytes%s%n", confirm ? "erased" : "would be erased", file.path(), concerned.rows(), file.rows(),
                    file.lengthBytes(), switch (concerned.place()) {
                        case TABLE -> "";
                        case SUPERSEDED -> " (of an abandoned branch)";
                        case COMPACTED -> " (part of a compacted file, kept for restores)";
                        case LEAVING -> " (on its way out)";
                    });
        }
        System.out.printf("%,d files with %,d bytes: %,d rows of the tables%s%n", report.files().size(), report.bytes(), report.tableRows(),
                confirm && !report.files().isEmpty() ? String.format(Locale.ROOT, ", erased by manifest version %,d", report.erasure().manifestVersion()) : "");
        report.heldRows().forEach((hold, rows) -> System.out.printf("refused: %,d rows are under legal hold %s (%s)%n", rows, hold,
                latest.holds().stream().filter(one -> one.id().equals(hold)).map(LegalHold::reason).findFirst().orElse("ended meanwhile")));
        return report.heldRows().isEmpty();
    }

    /** @return whether no checkpoint has such rows as hot ones */
    private static boolean printHot(Erasure request, ArchiveManifest latest, List<Path> snapshots, Instruments instruments) throws Exception {
        long newest = -1;
        List<String> others = new ArrayList<>();
        for (Path snapshot : snapshots) {
            if (!Files.exists(snapshot.resolve(LocalFolders.METADATA))) {
                continue;
            }
            long rows = HotErasedRows.count(CheckpointReader.open(LocalFolders.forFlink(snapshot)), request, latest, instruments);
            if (newest < 0) {
                newest = rows;
            }
            if (rows > 0) {
                others.add(snapshot + " (" + rows + ")");
            }
        }
        if (newest > 0) {
            System.out.printf("hot: %,d rows are not archived yet and cannot be erased; repeat this when they are: bin/archive erase --repeat%n", newest);
        }
        if (!others.isEmpty()) {
            System.out.println("checkpoints and savepoints that have such rows as hot ones: " + String.join(", ", others)
                    + ". They go with them; do not restore one of them, or repeat this afterwards");
        }
        return others.isEmpty();
    }

    /** @return whether no former file is left */
    private static boolean printGone(RetentionReport report) throws IOException {
        System.out.printf("deleted: %,d former files with %,d bytes%n", report.deleted().size(),
                report.deleted().stream().mapToLong(file -> file.file().lengthBytes()).sum());
        for (RetiredFile file : report.deleted()) {
            // A reader may have had it fetched again since.
            if (file.file().sha256() != null) {
                TierSettings.cache().forget(file.file().sha256());
            }
        }
        for (RetiredFile file : report.waiting()) {
            System.out.printf("held by the lease of a reader: %s; bin/archive erase --repeat or bin/archive retain deletes it later%n", file.file().path());
        }
        for (RetiredFile file : report.needed()) {
            System.out.printf("held by a checkpoint or savepoint that commits it again when it is restored: %s; take a newer one and remove that%n",
                    file.file().path());
        }
        report.notes().forEach(note -> System.err.println("note: " + note));
        return report.waiting().isEmpty() && report.needed().isEmpty() && report.notes().isEmpty();
    }

    private static void syncTables(ManifestStore store) throws IOException {
        org.apache.flink.core.fs.Path tables = new org.apache.flink.core.fs.Path(store.root(), IcebergMirror.FOLDER);
        if (tables.getFileSystem().exists(tables)) {
            IcebergMirror.SyncReport report = IcebergMirror.of(store).sync();
            System.out.printf("Iceberg tables: brought to manifest version %,d. Older snapshots name files that are gone: bin/table expire --keep 1 --days 0 takes"
                    + " them out%n", report.toVersion());
        }
    }
}
