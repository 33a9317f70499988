package io.qaexchange.job.cli.read;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.demo.RunFolder;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.export.ArrowRowWriter;
import io.qaexchange.job.query.export.CsvRowWriter;
import io.qaexchange.job.query.export.ParquetRowWriter;
import io.qaexchange.job.query.export.RowWriter;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.union.SeamReader;
import io.qaexchange.job.stream.JobOptions;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/export}. */
@Command(name = "export", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Writes the hot rows that a checkpoint or savepoint holds of one table, without a running job.",
                "Rows stay hot for a while after they are archived; with --parquet or --dir those that the archive has are left out."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
public final class ExportCommand implements Callable<Integer> {

    @Option(names = "--checkpoint", paramLabel = "PATH", description = "The checkpoint or savepoint.")
    private String checkpoint;
    @Option(names = "--parquet", paramLabel = "DIR", description = "Folder of the archive, with --checkpoint.")
    private String archive;
    @Option(names = "--dir", description = "Folder of a demo, instead of --checkpoint and --parquet.")
    private Path folder;
    @Option(names = "--table", required = true, description = "Table: tick, trade, order_insert, …")
    private String table;
    @Option(names = "--format", defaultValue = "csv",
            description = "arrow (an Arrow IPC file, also known as Feather), parquet or csv (what bin/replay reads). Default: ${DEFAULT-VALUE}.")
    private String format;
    @Option(names = "--out", paramLabel = "FILE", description = "Where to. Default: standard output.")
    private Path out;
    @Option(names = "--instruments", paramLabel = "FILE", description = "Instruments file of the job, with --checkpoint.")
    private String instrumentsFile;

    private long rows;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new ExportCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        if ((folder == null) == (checkpoint == null)) {
            throw new UsageException("say either --checkpoint or --dir (folder of a demo)");
        }
        RecordType type = type();
        if (out == null && !format.equals("csv")) {
            Tool.refuseTerminal("--format " + format, "--out FILE or > FILE");
        }
        if (out == null) {
            export(type, System.out);
        } else {
            try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(out))) {
                export(type, file);
            }
        }
        System.err.printf("%,d hot rows of %s%n", rows, table);
        return Tool.GOOD;
    }

    private RecordType type() {
        try {
            return EventSchema.get().table(table);
        } catch (IllegalArgumentException e) {
            throw new UsageException("--table: " + e.getMessage(), e);
        }
    }

    private void export(RecordType type, OutputStream target) throws Exception {
        Instruments instruments = folder == null ? JobOptions.instruments(instrumentsFile)
                : Instruments.load(folder.resolve(RunFolder.read(folder).instruments()));
        try (RowWriter writer = writer(type, target)) {
            forEachRow(instruments, (routeKey, stored) -> {
                if (stored.event().recordType() == type) {
                    writer.write(stored, instruments.tradingDay(stored.event()));
                    rows++;
                }
            });
            writer.finish();
        }
        target.flush();
    }

    private RowWriter writer(RecordType type, OutputStream target) throws IOException {
        return switch (format) {
            case "arrow" -> ArrowRowWriter.open(type, target);
            case "parquet" -> ParquetRowWriter.open(type, target);
            case "csv" -> CsvRowWriter.open(type, target);
            default -> throw new UsageException("--format must be arrow, parquet or csv, not " + format);
        };
    }

    private void forEachRow(Instruments instruments, HotRow visitor) throws Exception {
        if (folder != null) {
            RunFolder run = RunFolder.read(folder);
            SeamReader.open(folder.resolve(run.savepoint()).toUri().toString(),
                    new org.apache.flink.core.fs.Path(folder.resolve(run.archive()).toUri()), instruments).forEachHotRow(visitor);
        } else if (archive != null) {
            SeamReader.open(JobOptions.folderUri(checkpoint), new org.apache.flink.core.fs.Path(JobOptions.folderUri(archive)), instruments)
                    .forEachHotRow(visitor);
        } else {
            CheckpointReader.open(JobOptions.folderUri(checkpoint)).forEachHotRow(Set.of(), instruments, visitor);
        }
    }
}
