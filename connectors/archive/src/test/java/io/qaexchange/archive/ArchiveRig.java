package io.qaexchange.archive;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RandomEvents;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.EventFileFooter;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.ParquetCompression;
import io.qaexchange.parquet.ParquetOptions;
import io.qaexchange.parquet.RowParquetWriter;
import io.qaexchange.parquet.column.RowColumn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;

/** Writes files as the job would, with random rows, and reads them column by column as strangers would. */
public final class ArchiveRig {

    /** A table whose rows are no events. */
    public static final String ROWS = "account_daily";

    private final Path folder;
    private final ManifestStore store;
    private final Random random;
    private long offset;

    public ArchiveRig(Path folder, long seed) {
        this.folder = folder;
        this.store = ManifestStore.of(new org.apache.flink.core.fs.Path(folder.toUri()));
        this.random = new Random(seed);
    }

    public ManifestStore store() {
        return store;
    }

    /** A file of random rows. */
    public DataFile write(RecordType type, String tradingDay, int rows, String epoch, long checkpointId, int subtask, long ordinal, boolean sorted)
            throws IOException {
        String batchId = "batch-" + epoch + "-" + checkpointId + "-" + subtask + "-" + ordinal + "-" + type.table() + "-" + tradingDay;
        String path = "table=" + type.table() + "/date=" + tradingDay + "/part-" + batchId + ".parquet";
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        List<byte[]> values = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            byte[] event = RandomEvents.event(EventSchema.get(), type, random);
            values.add(StoredEvent.encode(event, new Arrival(random.nextLong(), "topic-" + random.nextInt(3), random.nextInt(4), offset++)));
        }
        if (sorted) {
            values.sort(Comparator.comparing(Place::of));
        }
        StoredEvent stored = new StoredEvent();
        ParquetOptions options = new ParquetOptions(ParquetCompression.SNAPPY, 1 + random.nextInt(40));
        try (EventParquetWriter writer = EventParquetWriter.create(file, type, options)) {
            for (byte[] value : values) {
                writer.write(stored.wrap(value), value.length, Integer.parseInt(tradingDay.replace("-", "")));
            }
            writer.finish(Map.of(FooterKeys.BATCH_ID, batchId, FooterKeys.TRADING_DAY, tradingDay, FooterKeys.SUBTASK, Integer.toString(subtask),
                    FooterKeys.ORDINAL, Long.toString(ordinal)));
        }
        EventFileFooter footer = EventFileFooter.read(FlinkInputFile.of(new org.apache.flink.core.fs.Path(file.toUri())));
        return new DataFile(batchId, type.table(), tradingDay, path, Files.size(file), rows, footer.rawBytes(), footer.minEventTimeNs(),
                footer.maxEventTimeNs(), epoch, checkpointId, null, null, subtask, ordinal, Sha256.of(new org.apache.flink.core.fs.Path(file.toUri())),
                null);
    }

    /** The instrument of an account's orders. */
    public static String instrumentOf(String account) {
        return "I-" + account;
    }

    /** A file of orders, one for each of these accounts, in the order of instruments. */
    public DataFile writeOrders(String tradingDay, List<String> accounts, String epoch, long checkpointId, long ordinal) throws IOException {
        RecordType type = EventSchema.get().findTable("order_insert");
        String batchId = "orders-" + epoch + "-" + checkpointId + "-" + ordinal;
        String path = "table=order_insert/date=" + tradingDay + "/part-" + batchId + ".parquet";
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        StoredEvent stored = new StoredEvent();
        List<String> sorted = accounts.stream().sorted().toList();
        try (EventParquetWriter writer = EventParquetWriter.create(file, type, new ParquetOptions(ParquetCompression.SNAPPY, 3))) {
            for (String account : sorted) {
                byte[] event = new EventBuilder().start(type).eventTime(offset).tradingDay(Integer.parseInt(tradingDay.replace("-", "")))
                        .identity("s", offset).instrument(instrumentOf(account)).set("order_id", "o" + offset).set("account", account)
                        .set("direction", "BUY").set("offset", "OPEN").set("price_type", "LIMIT").set("price", 1.0).set("volume", 1.0).build();
                byte[] value = StoredEvent.encode(event, new Arrival(offset, "events", 0, offset++));
                writer.write(stored.wrap(value), value.length, Integer.parseInt(tradingDay.replace("-", "")));
            }
            writer.finish(Map.of(FooterKeys.BATCH_ID, batchId, FooterKeys.TRADING_DAY, tradingDay, FooterKeys.SUBTASK, "0", FooterKeys.ORDINAL,
                    Long.toString(ordinal), FooterKeys.MIN_INSTRUMENT, instrumentOf(sorted.get(0)), FooterKeys.MAX_INSTRUMENT,
                    instrumentOf(sorted.get(sorted.size() - 1))));
        }
        org.apache.flink.core.fs.Path written = new org.apache.flink.core.fs.Path(file.toUri());
        EventFileFooter footer = EventFileFooter.read(FlinkInputFile.of(written));
        return new DataFile(batchId, "order_insert", tradingDay, path, Files.size(file), footer.rows(), footer.rawBytes(), footer.minEventTimeNs(),
                footer.maxEventTimeNs(), epoch, checkpointId, footer.minInstrument(), footer.maxInstrument(), 0, ordinal, Sha256.of(written), null);
    }

    /** A file of rows that are no events, as those of the ledger. */
    public DataFile writeRows(String tradingDay, int rows, String epoch, long checkpointId) throws IOException {
        String batchId = "rows-" + epoch + "-" + checkpointId + "-" + random.nextLong();
        String path = "table=" + ROWS + "/date=" + tradingDay + "/part-" + batchId + ".parquet";
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        List<RowColumn> columns = List.of(new RowColumn("account", RowColumn.Kind.TEXT, false), new RowColumn("money", RowColumn.Kind.MONEY, true),
                new RowColumn("event_time", RowColumn.Kind.TIME_NS, false));
        try (RowParquetWriter writer = RowParquetWriter.create(file, ROWS, columns, new ParquetOptions(ParquetCompression.SNAPPY, 1 + random.nextInt(40)))) {
            for (int i = 0; i < rows; i++) {
                long timeNs = random.nextInt(1_000_000);
                writer.write(timeNs, new Object[] {"A" + random.nextInt(50), random.nextBoolean() ? null : random.nextLong(), timeNs});
            }
            writer.finish(Map.of(FooterKeys.BATCH_ID, batchId, FooterKeys.TRADING_DAY, tradingDay, FooterKeys.EPOCH, epoch));
        }
        EventFileFooter footer = EventFileFooter.read(FlinkInputFile.of(new org.apache.flink.core.fs.Path(file.toUri())));
        return new DataFile(batchId, ROWS, tradingDay, path, Files.size(file), rows, 0, footer.minEventTimeNs(), footer.maxEventTimeNs(), epoch, checkpointId,
                null, null, DataFile.NONE, DataFile.NONE, Sha256.of(new org.apache.flink.core.fs.Path(file.toUri())), null);
    }

    /** An instrument or account and a time: the order of rows in a file. */
    public record Place(boolean account, byte[] key, long timeNs) implements Comparable<Place> {

        static Place of(byte[] value) {
            EventView event = new StoredEvent().wrap(value).event();
            return new Place(!event.hasInstrument(), event.routeKey().getBytes(StandardCharsets.UTF_8), event.eventTime());
        }

        @Override
        public int compareTo(Place other) {
            int order = Boolean.compare(account, other.account);
            if (order == 0) {
                order = Arrays.compareUnsigned(key, other.key);
            }
            return order != 0 ? order : Long.compare(timeNs, other.timeNs);
        }
    }

    /** Every row of a file with all its columns, as the Parquet library's own reader gives them. */
    public List<String> rows(DataFile file) throws IOException {
        return rows(store.locate(file));
    }

    /** As {@link #rows(DataFile)}. */
    public static List<String> rows(org.apache.flink.core.fs.Path path) throws IOException {
        List<String> rows = new ArrayList<>();
        try (ParquetFileReader reader = ParquetFileReader.open(FlinkInputFile.of(path), ParquetReadOptions.builder().build())) {
            var schema = reader.getFileMetaData().getSchema();
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> records = new ColumnIOFactory().getColumnIO(schema).getRecordReader(pages, new GroupRecordConverter(schema));
                for (long i = pages.getRowCount(); i > 0; i--) {
                    rows.add(records.read().toString());
                }
            }
        }
        return rows;
    }

}
