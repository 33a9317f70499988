package io.qaexchange.job.query.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.Fate;
import io.qaexchange.events.generator.GeneratedMessage;
import io.qaexchange.events.replay.Replay;
import io.qaexchange.events.replay.ReplayItem;
import io.qaexchange.events.replay.ReplayOptions;
import io.qaexchange.events.replay.ReplayReader;
import io.qaexchange.job.query.arrow.ArrowBatch;
import io.qaexchange.parquet.column.ParquetTable;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.util.ByteArrayReadableSeekableByteChannel;
import org.apache.parquet.schema.Type;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowWriterTest {

    private static final int TRADING_DAY = 20260105;
    private static final Arrival ARRIVAL = new Arrival(1_700_000_000_123_456_789L, "events", 3, 17);
    private static final Map<RecordType, List<byte[]>> STORED = new LinkedHashMap<>();

    @TempDir
    private Path folder;

    @BeforeAll
    static void generate() {
        EventGenerator generator = new EventGenerator(3, 30_000);
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            if (message.fate() == Fate.STORE) {
                StoredEvent stored = new StoredEvent().wrap(StoredEvent.encode(message.event(), ARRIVAL));
                STORED.computeIfAbsent(stored.event().recordType(), type -> new ArrayList<>())
                        .add(StoredEvent.encode(message.event(), ARRIVAL));
            }
        }
        assertThat(STORED.keySet()).extracting(RecordType::table).contains("tick", "trade", "book_snapshot", "order_update", "cash_movement");
    }

    @Test
    void arrowHoldsEveryValueOfEveryTable() throws Exception {
        for (Map.Entry<RecordType, List<byte[]>> table : STORED.entrySet()) {
            List<byte[]> events = table.getValue();
            List<Map<String, Object>> rows = arrowRows(write(table.getKey(), events, "arrow"));

            assertThat(rows).as(table.getKey().table()).hasSize(events.size());
            StoredEvent stored = new StoredEvent();
            for (int i = 0; i < events.size(); i++) {
                assertThat(rows.get(i)).as("row %s of %s", i, table.getKey()).isEqualTo(expected(stored.wrap(events.get(i))));
            }
        }
    }

    @Test
    void arrowBatchesEndAndBeginAgain() throws Exception {
        RecordType tick = EventSchema.get().table("tick");
        List<byte[]> events = new ArrayList<>();
        while (events.size() < ArrowRowWriter.BATCH_ROWS + 10) {
            events.addAll(STORED.get(tick));
        }

        List<Map<String, Object>> rows = arrowRows(write(tick, events, "arrow"));

        assertThat(rows).hasSameSizeAs(events);
        int last = events.size() - 1;
        assertThat(rows.get(last)).isEqualTo(expected(new StoredEvent().wrap(events.get(last))));
    }

    @Test
    void arrowHasTheColumnsOfParquet() {
        for (RecordType type : EventSchema.get().recordTypes()) {
            assertThat(ArrowBatch.schema(type).getFields()).extracting(org.apache.arrow.vector.types.pojo.Field::getName)
                    .isEqualTo(ParquetTable.of(type).schema().getFields().stream().map(Type::getName).toList());
            for (Type column : ParquetTable.of(type).schema().getFields()) {
                assertThat(ArrowBatch.schema(type).findField(column.getName()).isNullable()).as(column.getName())
                        .isEqualTo(column.isRepetition(Type.Repetition.OPTIONAL));
            }
        }
    }

    @Test
    void csvReadsBackAsTheSameEvents() throws Exception {
        for (Map.Entry<RecordType, List<byte[]>> table : STORED.entrySet()) {
            Path file = Files.write(folder.resolve(table.getKey().table() + ".csv"), write(table.getKey(), table.getValue(), "csv"));
            StoredEvent stored = new StoredEvent();
            try (ReplayReader reader = Replay.open(file, ReplayOptions.csv(table.getKey().table()))) {
                for (byte[] event : table.getValue()) {
                    ReplayItem item = reader.next();
                    assertThat(item).isInstanceOf(ReplayItem.Event.class);
                    EventView read = new EventView().wrap(((ReplayItem.Event) item).event());
                    assertThat(values(read)).isEqualTo(values(stored.wrap(event).event()));
                }
                assertThat(reader.hasNext()).isFalse();
            }
        }
    }

    @Test
    void namesThePositionWhereAProducerGaveNoIdentity() throws Exception {
        RecordType tick = EventSchema.get().table("tick");
        byte[] event = new EventBuilder().start("tick").eventTime(5).instrument("A, \"B\"").set("last_price", 1.5).build();
        List<byte[]> events = List.of(StoredEvent.encode(event, ARRIVAL));

        Map<String, Object> row = arrowRows(write(tick, events, "arrow")).get(0);
        assertThat(row).containsEntry("source", "events-3").containsEntry("sequence", 17L).containsEntry("event_time_us", 0L);
        String csv = new String(write(tick, events, "csv"), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(csv.lines().toList().get(1)).startsWith("5,").contains("\"A, \"\"B\"\"\"").contains("events-3").contains(",17,");
    }

    private static byte[] write(RecordType type, List<byte[]> events, String format) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StoredEvent stored = new StoredEvent();
        try (RowWriter writer = open(format, type, out)) {
            for (byte[] event : events) {
                writer.write(stored.wrap(event), TRADING_DAY);
            }
            writer.finish();
        }
        return out.toByteArray();
    }

    private static RowWriter open(String format, RecordType type, OutputStream out) throws Exception {
        return format.equals("csv") ? CsvRowWriter.open(type, out) : ArrowRowWriter.open(type, out);
    }

    private static List<Map<String, Object>> arrowRows(byte[] file) throws Exception {
        List<Map<String, Object>> rows = new ArrayList<>();
        try (BufferAllocator allocator = new RootAllocator();
                ArrowFileReader reader = new ArrowFileReader(new ByteArrayReadableSeekableByteChannel(file), allocator)) {
            VectorSchemaRoot root = reader.getVectorSchemaRoot();
            while (reader.loadNextBatch()) {
                for (int row = 0; row < root.getRowCount(); row++) {
                    Map<String, Object> values = new LinkedHashMap<>();
                    for (FieldVector column : root.getFieldVectors()) {
                        values.put(column.getName(), value(column, row));
                    }
                    rows.add(values);
                }
            }
        }
        return rows;
    }

    private static Object value(FieldVector column, int row) {
        if (column.isNull(row)) {
            return null;
        }
        if (column instanceof TimeStampVector time) {
            return time.get(row);
        }
        if (column instanceof BigIntVector number) {
            return number.get(row);
        }
        if (column.getObject(row) instanceof List<?> levels) {
            return levels.stream().map(level -> List.of(((Map<?, ?>) level).get("price"), ((Map<?, ?>) level).get("volume"))).toList();
        }
        Object value = column.getObject(row);
        return value instanceof Number ? value : value.toString();
    }

    private static Map<String, Object> expected(StoredEvent stored) {
        Map<String, Object> values = values(stored.event());
        values.put("trading_day", TRADING_DAY);
        values.put("event_time_us", Math.floorDiv(stored.event().eventTime(), 1000L));
        values.put("ingest_time", ARRIVAL.ingestTimeNs());
        values.put("kafka_topic", "events");
        values.put("kafka_partition", 3);
        values.put("kafka_offset", 17L);
        return values;
    }

    /** All values but the trading day, which may be derived. */
    private static Map<String, Object> values(EventView event) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Field field : event.recordType().fields()) {
            if (field != event.recordType().tradingDay()) {
                values.put(field.name(), event.isNull(field) ? null : switch (field.kind()) {
                    case LONG -> (Object) event.getLong(field);
                    case INT -> event.getInt(field);
                    case DOUBLE -> event.getDouble(field);
                    case STRING, ENUM -> event.getString(field);
                    case LEVELS -> levels(event, field);
                });
            }
        }
        return values;
    }

    private static List<List<Double>> levels(EventView event, Field field) {
        List<List<Double>> levels = new ArrayList<>();
        for (int level = 0; level < event.levelCount(field); level++) {
            levels.add(List.of(event.levelPrice(field, level), event.levelVolume(field, level)));
        }
        return levels;
    }
}
