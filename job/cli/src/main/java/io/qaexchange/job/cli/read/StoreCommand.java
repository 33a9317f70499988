package io.qaexchange.job.cli.read;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.storage.tool.StoreTool;
import io.qaexchange.storage.vfs.NioVfs;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/store}: the engine's own tool, which reads its arguments itself, with output and version as all commands have them. */
@Command(name = "store")
public final class StoreCommand implements Callable<Integer> {

    private static final String VERSION = "--version";

    private final String[] arguments;
    @Option(names = VERSION, versionHelp = true, description = "Prints the version.")
    private boolean version;

    private StoreCommand(String[] arguments) {
        this.arguments = arguments;
    }

    /** Runs the command. */
    public static void main(String[] args) {
        boolean version = args.length == 1 && args[0].equals(VERSION);
        Tool.run(new StoreCommand(args), version ? args : new String[0]);
    }

    @Override
    public Integer call() {
        return new StoreTool(NioVfs.INSTANCE, System.out, System.err).run(arguments);
    }
}
