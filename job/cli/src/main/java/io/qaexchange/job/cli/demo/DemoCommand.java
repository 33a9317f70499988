package io.qaexchange.job.cli.demo;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.StateBackendChoice;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.ledger.LedgerReader;
import io.qaexchange.job.query.ledger.LedgerSums;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/demo}. */
@Command(name = "demo", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Sends a generated trading day through Kafka, hot storage and Parquet, kills a TaskManager on the way, and checks "
                + "that every event is there exactly once and that the accounts add up. With --live: a market that is open now, and a server to ask.",
        footer = {"", "Exit code: 0 the audit holds and the accounts add up, 1 they do not, 2 the demo could not run."})
public final class DemoCommand implements Callable<Integer> {

    private static final String DEFAULT_FOLDER = "demo-data";
    private static final long AUDIT_MEMORY_BYTES = 512L << 20;

    @Option(names = "--events", defaultValue = "500000", description = "Messages to send. Default: ${DEFAULT-VALUE}.")
    private long events;
    @Option(names = "--dir", description = "Folder for all data; must be empty or new. Default: " + DEFAULT_FOLDER
            + " in the current folder; replaced if it is from an earlier demo.")
    private Path folder;
    @Option(names = "--backend", defaultValue = "lsm", description = "State backend: lsm, rocksdb or hashmap. Default: ${DEFAULT-VALUE}.")
    private String backend;
    @Option(names = "--seed", defaultValue = "1", description = "Seed of the generated day. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--live", description = "A market that is open now, with a server to ask, until Ctrl-C.")
    private boolean live;
    @Option(names = "--rate", defaultValue = "500", description = "Messages per second, with --live; more than 5000 are reached within a minute. "
            + "Default: ${DEFAULT-VALUE}.")
    private double rate;
    @Option(names = "--port", defaultValue = "8090", description = "Port of the server, with --live; 0 for any. Default: ${DEFAULT-VALUE}.")
    private int port;
    @Option(names = "--pg-port", defaultValue = "5433", description = "Port of the PostgreSQL wire protocol, with --live; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int pgPort;
    @Option(names = "--flight-port", defaultValue = "8091", description = "Port of Arrow Flight SQL, with --live; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int flightPort;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new DemoCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        StateBackendChoice choice;
        try {
            choice = StateBackendChoice.valueOf(backend.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new UsageException("--backend must be lsm, rocksdb or hashmap, not " + backend, e);
        }
        if (events < EventGenerator.MIN_MESSAGES) {
            throw new UsageException("--events must be at least " + EventGenerator.MIN_MESSAGES + ", not " + events);
        }
        if (live && !(rate > 0)) {
            throw new UsageException("--rate must be above 0, not " + rate);
        }
        if (live && choice != StateBackendChoice.LSM) {
            throw new UsageException("--live reads the lsm backend only, not " + backend);
        }
        Path target = prepareFolder();
        System.setProperty("log.file", target.resolve("demo.log").toString());
        if (live) {
            new LiveDemo(new LiveDemo.Settings(target, seed, rate, port, pgPort, flightPort), System.out).run(ready -> { });
            return Tool.GOOD;
        }
        DemoRun.Result result = new DemoRun(new DemoRun.Settings(target, events, seed, choice.name().toLowerCase(Locale.ROOT)), System.err,
                System.console() != null).run();
        System.err.println("== audit: comparing every event that was sent with hot rows and Parquet files");
        return report(target, result, System.out);
    }

    private int report(Path target, DemoRun.Result result, PrintStream out) throws Exception {
        RunFolder run = result.run();
        Instruments instruments = Instruments.load(target.resolve(run.instruments()));
        UnionReader union = UnionReader.open(JobOptions.folderUri(target.resolve(run.savepoint())),
                new org.apache.flink.core.fs.Path(JobOptions.folderUri(target.resolve(run.archive()))), instruments);
        AuditReport audit = Audit.run(new GeneratedEvents(run.seed(), run.messages()), union, instruments, AUDIT_MEMORY_BYTES);
        System.err.println("== accounts: comparing them with orders, positions and every event about money");
        LedgerSums before = LedgerReader.read(CheckpointReader.open(result.beforeKill()), instruments).sums();
        LedgerSums after = LedgerReader.read(union.checkpoint(), instruments).sums();
        try (SqlTables tables = SqlTables.of(union, instruments)) {
            LedgerProof ledger = new LedgerProof(before, after, LedgerProof.Expected.of(tables, instruments));
            DemoReport report = new DemoReport(target, result, audit, ledger, union);
            report.print(tables, out);
            return exitCode(audit.holds(), report.deadLettersHold(), ledger.holds());
        }
    }

    /** Good only if all holds. */
    static int exitCode(boolean eventsHold, boolean deadLettersHold, boolean ledgerHolds) {
        return eventsHold && deadLettersHold && ledgerHolds ? Tool.GOOD : Tool.BAD;
    }

    private Path prepareFolder() throws IOException {
        Path target = (folder == null ? Path.of(DEFAULT_FOLDER) : folder).toAbsolutePath().normalize();
        if (Files.exists(target)) {
            boolean empty;
            try (Stream<Path> entries = Files.list(target)) {
                empty = entries.findAny().isEmpty();
            }
            if (!empty && (folder != null || !Files.exists(target.resolve(DemoRun.INSTRUMENTS_FILE)))) {
                throw new UsageException("folder " + target + " is not empty. Choose another with --dir, or remove it");
            }
            if (!empty) {
                delete(target);
            }
        }
        return Files.createDirectories(target);
    }

    private static void delete(Path target) throws IOException {
        try (Stream<Path> entries = Files.walk(target)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(entry);
            }
        }
    }
}
