package io.qaexchange.job.cli.read;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.data.KafkaClientConfig;
import io.qaexchange.job.cli.data.KafkaEvents;
import io.qaexchange.job.cli.demo.RunFolder;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.union.SeamReader;
import io.qaexchange.job.stream.JobOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/audit}. */
@Command(name = "audit", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Proves that every event that was sent is there once and unaltered, hot or in Parquet, by key.",
        footer = {"", "Exit code: 0 it holds, 1 it does not (keys are named), 2 it could not run."})
public final class AuditCommand implements Callable<Integer> {

    @Option(names = "--dir", description = "Folder of a demo: compares with what its generator sent.")
    private Path folder;
    @Option(names = "--brokers", description = "Compares with what lies in Kafka: bootstrap servers.")
    private String brokers;
    @Mixin
    private KafkaClientConfig client;
    @Option(names = "--topic", split = ",", defaultValue = "events", description = "Topics of the events. Default: ${DEFAULT-VALUE}.")
    private List<String> topics;
    @Option(names = "--dead-letter-topic", defaultValue = "dead-letters", description = "Topic of the dead letters. Default: ${DEFAULT-VALUE}.")
    private String deadLetterTopic;
    @Option(names = "--checkpoint", description = "Checkpoint or savepoint whose hot rows count, with --brokers.")
    private String checkpoint;
    @Option(names = "--parquet", description = "Folder of the archive, with --brokers.")
    private String archive;
    @Option(names = "--instruments", description = "Instruments file of the job, with --brokers.")
    private String instrumentsFile;
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
        if ((folder == null) == (brokers == null)) {
            throw new UsageException("say either --dir (folder of a demo) or --brokers, --checkpoint and --parquet");
        }
        AuditReport report = folder != null ? auditDemo() : auditKafka();
        System.out.print(report.toText());
        if (json != null) {
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json.toFile(), report);
        }
        return report.holds() ? Tool.GOOD : Tool.BAD;
    }

    private AuditReport auditDemo() throws Exception {
        RunFolder run = RunFolder.read(folder);
        Instruments instruments = Instruments.load(folder.resolve(run.instruments()));
        SeamReader seam = SeamReader.open(folder.resolve(run.savepoint()).toUri().toString(),
                new org.apache.flink.core.fs.Path(folder.resolve(run.archive()).toUri()), instruments);
        return Audit.run(new GeneratedEvents(run.seed(), run.messages()), seam, instruments, memoryMb << 20);
    }

    private AuditReport auditKafka() throws Exception {
        if (checkpoint == null || archive == null) {
            throw new UsageException("with --brokers say --checkpoint and --parquet too");
        }
        Instruments instruments = JobOptions.instruments(instrumentsFile);
        SeamReader seam = SeamReader.open(JobOptions.folderUri(checkpoint), new org.apache.flink.core.fs.Path(JobOptions.folderUri(archive)),
                instruments);
        return Audit.run(new KafkaEvents(client.connection(brokers), topics, deadLetterTopic), seam, instruments, memoryMb << 20);
    }
}
