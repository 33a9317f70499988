package io.qaexchange.job.cli.read;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.iceberg.MirrorCheck;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.client.ServerClient;
import io.qaexchange.job.cli.client.ServerFile;
import io.qaexchange.job.cli.cluster.LocalBroker;
import io.qaexchange.job.cli.data.KafkaClientConfig;
import io.qaexchange.job.cli.data.KafkaEvents;
import io.qaexchange.job.cli.demo.RunFolder;
import io.qaexchange.job.cli.files.TierCacheOptions;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/audit}. */
@Command(name = "audit", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Checks that every event that was sent is stored once and unaltered, hot or in Parquet, and that the archive's hashes fit. "
                + "--live compares what a running job shows at its newest checkpoint with Kafka up to the offsets of that checkpoint.",
        footer = {"", "Exit code: 0 the audit holds, 1 it fails (the events are named), 2 it could not run."})
public final class AuditCommand implements Callable<Integer> {

    /** Time that the tables of a running job have to catch up. */
    private static final long TABLES_S = 30;
    private static final String ICEBERG = "iceberg";
    private static final long POLL_MS = 200;

    @Mixin
    private SourceOptions source;
    @Mixin
    private TierCacheOptions tierCache;
    @Option(names = "--live", description = "Audits a running job through its read endpoints, without stopping it; --brokers is the folder's own broker if it has one.")
    private boolean live;
    @Mixin
    private RunningJobOptions running;
    @Option(names = "--brokers", description = "Compares with what lies in Kafka: bootstrap servers. Without it: with what a demo's generator sent.")
    private String brokers;
    @Mixin
    private KafkaClientConfig client;
    @Option(names = "--topic", split = ",", defaultValue = "events", description = "Topics of the events. Default: ${DEFAULT-VALUE}.")
    private List<String> topics;
    @Option(names = "--dead-letter-topic", defaultValue = "dead-letters", description = "Topic of the dead letters. Default: ${DEFAULT-VALUE}.")
    private String deadLetterTopic;
    @Option(names = "--expect-sha256", paramLabel = "HASH",
            description = "SHA-256 of a version of the archive manifest that an earlier audit printed: a version that is kept must have it.")
    private String noted;
    @Option(names = "--table", paramLabel = "FORMAT", description = "Also compares the archive's tables of this format with the archive manifest that the audit read, "
            + "and every figure in them with the footers of the files: iceberg.")
    private String table;
    @Option(names = "--json", paramLabel = "FILE", description = "Also write the report as JSON to this file.")
    private Path json;
    @Option(names = "--memory-mb", defaultValue = "512",
            description = "Memory for the expected events. If there are more, the audit runs in several passes. Default: ${DEFAULT-VALUE}.")
    private long memoryMb;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new AuditCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        if (!live && running.isGiven()) {
            throw new UsageException("--flink, --job and --flink-conf name a running job: say --live too");
        }
        if (table != null && !table.equals(ICEBERG)) {
            throw new UsageException("--table " + table + ": the only format of tables is " + ICEBERG);
        }
        AuditReport report = live ? auditLive() : auditFiles();
        System.out.print(report.toText());
        if (json != null) {
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json.toFile(), report);
        }
        return report.holds() ? Tool.GOOD : Tool.BAD;
    }

    private AuditReport auditLive() throws Exception {
        if (source.checkpoint != null || source.archive != null || source.instrumentsFile != null) {
            throw new UsageException("--live reads the running job; --checkpoint, --parquet and --instruments are for files: leave one out");
        }
        if (source.folder == null && running.flink == null) {
            throw new UsageException("with --live say --dir (folder of a cluster), or --flink and --brokers");
        }
        LiveAudit audit = new LiveAudit(new LiveAudit.Settings(kafka(), topics, deadLetterTopic, memoryMb << 20, noted));
        URI server = source.folder == null ? null : new ServerFile(source.folder).find().orElse(null);
        try (LiveReader reader = running.reader(running.address(source.folder, Path.of("run")))) {
            AuditReport report = audit.run(reader, server == null ? null : ServerClient.of(server));
            return table == null ? report : withTables(report, reader.archive(), TABLES_S);
        }
    }

    private KafkaConnection kafka() throws Exception {
        if (brokers != null) {
            return client.connection(brokers);
        }
        LocalBroker broker = source.folder == null ? null : LocalBroker.of(source.folder);
        if (broker == null || !broker.wasStarted()) {
            throw new UsageException("say --brokers (bootstrap servers of Kafka)" + (broker == null ? "" : ": no broker was started in " + source.folder));
        }
        return client.connection(broker.connect());
    }

    private AuditReport auditFiles() throws Exception {
        if (brokers == null && source.folder == null) {
            throw new UsageException("say either --dir (folder of a demo) or --brokers, with --dir (folder of a cluster) or --checkpoint and --parquet");
        }
        if (brokers != null && source.folder == null && (source.checkpoint == null || source.archive == null)) {
            throw new UsageException("with --brokers say --dir (folder of a cluster), or --checkpoint and --parquet");
        }
        source.requireCheckpoint();
        if (brokers == null && !source.isDemo()) {
            throw new UsageException(source.folder + " is a cluster's folder: say --brokers too, to compare with what lies in Kafka");
        }
        AuditReport report = audit().with(ArchiveCheck.run(source.archive(), noted));
        return table == null ? report : withTables(report, source.archive(), 0);
    }

    /** @param seconds time that the tables of a running job have to catch up */
    private static AuditReport withTables(AuditReport report, ManifestStore archive, long seconds) throws IOException, InterruptedException {
        IcebergMirror mirror = IcebergMirror.of(archive);
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (mirror.version() < report.manifestVersion() && System.nanoTime() < deadlineNs) {
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
        MirrorCheck check = mirror.check(report.manifestVersion());
        return report.withTables(check.toText(), check.problems());
    }

    private AuditReport audit() throws Exception {
        Instruments instruments = source.instruments();
        UnionReader union = source.openUnion(instruments);
        if (brokers != null) {
            return Audit.run(new KafkaEvents(client.connection(brokers), topics, deadLetterTopic), union, instruments, memoryMb << 20);
        }
        RunFolder run = RunFolder.read(source.folder);
        return Audit.run(new GeneratedEvents(run.seed(), run.messages()), union, instruments, memoryMb << 20);
    }
}
