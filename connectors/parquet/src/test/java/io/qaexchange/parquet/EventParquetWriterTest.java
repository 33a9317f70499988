package io.qaexchange.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.GeneratedMessage;
import io.qaexchange.parquet.bar.BarTable;
import io.qaexchange.parquet.bar.PricedEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.filter2.predicate.FilterPredicate;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.api.Binary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventParquetWriterTest {

    private static final int DAY = 20260106;
    private static final int PAGE_ROWS = 20_000;
    /** After the header of 8 bytes, event time and sequence. */
    private static final int TRADING_DAY_OFFSET = 24;
    private static final Map<String, String> FOOTER = Map.of(FooterKeys.BATCH_ID, "batch", FooterKeys.TRADING_DAY, "2026-01-06");

    @TempDir
    private Path folder;

    @Test
    void givesEveryEventOfEveryTableBack() throws IOException {
        Map<RecordType, List<byte[]>> events = generated(20_000);
        assertThat(events.keySet().size()).isGreaterThan(10);
        for (Map.Entry<RecordType, List<byte[]>> table : events.entrySet()) {
            Path file = write(table.getKey(), table.getValue(), new ParquetOptions(ParquetCompression.ZSTD, 700));
            List<byte[]> read = new ArrayList<>();
            try (TableReader reader = TableReader.open(new LocalInputFile(file))) {
                for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                    assertThat(row.offset()).isEqualTo(read.size());
                    assertThat(row.topic()).isEqualTo("topic");
                    assertThat(row.ingestTimeNs()).isEqualTo(1_000L + read.size());
                    read.add(row.message());
                }
            }
            assertThat(read).as(table.getKey().table()).hasSameSizeAs(table.getValue());
            for (int i = 0; i < read.size(); i++) {
                assertThat(Arrays.equals(read.get(i), table.getValue().get(i))).as("row %d of %s", i, table.getKey().table()).isTrue();
            }
        }
    }

    @Test
    void givesEventsBackThatFillManyPages() throws Exception {
        Map<RecordType, List<byte[]>> events = generated(60_000);
        for (String name : List.of("tick", "trade", "book_snapshot")) {
            RecordType table = EventSchema.get().table(name);
            List<byte[]> written = new ArrayList<>(events.get(table));
            while (written.size() <= PAGE_ROWS) {
                written.addAll(events.get(table));
            }
            Path file = write(table, written, ParquetOptions.DEFAULT);
            try (TableReader reader = TableReader.open(new LocalInputFile(file))) {
                for (byte[] event : written) {
                    assertThat(Arrays.equals(reader.next().message(), event)).as(name).isTrue();
                }
                assertThat(reader.next()).isNull();
            }
        }
    }

    /** One row in each of several pages, the last ones of the file among them: the library alone gives another row for the last of them. */
    @Test
    void rowsThatAreAloneInTheirPagesAreThoseThatMatch() throws Exception {
        RecordType table = EventSchema.get().table("tick");
        List<byte[]> ticks = generated(60_000).get(table);
        Random random = new Random(8);
        for (int rows : new int[] {8_001, 16_001, 20_000}) {
            List<byte[]> written = new ArrayList<>();
            for (int i = 0; i < rows; i++) {
                written.add(ticks.get(random.nextInt(ticks.size())));
            }
            Path file = write(table, written, ParquetOptions.DEFAULT);
            for (int i = 0; i < 60; i++) {
                EventView of = new EventView().wrap(written.get(i % 3 == 0 ? rows - 1 - i / 3 : random.nextInt(rows)));
                long to = of.eventTime() + 1;
                List<byte[]> expected = written.stream().filter(event -> new EventView().wrap(event).instrument().equals(of.instrument()) && new EventView().wrap(event).eventTime() == of.eventTime()).toList();
                List<byte[]> found = new ArrayList<>();
                try (TableReader reader = TableReader.open(new LocalInputFile(file), of.instrument(), of.eventTime(), to)) {
                    for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                        found.add(row.message());
                    }
                }
                assertThat(found.toArray()).as("of %d rows, row %d", rows, i).isEqualTo(expected.toArray());
            }
            Files.delete(file);
        }
    }

    /** Bars of the columns that they are made of, beside bars of whole events: of an instrument and of all, of some times and of all. */
    @Test
    void pricedRowsAreThoseOfTheEvents() throws Exception {
        Random random = new Random(6);
        Map<RecordType, List<byte[]>> events = generated(60_000);
        for (BarTable table : BarTable.values()) {
            RecordType type = EventSchema.get().table(table.table());
            for (boolean inOrder : new boolean[] {true, false}) {
                List<byte[]> written = new ArrayList<>(events.get(type));
                if (!inOrder) {
                    Collections.shuffle(written, random);
                }
                Path file = write(type, written, new ParquetOptions(ParquetCompression.ZSTD, random.nextBoolean() ? 3_000 : 100_000));
                int rows = 0;
                for (int i = 0; i < 30; i++) {
                    EventView some = new EventView().wrap(written.get(random.nextInt(written.size())));
                    String instrument = i % 3 == 0 ? null : some.instrument();
                    long from = i % 4 == 0 ? Long.MIN_VALUE : some.eventTime() - random.nextInt(2) * random.nextInt(1_000_000_000);
                    long to = i % 5 == 0 ? Long.MAX_VALUE : some.eventTime() + random.nextInt(3) * 1_000_000_000L;
                    List<String> expected = new ArrayList<>();
                    PricedEvent priced = new PricedEvent(type, table);
                    try (TableReader reader = TableReader.open(new LocalInputFile(file), instrument, from, to)) {
                        for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                            StoredEvent stored = new StoredEvent().wrap(StoredEvent.encode(row.message(), new Arrival(1, row.topic(), row.partition(), row.offset())));
                            if (priced.wrap(stored)) {
                                EventView event = priced.event();
                                expected.add(String.join(" ", event.instrument(), "" + event.tradingDay(), "" + event.eventTime(), new String(priced.source()), "" + priced.sequence(),
                                        "" + priced.price(), "" + priced.volume()));
                            }
                        }
                    }
                    List<String> read = new ArrayList<>();
                    try (PricedRows reader = PricedRows.open(new LocalInputFile(file), table, instrument, from, to)) {
                        while (reader.next()) {
                            read.add(String.join(" ", reader.instrument(), "" + reader.tradingDay(), "" + reader.timeNs(), new String(reader.source()), "" + reader.sequence(),
                                    "" + reader.price(), "" + reader.volume()));
                        }
                    }
                    assertThat(read).as("%s %s %s %d %d", table, inOrder, instrument, from, to).isEqualTo(expected);
                    rows += read.size();
                }
                assertThat(rows).isGreaterThan(written.size());
                Files.delete(file);
            }
        }
    }

    /** Rows of an instrument, a span of times and an id, in files in order and out of it, of one row group or several, beside a walk through all. */
    @Test
    void aFilterGivesExactlyTheRowsThatMatch() throws Exception {
        Random random = new Random(4);
        Map<RecordType, List<byte[]>> events = generated(40_000);
        for (String name : List.of("tick", "trade", "order_insert")) {
            RecordType table = EventSchema.get().table(name);
            String id = name.equals("trade") ? "trade_id" : name.equals("tick") ? "source" : "order_id";
            for (boolean inOrder : new boolean[] {true, false}) {
                List<byte[]> written = new ArrayList<>(events.get(table));
                if (!inOrder) {
                    Collections.shuffle(written, random);
                }
                Path file = write(table, written, new ParquetOptions(ParquetCompression.ZSTD, random.nextBoolean() ? 3_000 : 100_000));
                for (int i = 0; i < 30; i++) {
                    EventView some = new EventView().wrap(written.get(random.nextInt(written.size())));
                    String instrument = random.nextInt(3) == 0 ? null : some.instrument();
                    long from = random.nextInt(4) == 0 ? Long.MIN_VALUE : some.eventTime() - random.nextInt(2) * random.nextInt(1_000_000_000);
                    long to = random.nextInt(4) == 0 ? Long.MAX_VALUE : some.eventTime() + random.nextInt(3) * 1_000_000_000L;
                    TableReader.Text text = random.nextInt(2) == 0 ? null : new TableReader.Text(id, some.getString(table.field(id)));
                    List<byte[]> expected = written.stream().filter(event -> {
                        EventView view = new EventView().wrap(event);
                        return (instrument == null || view.instrument().equals(instrument)) && view.eventTime() >= from && (to == Long.MAX_VALUE || view.eventTime() < to)
                                && (text == null || view.getString(table.field(id)).equals(text.value()));
                    }).toList();
                    List<byte[]> found = new ArrayList<>();
                    try (TableReader reader = TableReader.open(new LocalInputFile(file), instrument, from, to, text)) {
                        for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                            found.add(row.message());
                        }
                    }
                    assertThat(found.toArray()).as("%s %s %d %d %s", name, instrument, from, to, text).isEqualTo(expected.toArray());
                }
                Files.delete(file);
            }
        }
    }

    @Test
    void aPointReadsOnlyRowGroupsThatMayHaveTheId() throws Exception {
        RecordType table = EventSchema.get().table("trade");
        List<byte[]> written = generated(20_000).get(table);
        Path file = write(table, written, new ParquetOptions(ParquetCompression.ZSTD, 700));
        int groups;
        try (TableReader all = TableReader.open(new LocalInputFile(file))) {
            groups = all.rowGroups();
        }
        assertThat(groups).isGreaterThan(3);
        int read = 0;
        for (int i = 0; i < written.size(); i += 97) {
            EventView event = new EventView().wrap(written.get(i));
            String id = event.getString(table.field("trade_id"));
            try (TableReader point = TableReader.open(new LocalInputFile(file), null, Long.MIN_VALUE, Long.MAX_VALUE, new TableReader.Text("trade_id", id))) {
                read += point.rowGroups();
                int found = 0;
                for (ArchivedEvent row = point.next(); row != null; row = point.next()) {
                    assertThat(new EventView().wrap(row.message()).getString(table.field("trade_id"))).isEqualTo(id);
                    found++;
                }
                assertThat(found).as(id).isEqualTo((int) written.stream()
                        .filter(bytes -> new EventView().wrap(bytes).getString(table.field("trade_id")).equals(id)).count());
            }
            try (TableReader nobody = TableReader.open(new LocalInputFile(file), null, Long.MIN_VALUE, Long.MAX_VALUE,
                    new TableReader.Text("trade_id", id.substring(0, id.length() - 1) + "?"))) {
                read += nobody.rowGroups() * 10;
                assertThat(nobody.next()).isNull();
            }
        }
        // One or two hold both sides of a trade; of the ids that nobody has, about one in a hundred is taken for present.
        assertThat(read).isLessThan(3 * (written.size() / 97 + 1));
    }

    @Test
    void statisticsAndBloomFiltersLeaveNothingOut() throws Exception {
        RecordType trade = EventSchema.get().table("trade");
        List<byte[]> events = generated(100_000).get(trade);
        Path file = write(trade, events, new ParquetOptions(ParquetCompression.ZSTD, 30_000));
        EventView view = new EventView();
        for (int at = 0; at < events.size(); at += events.size() / 20) {
            view.wrap(events.get(at));
            String account = view.account();
            String order = view.getString(trade.field("order_id"));
            double price = view.getDouble(trade.field("price"));
            for (FilterPredicate filter : List.of(FilterApi.eq(FilterApi.binaryColumn("account"), Binary.fromString(account)),
                    FilterApi.eq(FilterApi.binaryColumn("order_id"), Binary.fromString(order)),
                    FilterApi.eq(FilterApi.doubleColumn("price"), price),
                    FilterApi.eq(FilterApi.longColumn("kafka_offset"), (long) at))) {
                try (ParquetFileReader pruned = ParquetFileReader.open(new LocalInputFile(file),
                        ParquetReadOptions.builder().withRecordFilter(FilterCompat.get(filter)).build())) {
                    assertThat(pruned.getFilteredRecordCount()).as("rows that may fit %s", filter).isPositive();
                }
            }
            long wanted = events.stream().filter(e -> new EventView().wrap(e).account().equals(account)).count();
            try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement sql = connection.createStatement();
                    ResultSet row = sql.executeQuery("SELECT count(*), count(*) FILTER (order_id = '" + order + "' AND price = " + price
                            + ") FROM '" + file + "' WHERE account = '" + account + "'")) {
                row.next();
                assertThat(row.getLong(1)).isEqualTo(wanted);
                assertThat(row.getLong(2)).isPositive();
            }
        }
    }

    @Test
    void writesRowGroupsOfTheAskedNumberOfRowsWithStatisticsAndIndexes() throws IOException {
        RecordType trade = EventSchema.get().table("trade");
        List<byte[]> events = generated(20_000).get(trade);
        Path file = write(trade, events, new ParquetOptions(ParquetCompression.SNAPPY, 1000));

        try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file))) {
            List<BlockMetaData> groups = reader.getFooter().getBlocks();
            assertThat(groups).hasSize((events.size() + 999) / 1000);
            assertThat(groups.get(0).getRowCount()).isEqualTo(1000);
            for (ColumnChunkMetaData column : groups.get(0).getColumns()) {
                assertThat(column.getCodec()).isEqualTo(CompressionCodecName.SNAPPY);
                assertThat(reader.readOffsetIndex(column)).as("page index of %s", column.getPath()).isNotNull();
                if (column.getPath().toDotString().equals("event_time")) {
                    assertThat(column.getStatistics().hasNonNullValue()).isTrue();
                }
            }
        }
        EventFileFooter footer = EventFileFooter.read(new LocalInputFile(file));
        assertThat(footer.rows()).isEqualTo(events.size());
        assertThat(footer.table()).isEqualTo("trade");
        assertThat(footer.batchId()).isEqualTo("batch");
    }

    @Test
    void isReadByDuckDbWithTypesOrderAndSortingColumns() throws Exception {
        RecordType book = EventSchema.get().table("book_snapshot");
        List<byte[]> events = generated(20_000).get(book);
        Path file = write(book, events, ParquetOptions.DEFAULT);

        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement sql = connection.createStatement()) {
            Map<String, String> types = new TreeMap<>();
            try (ResultSet columns = sql.executeQuery("DESCRIBE SELECT * FROM '" + file + "'")) {
                while (columns.next()) {
                    types.put(columns.getString(1), columns.getString(2));
                }
            }
            assertThat(types).containsEntry("event_time_us", "TIMESTAMP WITH TIME ZONE")
                    .containsEntry("bids", "STRUCT(price DOUBLE, volume DOUBLE)[]").containsEntry("kafka_offset", "BIGINT")
                    .containsEntry("trading_day", "INTEGER").containsEntry("instrument", "VARCHAR");
            assertThat(types.get("event_time")).startsWith("TIMESTAMP");
            try (ResultSet row = sql.executeQuery("SELECT count(*), sum(len(bids)), min(epoch_us(event_time_us)) FROM '" + file + "'")) {
                row.next();
                EventView view = new EventView();
                long levels = events.stream().mapToLong(e -> view.wrap(e).levelCount(book.field("bids"))).sum();
                long first = events.stream().mapToLong(e -> view.wrap(e).eventTime()).min().orElseThrow();
                assertThat(row.getLong(1)).isEqualTo(events.size());
                assertThat(row.getLong(2)).isEqualTo(levels);
                assertThat(row.getLong(3)).isEqualTo(first / 1000);
            }
        }
        assertThat(sortingColumns(file)).containsExactly("instrument", "event_time");
    }

    @Test
    void leavesNoFileWhenItIsClosedUnfinished() throws IOException {
        RecordType tick = EventSchema.get().table("tick");
        Path file = folder.resolve("unfinished.parquet");
        try (EventParquetWriter writer = EventParquetWriter.create(file, tick, ParquetOptions.DEFAULT)) {
            assertThat(writer.rowCount()).isZero();
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void aQueryForOneInstrumentAndHourReadsOnlyItsRowGroupsAndPages() throws IOException {
        RecordType tick = EventSchema.get().table("tick");
        List<byte[]> events = generated(60_000).get(tick);
        Path file = write(tick, events, new ParquetOptions(ParquetCompression.ZSTD, 500));
        EventView view = new EventView();
        String instrument = view.wrap(events.get(events.size() / 2)).instrument();
        long from = view.eventTime();
        long to = from + 3_600_000_000_000L;
        long wanted = events.stream().filter(e -> view.wrap(e).instrument().equals(instrument) && view.eventTime() >= from
                && view.eventTime() < to).count();
        FilterPredicate filter = FilterApi.and(FilterApi.eq(FilterApi.binaryColumn("instrument"), Binary.fromString(instrument)),
                FilterApi.and(FilterApi.gtEq(FilterApi.longColumn("event_time"), from), FilterApi.lt(FilterApi.longColumn("event_time"), to)));
        int groups;
        try (ParquetFileReader all = ParquetFileReader.open(new LocalInputFile(file))) {
            groups = all.getRowGroups().size();
        }
        try (ParquetFileReader pruned = ParquetFileReader.open(new LocalInputFile(file),
                ParquetReadOptions.builder().withRecordFilter(FilterCompat.get(filter)).build())) {
            assertThat(wanted).isPositive();
            assertThat(groups).isGreaterThan(20);
            assertThat(pruned.getRowGroups().size()).as("row groups of %s", groups).isBetween(1, 3);
            assertThat(pruned.getFilteredRecordCount()).as("rows of what is read, of %s", events.size())
                    .isBetween(wanted, 1_500L);
        }
    }

    @Test
    void leavesNoFileWhenItsThreadWasInterrupted() throws IOException {
        RecordType tick = EventSchema.get().table("tick");
        List<byte[]> events = generated(2_000).get(tick);
        Path file = folder.resolve("interrupted.parquet");
        EventParquetWriter writer = EventParquetWriter.create(file, tick, new ParquetOptions(ParquetCompression.SNAPPY, 10));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> {
            StoredEvent stored = new StoredEvent();
            for (byte[] event : events) {
                byte[] value = StoredEvent.encode(event, new Arrival(1, "topic", 3, 1));
                writer.write(stored.wrap(value), value.length, DAY);
            }
            writer.finish(FOOTER);
        }).as("an interrupt closes the file's channel").isInstanceOf(ClosedChannelException.class);
        assertThat(Thread.interrupted()).isTrue();

        writer.close();

        assertThat(file).doesNotExist();
    }

    @Test
    void declaresAnOrderOnlyIfTheRowsCameInIt() throws IOException {
        RecordType tick = EventSchema.get().table("tick");
        List<byte[]> events = generated(2_000).get(tick);
        Collections.reverse(events);

        assertThat(sortingColumns(write(tick, events, ParquetOptions.DEFAULT))).isEmpty();
    }

    @Test
    void saysWhichFileIsDamaged() throws IOException {
        RecordType trade = EventSchema.get().table("trade");
        Path file = write(trade, generated(2_000).get(trade), ParquetOptions.DEFAULT);
        Files.write(file, new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, StandardOpenOption.APPEND);

        assertThatThrownBy(() -> EventFileFooter.read(new LocalInputFile(file))).isInstanceOf(IOException.class)
                .hasMessageContaining("cannot be read as a Parquet file");
    }

    @Test
    void refusesAParquetFileOfOthers() throws Exception {
        Path file = folder.resolve("other.parquet");
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement sql = connection.createStatement()) {
            sql.execute("COPY (SELECT 1 AS a) TO '" + file + "' (FORMAT parquet)");
        }
        assertThatThrownBy(() -> TableReader.open(new LocalInputFile(file))).isInstanceOf(IOException.class)
                .hasMessageContaining("not written by the exchange job");
    }

    private static List<String> sortingColumns(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int footerBytes = ByteBuffer.wrap(bytes, bytes.length - 8, 4).order(ByteOrder.LITTLE_ENDIAN).getInt();
        var footer = org.apache.parquet.format.Util.readFileMetaData(
                new java.io.ByteArrayInputStream(bytes, bytes.length - 8 - footerBytes, footerBytes));
        var declared = footer.getRow_groups().get(0).getSorting_columns();
        return declared == null ? List.of() : declared.stream()
                .map(column -> footer.getRow_groups().get(0).getColumns().get(column.getColumn_idx()).getMeta_data().getPath_in_schema().get(0))
                .toList();
    }

    private Path write(RecordType type, List<byte[]> events, ParquetOptions options) throws IOException {
        Path file = folder.resolve(type.table() + ".parquet");
        StoredEvent stored = new StoredEvent();
        try (EventParquetWriter writer = EventParquetWriter.create(file, type, options)) {
            long offset = 0;
            for (byte[] event : events) {
                byte[] value = StoredEvent.encode(event, new Arrival(1_000L + offset, "topic", 3, offset++));
                writer.write(stored.wrap(value), value.length, DAY);
            }
            writer.finish(FOOTER);
        }
        return file;
    }

    /** Generated events by table, in the order of files, all with a trading day. */
    private static Map<RecordType, List<byte[]>> generated(int messages) {
        Map<RecordType, List<byte[]>> byTable = new HashMap<>();
        EventGenerator generator = new EventGenerator(7, messages);
        EventView view = new EventView();
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            if (message.fate().isStored()) {
                byte[] event = message.event().clone();
                ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN).putInt(TRADING_DAY_OFFSET, DAY);
                byTable.computeIfAbsent(view.wrap(event).recordType(), type -> new ArrayList<>()).add(event);
            }
        }
        byTable.values().forEach(events -> events.sort(Comparator.comparing((byte[] e) -> new EventView().wrap(e).routeKey())
                .thenComparing(e -> new EventView().wrap(e).eventTime())));
        return byTable;
    }
}
