package io.qaexchange.job.cli.table;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.util.List;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/table files}. */
@Command(name = "files", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Prints where the Parquet files of a snapshot lie, one a line, for programs that read Parquet and know no Iceberg.",
            "Their rows are those of the snapshot, each once."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
final class FilesCommand implements Callable<Integer> {

    @Mixin
    private MirrorOption mirror;
    @Option(names = "--table", required = true, paramLabel = "NAME", description = "Table, such as trade.")
    private String table;
    @Nullable
    @Option(names = "--snapshot", paramLabel = "ID", description = "Id of a snapshot, or name of a branch or tag. Default: the current snapshot.")
    private String snapshot;

    @Override
    public Integer call() throws Exception {
        List<String> files;
        try {
            files = mirror.open().dataFiles(table, snapshot);
        } catch (IllegalArgumentException e) {
            throw new UsageException("--table, --snapshot: " + e.getMessage(), e);
        }
        files.forEach(System.out::println);
        return Tool.GOOD;
    }
}
