package io.qaexchange.job.bench;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.parquet.EventFileFooter;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.ParquetCompression;
import io.qaexchange.parquet.ParquetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Writes an archive of trades of 250 trading days, as the job would, and its Iceberg tables: {@code YearArchive FOLDER ROWS}. Each day has four files of 40
 * instruments each. Does nothing if the folder has one of that size.
 */
public final class YearArchive {

    private static final int DAYS = 250;
    private static final int TEN_DAYS = 10;
    private static final int FILES_PER_DAY = 4;
    private static final int INSTRUMENTS_PER_FILE = 40;
    private static final long NS_PER_DAY = 24L * 3600 * 1_000_000_000L;
    private static final int VERSIONS_PER_SYNC = 25;
    private static final String EPOCH = "year-0";

    private final Path folder;
    private final RecordType table;
    private final int days;
    private final int rowsPerFile;

    private YearArchive(Path folder, String table, int days, long rows) {
        this.folder = folder;
        this.table = EventSchema.get().findTable(table);
        this.days = days;
        this.rowsPerFile = (int) Math.max(INSTRUMENTS_PER_FILE, rows / days / FILES_PER_DAY);
    }

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("usage: YearArchive FOLDER ROWS");
            System.exit(2);
        }
        Path folder = Path.of(args[0]).toAbsolutePath();
        long rows = Long.parseLong(args[1]);
        Path done = folder.resolve("rows");
        if (Files.exists(done) && Files.readString(done).strip().equals(args[1])) {
            return;
        }
        Files.createDirectories(folder);
        if (Files.exists(folder.resolve("_manifest"))) {
            throw new IOException("folder " + folder + " has an archive of another size, or half of one: delete it");
        }
        begin(folder);
        new YearArchive(folder, "trade", DAYS, rows).write();
        Files.writeString(done, args[1]);
    }

    /** Writes trades and ticks of the same ten days and instruments. Does nothing if the folder has them. */
    static void tradesAndTicks(Path folder, long trades, long ticks) throws IOException, InterruptedException {
        Path done = folder.resolve("rows");
        if (!Files.exists(done)) {
            begin(Files.createDirectories(folder));
            new YearArchive(folder, "trade", TEN_DAYS, trades).write();
            new YearArchive(folder, "tick", TEN_DAYS, ticks).write();
            Files.writeString(done, trades + " " + ticks);
        }
    }

    private static void begin(Path folder) throws IOException {
        ManifestStore.of(new org.apache.flink.core.fs.Path(folder.toUri())).publish(ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch(EPOCH, null, 0, "year", 1)));
    }

    private void write() throws IOException, InterruptedException {
        ManifestStore store = ManifestStore.of(new org.apache.flink.core.fs.Path(folder.toUri()));
        ArchiveManifest manifest = store.latest();
        IcebergMirror mirror = IcebergMirror.of(store);
        ExecutorService writers = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        long startedNs = System.nanoTime();
        long rows = 0;
        try {
            LocalDate day = LocalDate.of(2025, 1, 2);
            for (int number = 0; number < days; day = day.plusDays(1)) {
                if (day.getDayOfWeek() == DayOfWeek.SATURDAY || day.getDayOfWeek() == DayOfWeek.SUNDAY) {
                    continue;
                }
                number++;
                List<DataFile> files = ofDay(writers, day, number);
                rows += files.stream().mapToLong(DataFile::rows).sum();
                manifest = manifest.withFiles(files);
                if (!store.publish(manifest)) {
                    throw new IOException("somebody else writes the archive in " + folder);
                }
                if (number % VERSIONS_PER_SYNC == 0) {
                    long beganNs = System.nanoTime();
                    IcebergMirror.SyncReport report = mirror.sync();
                    System.err.printf("%,d rows, %s, %.0f s; sync of %d snapshots %.1f s%n", rows, day, (System.nanoTime() - startedNs) / 1e9, report.snapshots(),
                            (System.nanoTime() - beganNs) / 1e9);
                }
            }
        } finally {
            writers.shutdownNow();
        }
    }

    private List<DataFile> ofDay(ExecutorService writers, LocalDate day, int number) throws IOException, InterruptedException {
        List<Future<DataFile>> pending = new ArrayList<>();
        for (int file = 0; file < FILES_PER_DAY; file++) {
            int part = file;
            pending.add(writers.submit(() -> file(day, number, part)));
        }
        List<DataFile> files = new ArrayList<>();
        for (Future<DataFile> one : pending) {
            try {
                files.add(one.get());
            } catch (ExecutionException e) {
                throw new IOException("a file of " + day + " could not be written: " + e.getCause().getMessage(), e.getCause());
            }
        }
        return files;
    }

    private DataFile file(LocalDate day, int number, int part) throws IOException {
        String batch = table.table() + "-" + number + "-" + part;
        String path = "table=" + table.table() + "/date=" + day + "/part-" + batch + ".parquet";
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        int tradingDay = Integer.parseInt(day.toString().replace("-", ""));
        long dayNs = day.atStartOfDay(ZoneOffset.UTC).toEpochSecond() * 1_000_000_000L;
        Random random = new Random(number * 10L + part);
        EventBuilder builder = new EventBuilder();
        StoredEvent stored = new StoredEvent();
        int perInstrument = rowsPerFile / INSTRUMENTS_PER_FILE;
        long sequence = (long) (number * FILES_PER_DAY + part) * rowsPerFile;
        String first = null;
        String last = null;
        try (EventParquetWriter writer = EventParquetWriter.create(file, table, new ParquetOptions(ParquetCompression.ZSTD, ParquetOptions.DEFAULT.rowGroupRows()))) {
            for (int i = 0; i < INSTRUMENTS_PER_FILE; i++) {
                last = String.format("X.i%04d", part * INSTRUMENTS_PER_FILE + i);
                first = first == null ? last : first;
                double price = 1_000 + random.nextInt(9_000);
                for (int row = 0; row < perInstrument; row++) {
                    long time = dayNs + (NS_PER_DAY / perInstrument) * row + random.nextInt(1_000_000);
                    price = Math.max(1, price + (random.nextInt(5) - 2) * 0.5);
                    builder.start(table).eventTime(time).tradingDay(tradingDay).identity("s" + part, sequence).instrument(last);
                    byte[] event = (table.table().equals("trade") ? trade(builder, sequence, price, random) : tick(builder, price, random)).build();
                    byte[] value = StoredEvent.encode(event, new Arrival(time + 1_000_000, "events", i % 8, sequence++));
                    writer.write(stored.wrap(value), value.length, tradingDay);
                }
            }
            writer.finish(Map.of(FooterKeys.BATCH_ID, batch, FooterKeys.TRADING_DAY, day.toString(), FooterKeys.SUBTASK, Integer.toString(part), FooterKeys.ORDINAL,
                    Integer.toString(number), FooterKeys.MIN_INSTRUMENT, first, FooterKeys.MAX_INSTRUMENT, last));
        }
        org.apache.flink.core.fs.Path written = new org.apache.flink.core.fs.Path(file.toUri());
        EventFileFooter footer = EventFileFooter.read(FlinkInputFile.of(written));
        return new DataFile(batch, table.table(), day.toString(), path, Files.size(file), footer.rows(), footer.rawBytes(), footer.minEventTimeNs(),
                footer.maxEventTimeNs(), EPOCH, number, first, last, part, number, Sha256.of(written), null);
    }

    private static EventBuilder trade(EventBuilder builder, long sequence, double price, Random random) {
        return builder.set("trade_id", "T" + sequence).set("account", "a" + random.nextInt(5_000)).set("direction", random.nextBoolean() ? "BUY" : "SELL")
                .set("offset", "OPEN").set("kind", "NORMAL").set("price", price).set("volume", 1.0 + random.nextInt(20));
    }

    private static EventBuilder tick(EventBuilder builder, double price, Random random) {
        return builder.set("last_price", price).set("volume", random.nextInt(1_000_000)).set("bid_price", price - 0.5).set("ask_price", price + 0.5);
    }
}
