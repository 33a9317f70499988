package io.qaexchange.parquet;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/**
 * Writes stored events as rows of one table, straight from their bytes: numbers are read in place and texts are passed as ranges of the
 * stored array, which the column writers copy only where they keep them.
 *
 * <p>One thread.
 */
final class StoredEventWriteSupport extends WriteSupport<StoredEventWriteSupport.Row> {

    /**
     * A row to write.
     *
     * @param event the stored event, wrapped
     * @param tradingDay yyyymmdd, what is written as trading day
     */
    record Row(StoredEvent event, int tradingDay) {
    }

    private static final long NANOS_PER_MICRO = 1_000;

    private final ParquetTable table;
    private final RecordType type;
    private final Field[] fields;
    private final Binary[][] enumNames;
    private final Map<String, Binary> topics = new HashMap<>();
    private final Map<String, Binary> positionSources = new HashMap<>();
    private RecordConsumer out;

    StoredEventWriteSupport(ParquetTable table) {
        this.table = table;
        this.type = table.recordType();
        List<Field> all = type.fields();
        this.fields = all.toArray(new Field[0]);
        this.enumNames = new Binary[fields.length][];
        for (Field field : fields) {
            if (field.kind() == Field.Kind.ENUM) {
                Binary[] names = new Binary[256];
                for (int code = 0; code < names.length; code++) {
                    String name = field.enumName(code);
                    names[code] = name == null ? null : Binary.fromString(name);
                }
                enumNames[field.index()] = names;
            }
        }
    }

    @Override
    public WriteContext init(Configuration configuration) {
        return new WriteContext(table.schema(), Map.of());
    }

    @Override
    public WriteContext init(ParquetConfiguration configuration) {
        return new WriteContext(table.schema(), Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer recordConsumer) {
        out = recordConsumer;
    }

    @Override
    public void write(Row row) {
        StoredEvent stored = row.event();
        EventView event = stored.event();
        boolean own = event.hasOwnIdentity();
        int column = 0;
        out.startMessage();
        for (Field field : fields) {
            if (field == type.eventTime()) {
                long eventTimeNs = event.eventTime();
                writeLong(ParquetTable.EVENT_TIME, column++, eventTimeNs);
                writeLong(ParquetTable.EVENT_TIME_US, column++, Math.floorDiv(eventTimeNs, NANOS_PER_MICRO));
            } else if (field == type.sequence() && !own) {
                writeLong(field.name(), column++, stored.offset());
            } else if (field == type.source() && !own) {
                writeBinary(field.name(), column++, positionSource(stored));
            } else if (field == type.tradingDay()) {
                out.startField(field.name(), column);
                out.addInteger(row.tradingDay());
                out.endField(field.name(), column++);
            } else {
                writeField(event, field, column++);
            }
        }
        writeLong(ParquetTable.INGEST_TIME, column++, stored.ingestTimeNs());
        writeBinary(ParquetTable.KAFKA_TOPIC, column++, topics.computeIfAbsent(stored.topic(), Binary::fromString));
        out.startField(ParquetTable.KAFKA_PARTITION, column);
        out.addInteger(stored.partition());
        out.endField(ParquetTable.KAFKA_PARTITION, column++);
        writeLong(ParquetTable.KAFKA_OFFSET, column, stored.offset());
        out.endMessage();
    }

    private void writeField(EventView event, Field field, int column) {
        if (field.kind() == Field.Kind.LEVELS) {
            writeLevels(event, field, column);
            return;
        }
        if (event.isNull(field)) {
            return;
        }
        String name = field.name();
        switch (field.kind()) {
            case LONG -> writeLong(name, column, event.getLong(field));
            case INT -> {
                out.startField(name, column);
                out.addInteger(event.getInt(field));
                out.endField(name, column);
            }
            case DOUBLE -> {
                out.startField(name, column);
                out.addDouble(event.getDouble(field));
                out.endField(name, column);
            }
            case STRING -> writeBinary(name, column,
                    Binary.fromReusedByteArray(event.array(), event.textOffset(field), event.textLength(field)));
            case ENUM -> writeBinary(name, column, enumName(field, event.getEnumCode(field)));
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

    /** The three levels of a standard LIST: group, repeated {@code list}, {@code element}. An empty list has no {@code list}. */
    private void writeLevels(EventView event, Field field, int column) {
        out.startField(field.name(), column);
        out.startGroup();
        int count = event.levelCount(field);
        if (count > 0) {
            out.startField("list", 0);
            for (int level = 0; level < count; level++) {
                out.startGroup();
                out.startField("element", 0);
                out.startGroup();
                out.startField("price", 0);
                out.addDouble(event.levelPrice(field, level));
                out.endField("price", 0);
                out.startField("volume", 1);
                out.addDouble(event.levelVolume(field, level));
                out.endField("volume", 1);
                out.endGroup();
                out.endField("element", 0);
                out.endGroup();
            }
            out.endField("list", 0);
        }
        out.endGroup();
        out.endField(field.name(), column);
    }

    private Binary positionSource(StoredEvent stored) {
        return positionSources.computeIfAbsent(EventIdentity.positionSource(stored.topic(), stored.partition()),
                source -> Binary.fromConstantByteArray(source.getBytes(StandardCharsets.UTF_8)));
    }

    private void writeLong(String name, int column, long value) {
        out.startField(name, column);
        out.addLong(value);
        out.endField(name, column);
    }

    private void writeBinary(String name, int column, Binary value) {
        out.startField(name, column);
        out.addBinary(value);
        out.endField(name, column);
    }
}
