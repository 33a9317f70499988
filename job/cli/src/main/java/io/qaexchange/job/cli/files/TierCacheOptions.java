package io.qaexchange.job.cli.files;

import io.qaexchange.archive.tier.TierSettings;
import java.nio.file.Path;
import org.apache.flink.configuration.MemorySize;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where a reading command keeps copies of archived files that are in an object store only. */
public final class TierCacheOptions {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--tier-cache", paramLabel = "DIR", description = "Local folder for copies of archived files that are in an object store only; several"
            + " processes may share it. Default: qaexchange-tier-cache-USER in the folder for temporary files.")
    void folder(Path folder) {
        System.setProperty(TierSettings.FOLDER, folder.toAbsolutePath().toString());
    }

    @Option(names = "--tier-cache-size", paramLabel = "SIZE", description = "Most bytes of that folder; the files that were not read for the longest time go"
            + " first. A SQL query needs space for all moved files that it reads. Default: 10 gb.")
    void size(String size) {
        long bytes;
        try {
            bytes = MemorySize.parse(size).getBytes();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--tier-cache-size " + size + " is no size such as 10 gb", e);
        }
        if (bytes < 1) {
            throw new ParameterException(command.commandLine(), "--tier-cache-size must be positive: " + size);
        }
        System.setProperty(TierSettings.BYTES, Long.toString(bytes));
    }
}
