package io.qaexchange.job.cli.read;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.export.ArrowRowWriter;
import io.qaexchange.job.query.export.CsvRowWriter;
import io.qaexchange.job.query.export.ParquetRowWriter;
import io.qaexchange.job.query.export.RowWriter;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.HotRow;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/export}. */
@Command(name = "export", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Exports the hot rows of one table from a checkpoint or savepoint. No running job is needed.",
                "Archived rows stay hot for a while. With --parquet or --dir, rows that are in the archive are left out."},
        footer = {"", "Exit code: 0 success, 2 the command could not run."})
public final class ExportCommand implements Callable<Integer> {

    private static final List<String> FORMATS = List.of("csv", "arrow", "parquet");

    @Mixin
    private SourceOptions source;
    @Option(names = "--table", required = true, description = "Table: tick, trade, order_insert, …")
    private String table;
    @Option(names = "--format", defaultValue = "csv",
            description = "arrow (an Arrow IPC file, also known as Feather), parquet or csv (what bin/replay reads). Default: ${DEFAULT-VALUE}.")
    private String format;
    @Option(names = "--out", paramLabel = "FILE", description = "Output file. Default: standard output.")
    private Path out;
    private long rows;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new ExportCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        source.requireCheckpoint();
        RecordType type = type();
        if (!FORMATS.contains(format)) {
            throw new UsageException("--format must be one of " + String.join(", ", FORMATS) + ", not " + format + NearNames.hint(format, FORMATS));
        }
        if (out == null && !format.equals("csv")) {
            Tool.refuseTerminal("--format " + format, "--out FILE or > FILE");
        }
        if (out == null) {
            export(type, new BufferedOutputStream(System.out, 1 << 16));
        } else {
            exportToFile(type);
        }
        System.err.printf("%,d hot rows of %s%n", rows, table);
        return Tool.GOOD;
    }

    /** The file is there when it is whole. */
    private void exportToFile(RecordType type) throws Exception {
        Path target = out.toAbsolutePath();
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(target))) {
                export(type, file);
            }
            return;
        }
        Path aside = target.resolveSibling("." + target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(aside))) {
                export(type, file);
            }
            Files.move(aside, target, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    private RecordType type() {
        RecordType type = EventSchema.get().findTable(table);
        if (type == null) {
            List<String> names = EventSchema.get().recordTypes().stream().map(RecordType::table).toList();
            throw new UsageException("--table: there is no table " + table + NearNames.hint(table, names) + " Tables: " + String.join(", ", names));
        }
        return type;
    }

    private void export(RecordType type, OutputStream target) throws Exception {
        Instruments instruments = source.instruments();
        HotFilter only = HotFilter.of(type);
        try (RowWriter writer = writer(type, target)) {
            HotRow visitor = (routeKey, stored) -> {
                writer.write(stored, instruments.tradingDay(stored.event()));
                rows++;
            };
            if (source.hasArchive()) {
                source.openUnion(instruments).forEachHotRow(only, visitor);
            } else {
                source.openCheckpoint().forEachHotRow(Set.of(), instruments, only, visitor);
            }
            writer.finish();
        }
        target.flush();
    }

    private RowWriter writer(RecordType type, OutputStream target) throws IOException {
        return switch (format) {
            case "arrow" -> ArrowRowWriter.open(type, target);
            case "parquet" -> ParquetRowWriter.open(type, target);
            case "csv" -> CsvRowWriter.open(type, target);
            default -> throw new AssertionError(format);
        };
    }
}
