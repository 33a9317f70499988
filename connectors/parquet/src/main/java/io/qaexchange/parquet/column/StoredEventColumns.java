package io.qaexchange.parquet.column;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventRows;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.schema.MessageType;

/**
 * The rows of a row group as columns, filled straight from stored bytes: some hundred rows wait, and are then taken column by column, in
 * loops of one kind each; texts are passed as ranges of the stored array, which is not kept longer.
 *
 * <p>One thread.
 */
public final class StoredEventColumns {

    private static final long NANOS_PER_MICRO = 1_000;
    private static final int NO_TEXT = -1;
    private static final int CODES = 256;
    /** Rows that wait for a column-wise turn: they fit the second level of a core's caches. */
    private static final int ROWS = 512;
    private static final double BLOOM_FALSE_POSITIVES = 0.01;
    private static final int MAX_BLOOM_FILTER_BYTES = 1 << 20;

    /** How a field's values are written, by {@link Field#index}; what is not of its kind is null. */
    private record Target(Field field, LongColumn longs, NumberColumn numbers, TextColumn texts, NumberColumn volumes, byte[][] names,
            int[] nameIds) {

        ColumnValues values() {
            return longs != null ? longs : texts != null ? texts : numbers;
        }
    }

    private final RecordType type;
    private final Target[] targets;
    private final Map<ColumnDescriptor, ColumnValues> columns = new LinkedHashMap<>();
    private final LongColumn eventTimeUs;
    private final LongColumn ingestTime;
    private final TextColumn topic;
    private final NumberColumn partition;
    private final LongColumn offset;
    private final EventRows rows;
    /** For each row that waits: whether its position in Kafka is its identity, and the values that no field of the event has. */
    private final boolean[] positioned = new boolean[ROWS];
    private final long[] tradingDays = new long[ROWS];
    private final long[] ingestTimes = new long[ROWS];
    private final long[] partitions = new long[ROWS];
    private final long[] offsets = new long[ROWS];
    /** The column that is being read. */
    private final long[] numbers = new long[ROWS];
    private final int[] codes = new int[ROWS];
    private String lastTopic = "";
    private byte[] topicBytes = {};
    /** Its number in this row group. */
    private int topicId = NO_TEXT;
    private int lastPartition;
    private byte[] positionSource;

    public StoredEventColumns(ParquetTable table) {
        this.type = table.recordType();
        this.rows = new EventRows(type, ROWS);
        MessageType schema = table.schema();
        List<Target> all = new ArrayList<>();
        for (Field field : type.fields()) {
            all.add(target(schema, field));
        }
        this.targets = all.toArray(new Target[0]);
        this.eventTimeUs = longs(schema, ParquetTable.EVENT_TIME_US);
        this.ingestTime = longs(schema, ParquetTable.INGEST_TIME);
        this.topic = texts(schema, ParquetTable.KAFKA_TOPIC);
        this.partition = numbers(schema, ParquetTable.KAFKA_PARTITION);
        this.offset = longs(schema, ParquetTable.KAFKA_OFFSET);
    }

    private Target target(MessageType schema, Field field) {
        String name = field.name();
        return switch (field.kind()) {
            case LONG -> new Target(field, longs(schema, name), null, null, null, null, null);
            case INT, DOUBLE -> new Target(field, null, numbers(schema, name), null, null, null, null);
            case STRING -> new Target(field, null, null, texts(schema, name), null, null, null);
            case ENUM -> new Target(field, null, null, texts(schema, name), null, names(field), noIds());
            case LEVELS -> new Target(field, null, numbers(schema, name, "list", "element", "price"), null,
                    numbers(schema, name, "list", "element", "volume"), null, null);
        };
    }

    private LongColumn longs(MessageType schema, String name) {
        ColumnDescriptor column = schema.getColumnDescription(new String[] {name});
        LongColumn values = new LongColumn(column);
        columns.put(column, values);
        return values;
    }

