package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.compaction.CompactionReport;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.cli.read.DescribedView;
import io.qaexchange.job.cli.read.LedgerCommand;
import io.qaexchange.job.model.book.PlainLedger;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.ledger.LedgerReader;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.kafka.KafkaConnection;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/**
 * The ledger in the real job, with a broker and a cluster: a killed TaskManager, a savepoint, another parallelism. At the end it is to the
 * last digit what plain collections make of the generated events, on each backend.
 */
@Timeout(240)
class LedgerITCase {

    private static final int MESSAGES = 6_000;
    private static final int SEED = 17;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"lsm", "rocksdb", "hashmap"})
    void endsTheSameAfterAFailureAndARescale(String backend) throws Exception {
        Path terms = Files.writeString(folder.resolve("instruments.yaml"), Instruments.exampleYaml());
        String savepoint;
        try (JobRig rig = JobRig.start(folder)) {
            rig.set("backend", backend).set("instruments", terms.toString()).set("ledger.file-interval", "300 ms");
            new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, MESSAGES).start().get(60, TimeUnit.SECONDS);
            JobID first = rig.submit(2, null);
            JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES / 3);
            rig.cluster().terminateTaskManager(0).get(60, TimeUnit.SECONDS);
            rig.cluster().startTaskManager();
            JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES / 2);
            String middle = rig.stop(first);
            assertThat(view(middle).sums().problems()).as("in the middle").isEmpty();

            JobID second = rig.submit(3, middle);
            JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES && rig.manifest().files().stream().map(DataFile::table)
                    .collect(Collectors.toSet()).containsAll(List.of("account_daily", "position_daily")));
            savepoint = rig.stop(second);

            LedgerView view = view(savepoint);
            assertThat(DescribedView.of(view)).isEqualTo(expected());
            assertThat(view.sums().problems()).isEmpty();
            checkTables(rig, savepoint, view);
            compact(rig);
            checkTables(rig, savepoint, view);
        }
        checkCommand(savepoint, terms);
    }

    private static LedgerView view(String savepoint) throws Exception {
        return LedgerReader.read(CheckpointReader.open(savepoint), Instruments.example());
    }

    private static Map<String, String> expected() throws Exception {
        PlainLedger plain = new PlainLedger(Instruments.example());
        EventGenerator generator = new EventGenerator(SEED, MESSAGES);
        while (generator.hasNext()) {
            var message = generator.next();
            if (message.fate().isStored()) {
                plain.accept(message.event());
            }
        }
        return plain.describe();
    }

    /** Rows of the tables, from Parquet and from the savepoint, say what the ledger does, each once. */
    private static void checkTables(JobRig rig, String savepoint, LedgerView view) throws Exception {
        UnionReader union = UnionReader.open(savepoint, rig.archive(), Instruments.example());
        try (SqlTables tables = SqlTables.of(union, Instruments.example()); Statement statement = tables.connection().createStatement()) {
            try (ResultSet rows = statement.executeQuery("SELECT account, CAST(money * 1000000 AS BIGINT), CAST(balance * 1000000 AS BIGINT) "
                    + "FROM account_daily")) {
                int count = 0;
                for (; rows.next(); count++) {
                    String account = rows.getString(1);
                    assertThat(rows.getLong(2)).as("money of %s", account).isEqualTo(view.now(account).money());
                    assertThat(rows.getLong(3)).as("balance of %s", account).isEqualTo(view.now(account).balance());
                }
                assertThat(count).isEqualTo(view.accounts().size());
            }
            try (ResultSet rows = statement.executeQuery("SELECT count(*), count(DISTINCT (instrument, account)) FROM position_daily")) {
                rows.next();
                assertThat(rows.getLong(1)).isPositive().isEqualTo(rows.getLong(2));
            }
        }
    }

    /** Small files of a table and day become one; how many there are depends on the machine. */
    private void compact(JobRig rig) throws Exception {
        ManifestStore store = ManifestStore.of(new org.apache.flink.core.fs.Path(rig.archive().toUri()));
        CompactionReport report = new ArchiveCompaction(store, CompactionOptions.DEFAULT, Files.createDirectories(folder.resolve("compaction")), Clock.systemUTC())
                .run(file -> file.table().endsWith("_daily"), file -> { });
        assertThat(report.left()).isEmpty();
        assertThat(ArchiveCheck.run(store, null).problems()).isEmpty();
    }

    private static void checkCommand(String savepoint, Path terms) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        PrintStream console = System.out;
        int exitCode;
        System.setOut(new PrintStream(text, true, StandardCharsets.UTF_8));
        try {
            exitCode = new CommandLine(new LedgerCommand()).execute("--checkpoint", savepoint, "--instruments", terms.toString());
        } finally {
            System.setOut(console);
        }
        assertThat(exitCode).isEqualTo(Tool.GOOD);
        assertThat(text.toString(StandardCharsets.UTF_8)).contains("A0100").contains("the accounts add up");
    }
}
