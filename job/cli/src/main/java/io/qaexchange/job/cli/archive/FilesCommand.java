package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.job.cli.Tool;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/archive files}. */
@Command(name = "files", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Prints the paths of the files that the newest archive manifest names, one a line, for other tools that read Parquet.",
            "Of a file that is in an object store only: the URI of its object. Listing files by pattern instead gives rows of compacted files twice."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
final class FilesCommand implements Callable<Integer> {

    @Mixin
    private ArchiveOption archive;

    @Option(names = "--tiers", description = "Print the tier in front of each path, with a tab between: local, both (local file and object), leaving (both, and"
            + " the local file goes), remote (object only) or fetching (object, and the local file is being made).")
    private boolean tiers;

    @Override
    public Integer call() throws Exception {
        ManifestStore store = archive.open();
        Predicate<DataFile> wanted = archive.wanted(store);
        ArchiveManifest latest = store.latest();
        ColdFiles files = ColdFiles.of(store, latest);
        latest.files().stream().filter(wanted)
                .forEach(file -> System.out.println((tiers ? files.tierOf(file) + "\t" : "") + files.locationOf(file)));
        return Tool.GOOD;
    }
}
