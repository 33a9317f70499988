package io.qaexchange.parquet;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;

/**
 * Writes stored events of one table into the columns of a row group, straight from their bytes: numbers are read in place, and texts are
 * passed as ranges of the stored array, which the column writers copy only where they keep them. It goes to the column writers and not
 * through a record consumer, whose calls by field name took a quarter of the time.
 *
 * <p>Levels as Parquet defines them: a flat column has definition level 0 where it is required, else 1 for a value; the price and volume of a
 * book's level have 1, an empty book 0, and repetition level 1 from the second level on.
 *
 * <p>One thread.
 */
final class StoredEventColumns {

    private static final long NANOS_PER_MICRO = 1_000;
    private static final int NULL_OR_EMPTY = 0;

    private final RecordType type;
    private final Field[] fields;
    private final boolean[] optional;
    private final Binary[][] enumNames;
    private final ColumnWriteStore store;
    /** For each field its column; for levels that of the price. */
    private final ColumnWriter[] columns;
    private final ColumnWriter[] volumes;
    private final ColumnWriter eventTimeUs;
    private final ColumnWriter ingestTime;
    private final ColumnWriter topic;
    private final ColumnWriter partition;
    private final ColumnWriter offset;
    private final Map<String, Binary> topics = new HashMap<>();
    private final Map<String, Binary> positionSources = new HashMap<>();

    StoredEventColumns(ParquetTable table, ColumnWriteStore store) {
        this.type = table.recordType();
        this.fields = type.fields().toArray(new Field[0]);
        this.store = store;
        this.columns = new ColumnWriter[fields.length];
        this.volumes = new ColumnWriter[fields.length];
        this.optional = new boolean[fields.length];
        this.enumNames = new Binary[fields.length][];
        MessageType schema = table.schema();
        for (Field field : fields) {
            int index = field.index();
            if (field.kind() == Field.Kind.LEVELS) {
                columns[index] = writer(schema, field.name(), "list", "element", "price");
                volumes[index] = writer(schema, field.name(), "list", "element", "volume");
                continue;
            }
            columns[index] = writer(schema, field.name());
            optional[index] = schema.getMaxDefinitionLevel(field.name()) > 0;
            if (field.kind() == Field.Kind.ENUM) {
                enumNames[index] = names(field);
            }
        }
        this.eventTimeUs = writer(schema, ParquetTable.EVENT_TIME_US);
        this.ingestTime = writer(schema, ParquetTable.INGEST_TIME);
        this.topic = writer(schema, ParquetTable.KAFKA_TOPIC);
        this.partition = writer(schema, ParquetTable.KAFKA_PARTITION);
        this.offset = writer(schema, ParquetTable.KAFKA_OFFSET);
    }

    private ColumnWriter writer(MessageType schema, String... path) {
        return store.getColumnWriter(schema.getColumnDescription(path));
    }

    private static Binary[] names(Field field) {
        Binary[] names = new Binary[256];
        for (int code = 0; code < names.length; code++) {
            String name = field.enumName(code);
            names[code] = name == null ? null : Binary.fromString(name);
        }
        return names;
    }

    /**
     * Adds a row. Its bytes are kept where statistics and dictionaries refer to them, and must not change afterwards.
     *
     * @param stored the stored event, wrapped
     * @param tradingDay yyyymmdd, what is written as trading day
     */
    void write(StoredEvent stored, int tradingDay) {
        EventView event = stored.event();
        boolean own = event.hasOwnIdentity();
        for (Field field : fields) {
            ColumnWriter column = columns[field.index()];
            if (field == type.eventTime()) {
                long eventTimeNs = event.eventTime();
                column.write(eventTimeNs, 0, 0);
                eventTimeUs.write(Math.floorDiv(eventTimeNs, NANOS_PER_MICRO), 0, 0);
            } else if (field == type.sequence()) {
                column.write(own ? event.sequence() : stored.offset(), 0, 0);
            } else if (field == type.source() && !own) {
                column.write(positionSource(stored), 0, 0);
            } else if (field == type.tradingDay()) {
                column.write(tradingDay, 0, 0);
            } else {
                write(event, field, column);
            }
        }
        ingestTime.write(stored.ingestTimeNs(), 0, 0);
        topic.write(topics.computeIfAbsent(stored.topic(), Binary::fromString), 0, 0);
        partition.write(stored.partition(), 0, 0);
        offset.write(stored.offset(), 0, 0);
        store.endRecord();
    }

    private void write(EventView event, Field field, ColumnWriter column) {
        if (field.kind() == Field.Kind.LEVELS) {
            writeLevels(event, field, column, volumes[field.index()]);
            return;
        }
        if (event.isNull(field)) {
            if (!optional[field.index()]) {
                throw new IllegalArgumentException(field + " is absent, which its column does not allow");
            }
            column.writeNull(0, NULL_OR_EMPTY);
            return;
        }
        int definition = optional[field.index()] ? 1 : 0;
        switch (field.kind()) {
            case LONG -> column.write(event.getLong(field), 0, definition);
            case INT -> column.write(event.getInt(field), 0, definition);
            case DOUBLE -> column.write(event.getDouble(field), 0, definition);
            case STRING -> column.write(Binary.fromConstantByteArray(event.array(), event.textOffset(field), event.textLength(field)), 0, definition);
            case ENUM -> column.write(enumName(field, event.getEnumCode(field)), 0, definition);
            default -> throw new AssertionError(field.kind());
        }
    }

    private Binary enumName(Field field, int code) {
        Binary name = enumNames[field.index()][code];
        if (name == null) {
            throw new IllegalArgumentException(field + ": code " + code + " has no name");
        }
        return name;
    }

    private static void writeLevels(EventView event, Field field, ColumnWriter prices, ColumnWriter volumes) {
        int count = event.levelCount(field);
        if (count == 0) {
            prices.writeNull(0, NULL_OR_EMPTY);
            volumes.writeNull(0, NULL_OR_EMPTY);
        }
        for (int level = 0; level < count; level++) {
            int repetition = level == 0 ? 0 : 1;
            prices.write(event.levelPrice(field, level), repetition, 1);
            volumes.write(event.levelVolume(field, level), repetition, 1);
        }
    }

    private Binary positionSource(StoredEvent stored) {
        return positionSources.computeIfAbsent(EventIdentity.positionSource(stored.topic(), stored.partition()),
                source -> Binary.fromConstantByteArray(source.getBytes(StandardCharsets.UTF_8)));
    }
}
