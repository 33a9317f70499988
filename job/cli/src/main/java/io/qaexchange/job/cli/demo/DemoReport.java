package io.qaexchange.job.cli.demo;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.events.generator.Fate;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.sql.ResultFormat;
import io.qaexchange.job.query.sql.ResultWriter;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.union.UnionReader;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;

/** The report that the demo prints at its end. */
final class DemoReport {

    private static final String BUSIEST = "SELECT instrument FROM trade WHERE direction = 'BUY' GROUP BY instrument "
            + "ORDER BY count(*) DESC, instrument LIMIT 1";
    private static final int BARS = 5;

    private final Path folder;
    private final DemoRun.Result result;
    private final AuditReport audit;
    private final LedgerProof ledger;
    private final UnionReader union;

    DemoReport(Path folder, DemoRun.Result result, AuditReport audit, LedgerProof ledger, UnionReader union) {
        this.folder = folder;
        this.result = result;
        this.audit = audit;
        this.ledger = ledger;
        this.union = union;
    }

    /** Whether every message that had to be refused is in the dead-letter topic once. */
    boolean deadLettersHold() {
        long expected = result.generator().count(Fate.CONFLICT) + result.generator().count(Fate.UNDECODABLE);
        return result.deadLetters().letters() == expected && result.deadLetters().positions().size() == expected;
    }

    void print(SqlTables tables, PrintStream out) throws Exception {
        RunFolder run = result.run();
        out.printf("%nWHAT WENT IN  (seed %d, %,d messages in %.1f s: %,.0f messages/s, %s backend)%n%n", run.seed(), run.messages(),
                result.seconds(), run.messages() / result.seconds(), run.backend());
        out.print(result.generator().summary());
        out.printf("%nA TaskManager was killed after %,d messages; the job was back after %.1f s.%n", result.killedAt(),
                result.recoveredMs() / 1000.0);
        out.printf("%nWHERE IT IS%n%n");
        long rawBytes = union.files().stream().mapToLong(DataFile::rawBytes).sum();
        long parquetBytes = union.files().stream().mapToLong(DataFile::lengthBytes).sum();
        out.printf("hot      %,12d rows in savepoint %d%n", audit.hot(), union.checkpoint().checkpointId());
        out.printf("Parquet  %,12d rows in %,d files, %,d bytes (%.0f%% of the %,d bytes as stored)%n", audit.cold(), union.files().size(),
                parquetBytes, rawBytes == 0 ? 0.0 : 100.0 * parquetBytes / rawBytes, rawBytes);
        out.printf("dead letters %,8d %s%n", result.deadLetters().letters(), result.deadLetters().byReason());
        out.printf("%nIS EVERYTHING THERE EXACTLY ONCE?%n%n%s", audit.toText());
        out.println(deadLettersHold() ? "every refused message is in the dead-letter topic exactly once"
                : "DEAD LETTERS DIFFER: " + result.deadLetters().letters() + " letters about " + result.deadLetters().positions().size()
                        + " messages");
        out.printf("%nDO THE ACCOUNTS ADD UP?%n%n");
        ledger.print(out);
        printBars(tables, out);
        printNext(out);
    }

    private static String bars(String instrument) {
        return "SELECT time_bucket(INTERVAL '1 minute', event_time_us) AS minute, arg_min(price, event_time) AS open, max(price) AS high, "
                + "min(price) AS low, arg_max(price, event_time) AS close, sum(volume) AS volume FROM trade WHERE instrument = '"
                + instrument + "' AND direction = 'BUY' GROUP BY minute ORDER BY minute";
    }

    private void printBars(SqlTables tables, PrintStream out) throws Exception {
        try (Statement statement = tables.connection().createStatement()) {
            String instrument;
            try (ResultSet busiest = statement.executeQuery(BUSIEST)) {
                if (!busiest.next()) {
                    return;
                }
                instrument = busiest.getString(1);
            }
            out.printf("%nONE-MINUTE BARS OF %s, hot and cold as one table, the first %d%n%n", instrument, BARS);
            ResultWriter.of(tables, tables.parse(bars(instrument) + " LIMIT " + BARS)).write(ResultFormat.TABLE, out);
        }
    }

    private void printNext(PrintStream out) {
        Path shown = Path.of("").toAbsolutePath().relativize(folder);
        out.printf("%nFILES%n%n");
        out.printf("archive     %s%n", shown.resolve(result.run().archive()));
        out.printf("savepoint   %s%n", shown.resolve(result.run().savepoint()));
        out.printf("Kafka log   %s%n", shown.resolve("kafka"));
        out.printf("%nWHAT TO TRY NEXT%n%n");
        String word = Tool.shellWord(shown);
        out.printf("bin/query \"SELECT instrument, count(*) AS trades, sum(volume) AS volume FROM trade GROUP BY 1 ORDER BY 2 DESC LIMIT 10\""
                + " --dir %s%n", word);
        out.printf("bin/ledger --dir %s --account A0100%n", word);
        out.printf("bin/query \"SELECT * FROM account_daily ORDER BY balance DESC LIMIT 5\" --dir %s%n", word);
        out.printf("bin/audit --dir %s%n", word);
        out.printf("rm %s/archive/table=tick/date=*/part-*.parquet && bin/audit --dir %s     # and see it fail%n", word, word);
    }
}
