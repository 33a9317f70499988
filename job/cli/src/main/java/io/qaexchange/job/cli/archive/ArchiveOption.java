package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The archive of a command, and which of its files. */
public final class ArchiveOption {

    @Option(names = "--archive", paramLabel = "DIR", required = true, description = "Folder or URI of the archive, such as run/archive.")
    private String archive;
    @Option(names = "--table", split = ",", paramLabel = "TABLE", description = "Only these tables. Default: all.")
    private List<String> tables = List.of();
    @Option(names = "--day", split = ",", paramLabel = "YYYY-MM-DD", description = "Only these trading days. Default: all.")
    private List<String> days = List.of();

    /**
     * The archive.
     *
     * @throws UsageException if there is none
     */
    ManifestStore open() throws IOException {
        return open(archive);
    }

    /** Whether tables or days were named. */
    boolean isLimited() {
        return !tables.isEmpty() || !days.isEmpty();
    }

    /** As {@link #open()}. */
    public static ManifestStore open(String archive) throws IOException {
        Path local = LocalFolders.find(archive);
        org.apache.flink.core.fs.Path root = new org.apache.flink.core.fs.Path(local == null ? archive : LocalFolders.forFlink(local));
        if (!root.getFileSystem().exists(new org.apache.flink.core.fs.Path(root, ManifestStore.MANIFEST_FOLDER))) {
            String inside = local != null && Files.isDirectory(local.resolve("archive").resolve(ManifestStore.MANIFEST_FOLDER))
                    ? "; did you mean " + local.resolve("archive") + "?" : "";
            throw new UsageException((local == null ? archive : local) + " is no archive, or nothing was archived yet: it has no folder "
                    + ManifestStore.MANIFEST_FOLDER + (local == null || Files.isDirectory(local) ? inside : LocalFolders.hint(local)));
        }
        return ManifestStore.of(root);
    }

    /**
     * The files that are asked for.
     *
     * @throws UsageException if the archive has no table of that name, or a day is none
     */
    Predicate<DataFile> wanted(ManifestStore store) throws IOException {
        for (String day : days) {
            try {
                LocalDate.parse(day);
            } catch (DateTimeParseException e) {
                throw new UsageException("--day " + day + " is no day such as 2026-01-05", e);
            }
        }
        if (!tables.isEmpty()) {
            Set<String> known = store.latest().files().stream().map(DataFile::table).collect(Collectors.toCollection(TreeSet::new));
            for (String table : tables) {
                if (!known.contains(table)) {
                    throw new UsageException("the archive has no files of table " + table + "; it has " + (known.isEmpty() ? "none at all" : known));
                }
            }
        }
        return file -> (tables.isEmpty() || tables.contains(file.table())) && (days.isEmpty() || days.contains(file.tradingDay()));
    }
}
