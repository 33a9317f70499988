package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/archive hold}. */
@Command(name = "hold", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Holds rows of an instrument, a day or a table: the retention keeps every file that has, or may have, some of them.",
            "Without --add and --remove: prints the holds."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
final class HoldCommand implements Callable<Integer> {

    private static final int ATTEMPTS = 20;

    @Option(names = "--archive", paramLabel = "DIR", required = true, description = "Folder or URI of the archive, such as run/archive.")
    private String folder;
    @Option(names = "--add", paramLabel = "NAME", description = "Adds a hold of that name.")
    private String add;
    @Option(names = "--remove", paramLabel = "NAME", description = "Removes the hold of that name.")
    private String remove;
    @Option(names = "--table", paramLabel = "TABLE", description = "Only rows of this table.")
    private String table;
    @Option(names = "--instrument", paramLabel = "NAME", description = "Only rows of this instrument.")
    private String instrument;
    @Option(names = "--day", paramLabel = "YYYY-MM-DD", description = "Only rows of this trading day.")
    private String day;
    @Option(names = "--reason", paramLabel = "TEXT", description = "Why; needed with --add.")
    private String reason;

    @Override
    public Integer call() throws Exception {
        ManifestStore store = ArchiveOption.open(folder);
        if (add != null && remove != null) {
            throw new UsageException("say --add or --remove, not both");
        }
        if (add != null) {
            LegalHold hold = hold();
            change(store, holds -> {
                if (holds.stream().anyMatch(one -> one.id().equals(add))) {
                    throw new UsageException("there is a hold " + add + " already");
                }
                List<LegalHold> more = new ArrayList<>(holds);
                more.add(hold);
                return more;
            });
        } else if (remove != null) {
            change(store, holds -> {
                List<LegalHold> rest = holds.stream().filter(one -> !one.id().equals(remove)).toList();
                if (rest.size() == holds.size()) {
                    throw new UsageException("there is no hold " + remove + "; there are " + holds.stream().map(LegalHold::id).toList());
                }
                return rest;
            });
        }
        ArchiveManifest latest = store.latest();
        for (LegalHold hold : latest.holds()) {
            long files = latest.files().stream().filter(hold::holds).count();
            System.out.printf("%s: %s%s%ssince %s, %,d files: %s%n", hold.id(), hold.table() == null ? "" : "table " + hold.table() + ", ",
                    hold.instrument() == null ? "" : "instrument " + hold.instrument() + ", ", hold.tradingDay() == null ? "" : hold.tradingDay() + ", ",
                    Instant.ofEpochMilli(hold.sinceMs()), files, hold.reason());
        }
        return Tool.GOOD;
    }

    private LegalHold hold() {
        if (reason == null || reason.isBlank()) {
            throw new UsageException("say with --reason why the rows are held");
        }
        if (table == null && instrument == null && day == null) {
            throw new UsageException("say what is held: --instrument, --day or --table");
        }
        if (day != null) {
            try {
                LocalDate.parse(day);
            } catch (DateTimeParseException e) {
                throw new UsageException("--day " + day + " is no day such as 2026-01-05", e);
            }
        }
        return new LegalHold(add, table, instrument, day, reason, System.currentTimeMillis());
    }

    private static void change(ManifestStore store, UnaryOperator<List<LegalHold>> change) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ArchiveManifest latest = store.latest();
            if (store.publish(latest.withHolds(change.apply(latest.holds())))) {
                return;
            }
        }
        throw new IOException("the hold was not written: other processes published " + ATTEMPTS + " manifest versions meanwhile. Try again");
    }
}