    private NumberColumn numbers(MessageType schema, String... path) {
        ColumnDescriptor column = schema.getColumnDescription(path);
        NumberColumn values = new NumberColumn(column);
        columns.put(column, values);
        return values;
    }

    private TextColumn texts(MessageType schema, String name) {
        ColumnDescriptor column = schema.getColumnDescription(new String[] {name});
        TextColumn values = new TextColumn(column, ParquetTable.UNIQUE_COLUMNS.contains(name));
        columns.put(column, values);
        return values;
    }

    private static byte[][] names(Field field) {
        byte[][] names = new byte[CODES][];
        for (int code = 0; code < CODES; code++) {
            String name = field.enumName(code);
            names[code] = name == null ? null : name.getBytes(StandardCharsets.UTF_8);
        }
        return names;
    }

    private static int[] noIds() {
        int[] ids = new int[CODES];
        Arrays.fill(ids, NO_TEXT);
        return ids;
    }

    /**
     * Adds a row.
     *
     * @param stored the stored event, wrapped; its bytes must not change until the row group ends
     * @param tradingDay yyyymmdd, what is written as trading day
     */
    public void write(StoredEvent stored, int tradingDay) {
        int row = rows.count();
        boolean own = stored.event().hasOwnIdentity();
        if (!stored.topic().equals(lastTopic)) {
            drain();
            row = 0;
            useTopic(stored.topic());
        }
        rows.add(stored);
        positioned[row] = !own;
        tradingDays[row] = tradingDay;
        ingestTimes[row] = stored.ingestTimeNs();
        partitions[row] = stored.partition();
        offsets[row] = stored.offset();
        if (rows.isFull()) {
            drain();
        }
    }

    private void useTopic(String topicName) {
        lastTopic = topicName;
        topicBytes = topicName.getBytes(StandardCharsets.UTF_8);
        topicId = NO_TEXT;
        positionSource = null;
    }

    /** Brings the rows that wait to their columns. */
    private void drain() {
        int count = rows.count();
        if (count == 0) {
            return;
        }
        for (Target target : targets) {
            drain(target, count);
        }
        ingestTime.write(ingestTimes, count);
        if (topicId == NO_TEXT) {
            topicId = topic.idOf(topicBytes, 0, topicBytes.length);
        }
        topic.writeText(topicId, count);
        partition.write(partitions, count);
        offset.write(offsets, count);
        rows.clear();
    }

    private void drain(Target target, int count) {
        Field field = target.field();
        if (field == type.tradingDay()) {
            target.numbers().write(tradingDays, count);
            return;
        }
        switch (field.kind()) {
            case LONG -> drainLongs(target, count);
            case INT -> {
                rows.getInts(field, numbers);
                requireAll(target, count, Integer.MIN_VALUE);
                target.numbers().write(numbers, count);
            }
            case DOUBLE -> {
                rows.getDoubleBits(field, numbers);
                requireAllDoubles(target, count);
                target.numbers().write(numbers, count);
            }
            case STRING -> drainTexts(target, count);
            case ENUM -> drainNames(target, count);
            case LEVELS -> drainLevels(target, count);
            default -> throw new AssertionError(field.kind());
        }
    }

    private void drainLongs(Target target, int count) {
        Field field = target.field();
        rows.getLongs(field, numbers);
        if (field == type.sequence()) {
            for (int row = 0; row < count; row++) {
                numbers[row] = positioned[row] ? offsets[row] : numbers[row];
            }
        }
        requireAll(target, count, Long.MIN_VALUE);
        target.longs().write(numbers, count);
        if (field == type.eventTime()) {
            for (int row = 0; row < count; row++) {
                numbers[row] = Math.floorDiv(numbers[row], NANOS_PER_MICRO);
            }
            eventTimeUs.write(numbers, count);
        }
    }

    private void requireAll(Target target, int count, long absent) {
        if (target.values().isOptional()) {
            return;
        }
        for (int row = 0; row < count; row++) {
            if (numbers[row] == absent) {
                throw isAbsent(target);
            }
        }
    }

