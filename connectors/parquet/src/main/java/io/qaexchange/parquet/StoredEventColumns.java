package io.qaexchange.parquet;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
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
 * The rows of a row group as columns, filled straight from stored bytes: numbers are read in place, and texts are passed as ranges of the
 * stored array, which is not kept.
 *
 * <p>One thread.
 */
final class StoredEventColumns {

    private static final long NANOS_PER_MICRO = 1_000;
    private static final int NO_TEXT = -1;
    private static final int CODES = 256;
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
    private String lastTopic = "";
    private byte[] topicBytes = {};
    /** Its number in this row group. */
    private int topicId = NO_TEXT;
    private int lastPartition;
    private byte[] positionSource;

    StoredEventColumns(ParquetTable table) {
        this.type = table.recordType();
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
     * @param stored the stored event, wrapped
     * @param tradingDay yyyymmdd, what is written as trading day
     */
    void write(StoredEvent stored, int tradingDay) {
        EventView event = stored.event();
        boolean own = event.hasOwnIdentity();
        usePosition(stored, own);
        for (Target target : targets) {
            Field field = target.field();
            if (field == type.eventTime()) {
                long eventTimeNs = event.eventTime();
                target.longs().write(eventTimeNs);
                eventTimeUs.write(Math.floorDiv(eventTimeNs, NANOS_PER_MICRO));
            } else if (field == type.sequence()) {
                target.longs().write(own ? event.sequence() : stored.offset());
            } else if (field == type.source() && !own) {
                target.texts().write(positionSource, 0, positionSource.length);
            } else if (field == type.tradingDay()) {
                target.numbers().write(tradingDay);
            } else {
                write(event, target);
            }
        }
        ingestTime.write(stored.ingestTimeNs());
        if (topicId == NO_TEXT) {
            topicId = topic.idOf(topicBytes, 0, topicBytes.length);
        }
        topic.writeText(topicId);
        partition.write(stored.partition());
        offset.write(stored.offset());
    }

    /** Makes the bytes of topic and, if need be, source those of this row: usually they are those of the row before. */
    private void usePosition(StoredEvent stored, boolean own) {
        String of = stored.topic();
        if (!of.equals(lastTopic)) {
            lastTopic = of;
            topicBytes = of.getBytes(StandardCharsets.UTF_8);
            topicId = NO_TEXT;
            positionSource = null;
        }
        if (!own && (positionSource == null || stored.partition() != lastPartition)) {
            lastPartition = stored.partition();
            positionSource = EventIdentity.positionSource(of, lastPartition).getBytes(StandardCharsets.UTF_8);
        }
    }

    private static void write(EventView event, Target target) {
        Field field = target.field();
        switch (field.kind()) {
            case LONG -> {
                long value = event.getLong(field);
                if (value == Long.MIN_VALUE) {
                    none(target);
                } else {
                    target.longs().write(value);
                }
            }
            case INT -> {
                int value = event.getInt(field);
                if (value == Integer.MIN_VALUE) {
                    none(target);
                } else {
                    target.numbers().write(value);
                }
            }
            case DOUBLE -> {
                double value = event.getDouble(field);
                if (Double.isNaN(value)) {
                    none(target);
                } else {
                    target.numbers().write(value);
                }
            }
            case STRING -> {
                int length = event.textLength(field);
                if (length == 0) {
                    none(target);
                } else {
                    target.texts().write(event.array(), event.textOffset(field), length);
                }
            }
            case ENUM -> {
                int code = event.getEnumCode(field);
                if (code == Field.ENUM_NULL) {
                    none(target);
                } else {
                    writeName(target, code);
                }
            }
            case LEVELS -> writeLevels(event, target);
            default -> throw new AssertionError(field.kind());
        }
    }

    private static void none(Target target) {
        if (!target.values().isOptional()) {
            throw new IllegalArgumentException(target.field() + " is absent, which its column does not allow");
        }
        target.values().none();
    }

    private static void writeName(Target target, int code) {
        int id = target.nameIds()[code];
        if (id == NO_TEXT) {
            byte[] name = target.names()[code];
            if (name == null) {
                throw new IllegalArgumentException(target.field() + ": code " + code + " has no name");
            }
            id = target.texts().idOf(name, 0, name.length);
            target.nameIds()[code] = id;
        }
        target.texts().writeText(id);
    }

    private static void writeLevels(EventView event, Target target) {
        Field field = target.field();
        int count = event.levelCount(field);
        if (count == 0) {
            target.numbers().none();
            target.volumes().none();
            return;
        }
        target.numbers().write(event.levelPrice(field, 0));
        target.volumes().write(event.levelVolume(field, 0));
        for (int level = 1; level < count; level++) {
            target.numbers().writeNext(event.levelPrice(field, level));
            target.volumes().writeNext(event.levelVolume(field, level));
        }
    }

    /** Makes pages of all rows and forgets them. */
    void finish(ColumnChunkPageWriteStore pages) throws IOException {
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
