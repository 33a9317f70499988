package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.cli.Tool;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bin/archive files}. */
@Command(name = "files", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Prints the paths of the files that the newest archive manifest names, one a line, for other tools that read Parquet.",
            "Listing files by pattern instead gives rows of compacted files twice."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
final class FilesCommand implements Callable<Integer> {

    @Mixin
    private ArchiveOption archive;

    @Override
    public Integer call() throws Exception {
        ManifestStore store = archive.open();
        Predicate<DataFile> wanted = archive.wanted(store);
        store.latest().files().stream().filter(wanted).forEach(file -> System.out.println(store.locate(file).getPath()));
        return Tool.GOOD;
    }
}