    private void requireAllDoubles(Target target, int count) {
        if (target.values().isOptional()) {
            return;
        }
        for (int row = 0; row < count; row++) {
            if (Double.isNaN(Double.longBitsToDouble(numbers[row]))) {
                throw isAbsent(target);
            }
        }
    }

    private static IllegalArgumentException isAbsent(Target target) {
        return new IllegalArgumentException(target.field() + " is absent, which its column does not allow");
    }

    private void drainTexts(Target target, int count) {
        Field field = target.field();
        TextColumn texts = target.texts();
        boolean source = field == type.source();
        boolean optional = texts.isOptional();
        int[] textOffsets = rows.textOffsets(field);
        int[] lengths = rows.textLengths(field);
        for (int row = 0; row < count; row++) {
            if (source && positioned[row]) {
                byte[] position = positionSource((int) partitions[row]);
                texts.write(position, 0, position.length);
            } else if (lengths[row] > 0) {
                texts.write(rows.array(row), textOffsets[row], lengths[row]);
            } else if (optional) {
                texts.none();
            } else {
                throw isAbsent(target);
            }
        }
    }

    /** Usually that of the row before. */
    private byte[] positionSource(int ofPartition) {
        if (positionSource == null || ofPartition != lastPartition) {
            lastPartition = ofPartition;
            positionSource = EventIdentity.positionSource(lastTopic, ofPartition).getBytes(StandardCharsets.UTF_8);
        }
        return positionSource;
    }

    private void drainNames(Target target, int count) {
        rows.getEnumCodes(target.field(), codes);
        TextColumn texts = target.texts();
        int[] ids = target.nameIds();
        for (int row = 0; row < count; row++) {
            int code = codes[row];
            if (code != Field.ENUM_NULL) {
                texts.writeText(ids[code] != NO_TEXT ? ids[code] : nameId(target, code));
            } else if (texts.isOptional()) {
                texts.none();
            } else {
                throw isAbsent(target);
            }
        }
    }

    private static int nameId(Target target, int code) {
        byte[] name = target.names()[code];
        if (name == null) {
            throw new IllegalArgumentException(target.field() + ": code " + code + " has no name");
        }
        target.nameIds()[code] = target.texts().idOf(name, 0, name.length);
        return target.nameIds()[code];
    }

    private void drainLevels(Target target, int count) {
        Field field = target.field();
        for (int row = 0; row < count; row++) {
            int levels = rows.levelCount(field, row);
            if (levels == 0) {
                target.numbers().none();
                target.volumes().none();
                continue;
            }
            target.numbers().write(rows.levelPrice(field, row, 0));
            target.volumes().write(rows.levelVolume(field, row, 0));
            for (int level = 1; level < levels; level++) {
                target.numbers().writeNext(rows.levelPrice(field, row, level));
                target.volumes().writeNext(rows.levelVolume(field, row, level));
            }
        }
    }

    /** Makes pages of all rows and forgets them. */
    public void finish(ColumnChunkPageWriteStore pages) throws IOException {
        drain();
        for (Map.Entry<ColumnDescriptor, ColumnValues> column : columns.entrySet()) {
            ColumnDescriptor descriptor = column.getKey();
            if (column.getValue() instanceof TextColumn texts && ParquetTable.BLOOM_FILTER_COLUMNS.contains(descriptor.getPath()[0])) {
                texts.writeBloomFilter(pages.getBloomFilterWriter(descriptor), BLOOM_FALSE_POSITIVES, MAX_BLOOM_FILTER_BYTES);
            }
            column.getValue().finish(pages.getPageWriter(descriptor));
        }
        topicId = NO_TEXT;
        for (Target target : targets) {
            if (target.nameIds() != null) {
                Arrays.fill(target.nameIds(), NO_TEXT);
            }
        }
    }
}
