package io.qaexchange.job.cli.table;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code bin/table}. */
@Command(name = "table", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Keeps the archive as Apache Iceberg tables, for Spark, Trino, Flink and others: in _iceberg of the archive's folder.",
            "Their data files are the archive's own files; the archive manifest decides what is in them."},
        subcommands = {SyncCommand.class, StatusCommand.class, FilesCommand.class, RepairCommand.class, ExpireCommand.class, ServeTablesCommand.class},
        footer = {"", "Exit code: 0 good, 1 the tables differ from the archive, 2 it could not run."})
public final class TableCommand implements Callable<Integer> {

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new TableCommand(), args);
    }

    @Override
    public Integer call() {
        throw new UsageException("say what to do: sync, status, files, repair, expire or serve; table sync --help has the options");
    }
}
