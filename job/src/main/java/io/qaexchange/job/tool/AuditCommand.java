package io.qaexchange.job.tool;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.audit.Audit;
import io.qaexchange.job.audit.AuditReport;
import io.qaexchange.job.audit.GeneratedEvents;
import io.qaexchange.job.seam.SeamReader;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/audit}. */
@Command(name = "audit", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Proves that every event that was sent is there once and unaltered, hot or in Parquet, by key.",
        footer = {"", "Exit code: 0 it holds, 1 it does not (keys are named), 2 it could not run."})
public final class AuditCommand implements Callable<Integer> {

    @Option(names = "--dir", required = true, description = "Folder of a demo.")
    private Path folder;
    @Option(names = "--json", paramLabel = "FILE", description = "Writes the report as JSON too.")
    private Path json;
    @Option(names = "--memory-mb", defaultValue = "512",
            description = "Memory for the list of what was sent; more events are compared in parts. Default: ${DEFAULT-VALUE}.")
    private long memoryMb;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new AuditCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        RunFolder run = RunFolder.read(folder);
        Instruments instruments = Instruments.load(folder.resolve(run.instruments()));
        SeamReader seam = SeamReader.open(folder.resolve(run.savepoint()).toUri().toString(),
                new org.apache.flink.core.fs.Path(folder.resolve(run.archive()).toUri()), instruments);
        AuditReport report = Audit.run(new GeneratedEvents(run.seed(), run.messages()), seam, instruments, memoryMb << 20);
        System.out.print(report.toText());
        if (json != null) {
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json.toFile(), report);
        }
        return report.holds() ? Tool.GOOD : Tool.BAD;
    }
}
