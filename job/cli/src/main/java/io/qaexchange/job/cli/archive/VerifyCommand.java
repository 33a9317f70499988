package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.job.cli.Tool;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/archive verify}. */
@Command(name = "verify", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Compares every byte of the archive manifest and of the files that it names with their hashes.",
        footer = {"", "Exit code: 0 all fit, 1 something was changed or is missing (it is named), 2 it could not run."})
final class VerifyCommand implements Callable<Integer> {

    @Mixin
    private ArchiveOption archive;
    @Option(names = "--expect-sha256", paramLabel = "HASH", description = "A hash that was printed before: a version that is kept must have it.")
    private String noted;

    @Override
    public Integer call() throws Exception {
        ArchiveCheck check = ArchiveCheck.run(archive.open(), noted);
        System.out.println(check.toText());
        check.problems().forEach(problem -> System.out.println("problem: " + problem));
        System.out.println(check.holds() ? "ARCHIVE HOLDS: no byte was changed" : "ARCHIVE WAS CHANGED");
        return check.holds() ? Tool.GOOD : Tool.BAD;
    }
}
