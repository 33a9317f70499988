package io.qaexchange.job.cli.archive;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code bin/archive}. */
@Command(name = "archive", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Keeps archived files and lets them go, beside a running job or without one.",
        subcommands = {CompactCommand.class, RetainCommand.class, EraseCommand.class, FetchCommand.class, HoldCommand.class, VerifyCommand.class, FilesCommand.class},
        footer = {"", "Exit code: 0 good, 1 something is wrong or was left, 2 it could not run."})
public final class ArchiveCommand implements Callable<Integer> {

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new ArchiveCommand(), args);
    }

    @Override
    public Integer call() {
        throw new UsageException("say what to do: compact, retain, erase, fetch, hold, verify or files; archive compact --help has the options");
    }
}
