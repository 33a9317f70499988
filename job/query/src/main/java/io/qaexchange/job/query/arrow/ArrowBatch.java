package io.qaexchange.job.query.arrow;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.column.ParquetTable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Arrow vectors of one table, filled straight from stored bytes: numbers are read in place and texts copied once, from the stored array
 * into the vector. Columns and their order are those of {@link ParquetTable}.
 *
 * <p>{@link #add} rows, {@link #complete}, use {@link #root}, {@link #clear}, and so on. One thread.
 */
public final class ArrowBatch implements AutoCloseable {

    private static final String UTC = "UTC";
    private static final long NANOS_PER_MICRO = 1_000;
    private static final String PRICE = "price";
    private static final String VOLUME = "volume";

    private final RecordType type;
    private final Field[] fields;
    private final VectorSchemaRoot root;
    /** The vector of each field, by {@link Field#index()}. */
    private final FieldVector[] columns;
    /** Null, like the next four, if nobody wants it. */
    private final TimeStampVector eventTimeUs;
    private final TimeStampVector ingestTime;
    private final VarCharVector topic;
    private final IntVector partition;
    private final BigIntVector offset;
    /** UTF-8 of each name of an enumeration, by field and code. */
    private final byte[][][] enumNames;
    private String lastTopic;
    private byte[] lastTopicBytes;
    private int rows;

    /** Empty vectors for that table. */
    public ArrowBatch(RecordType type, BufferAllocator allocator) {
        this(type, allocator, column -> true);
    }

    /** Empty vectors for some columns of that table. */
    public ArrowBatch(RecordType type, BufferAllocator allocator, Predicate<String> wanted) {
        this.type = type;
        this.root = VectorSchemaRoot.create(new Schema(schema(type).getFields().stream().filter(column -> wanted.test(column.getName())).toList()),
                allocator);
        this.fields = type.fields().stream().filter(field -> root.getVector(field.name()) != null).toArray(Field[]::new);
        this.columns = new FieldVector[type.fields().size()];
        this.enumNames = new byte[columns.length][][];
        for (Field field : fields) {
            columns[field.index()] = root.getVector(field.name());
            if (field.kind() == Field.Kind.ENUM) {
                enumNames[field.index()] = names(field);
            }
        }
        this.eventTimeUs = (TimeStampVector) root.getVector(ParquetTable.EVENT_TIME_US);
        this.ingestTime = (TimeStampVector) root.getVector(ParquetTable.INGEST_TIME);
        this.topic = (VarCharVector) root.getVector(ParquetTable.KAFKA_TOPIC);
        this.partition = (IntVector) root.getVector(ParquetTable.KAFKA_PARTITION);
        this.offset = (BigIntVector) root.getVector(ParquetTable.KAFKA_OFFSET);
    }

    private static byte[][] names(Field field) {
        byte[][] names = new byte[256][];
        for (int code = 0; code < names.length; code++) {
            String name = field.enumName(code);
            names[code] = name == null ? null : name.getBytes(StandardCharsets.UTF_8);
        }
        return names;
    }

    /** The Arrow schema of a table. */
    public static Schema schema(RecordType type) {
        List<org.apache.arrow.vector.types.pojo.Field> columns = new ArrayList<>();
        for (Field field : type.fields()) {
            columns.add(column(type, field));
            if (field == type.eventTime()) {
                columns.add(required(ParquetTable.EVENT_TIME_US, new ArrowType.Timestamp(TimeUnit.MICROSECOND, UTC)));
            }
        }
        columns.add(required(ParquetTable.INGEST_TIME, new ArrowType.Timestamp(TimeUnit.NANOSECOND, UTC)));
        columns.add(required(ParquetTable.KAFKA_TOPIC, ArrowType.Utf8.INSTANCE));
        columns.add(required(ParquetTable.KAFKA_PARTITION, new ArrowType.Int(Integer.SIZE, true)));
        columns.add(required(ParquetTable.KAFKA_OFFSET, new ArrowType.Int(Long.SIZE, true)));
        return new Schema(columns);
    }

    private static org.apache.arrow.vector.types.pojo.Field column(RecordType type, Field field) {
        if (field == type.eventTime()) {
            return required(ParquetTable.EVENT_TIME, new ArrowType.Timestamp(TimeUnit.NANOSECOND, UTC));
        }
        boolean always = !field.nullable() || field == type.source() || field == type.sequence() || field == type.tradingDay();
        ArrowType arrow = switch (field.kind()) {
            case LONG -> new ArrowType.Int(Long.SIZE, true);
            case INT -> new ArrowType.Int(Integer.SIZE, true);
            case DOUBLE -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
            case STRING, ENUM -> ArrowType.Utf8.INSTANCE;
            case LEVELS -> ArrowType.List.INSTANCE;
        };
        if (field.kind() != Field.Kind.LEVELS) {
            return new org.apache.arrow.vector.types.pojo.Field(field.name(), new FieldType(!always, arrow, null), null);
        }
        ArrowType number = new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
        var level = new org.apache.arrow.vector.types.pojo.Field("element", FieldType.notNullable(ArrowType.Struct.INSTANCE),
                List.of(required(PRICE, number), required(VOLUME, number)));
        return new org.apache.arrow.vector.types.pojo.Field(field.name(), FieldType.notNullable(arrow), List.of(level));
    }

    private static org.apache.arrow.vector.types.pojo.Field required(String name, ArrowType type) {
        return new org.apache.arrow.vector.types.pojo.Field(name, FieldType.notNullable(type), null);
    }

    /**
     * Adds a row.
     *
     * @param stored a stored event of this table
     * @param tradingDay the trading day that counts, yyyymmdd
     */
    public void add(StoredEvent stored, int tradingDay) {
        EventView event = stored.event();
        EventIdentity identity = event.hasOwnIdentity() ? null
                : EventIdentity.of(event, stored.topic(), stored.partition(), stored.offset());
        int row = rows;
        for (Field field : fields) {
            FieldVector column = columns[field.index()];
            if (field == type.eventTime()) {
                ((TimeStampVector) column).setSafe(row, event.eventTime());
            } else if (field == type.tradingDay()) {
                ((IntVector) column).setSafe(row, tradingDay);
            } else if (field == type.source() && identity != null) {
                ((VarCharVector) column).setSafe(row, identity.source().getBytes(StandardCharsets.UTF_8));
            } else if (field == type.sequence() && identity != null) {
                ((BigIntVector) column).setSafe(row, identity.sequence());
            } else if (event.isNull(field)) {
                column.setNull(row);
            } else {
                set(event, field, column, row);
            }
        }
        if (eventTimeUs != null) {
            eventTimeUs.setSafe(row, Math.floorDiv(event.eventTime(), NANOS_PER_MICRO));
        }
        addArrival(stored, row);
        rows++;
    }

    private void addArrival(StoredEvent stored, int row) {
        if (ingestTime != null) {
            ingestTime.setSafe(row, stored.ingestTimeNs());
        }
        if (topic != null) {
            topic.setSafe(row, topicBytes(stored.topic()));
        }
        if (partition != null) {
            partition.setSafe(row, stored.partition());
        }
        if (offset != null) {
            offset.setSafe(row, stored.offset());
        }
    }

    private void set(EventView event, Field field, FieldVector column, int row) {
        switch (field.kind()) {
            case LONG -> ((BigIntVector) column).setSafe(row, event.getLong(field));
            case INT -> ((IntVector) column).setSafe(row, event.getInt(field));
            case DOUBLE -> ((Float8Vector) column).setSafe(row, event.getDouble(field));
            case STRING -> ((VarCharVector) column).setSafe(row, event.array(), event.textOffset(field), event.textLength(field));
            case ENUM -> ((VarCharVector) column).setSafe(row, enumName(field, event.getEnumCode(field)));
            case LEVELS -> setLevels(event, field, (ListVector) column, row);
        }
    }

    private byte[] enumName(Field field, int code) {
        byte[] name = enumNames[field.index()][code];
        if (name == null) {
            throw new IllegalArgumentException(field + ": code " + code + " has no name");
        }
        return name;
    }

    private static void setLevels(EventView event, Field field, ListVector column, int row) {
        StructVector levels = (StructVector) column.getDataVector();
        Float8Vector prices = levels.getChild(PRICE, Float8Vector.class);
        Float8Vector volumes = levels.getChild(VOLUME, Float8Vector.class);
        int count = event.levelCount(field);
        int at = column.startNewValue(row);
        for (int level = 0; level < count; level++) {
            while (at + level >= levels.getValueCapacity()) {
                levels.reAlloc();
            }
            levels.setIndexDefined(at + level);
            prices.setSafe(at + level, event.levelPrice(field, level));
            volumes.setSafe(at + level, event.levelVolume(field, level));
        }
        column.endValue(row, count);
    }

    private byte[] topicBytes(String name) {
        if (!name.equals(lastTopic)) {
            lastTopic = name;
            lastTopicBytes = name.getBytes(StandardCharsets.UTF_8);
        }
        return lastTopicBytes;
    }

    /** Rows added since the last {@link #clear}. */
    public int rows() {
        return rows;
    }

    /** Sets the number of rows of all vectors. */
    public void complete() {
        root.setRowCount(rows);
    }

    /** The vectors. */
    public VectorSchemaRoot root() {
        return root;
    }

    /** Begins anew; memory is kept. */
    public void clear() {
        for (FieldVector column : root.getFieldVectors()) {
            column.reset();
        }
        rows = 0;
    }

    /**
     * Begins anew with memory of its own: whoever was given the vectors before keeps theirs.
     *
     * @param most rows that memory is taken for; more fit
     */
    public void renew(int most) {
        for (FieldVector column : root.getFieldVectors()) {
            column.clear();
            column.setInitialCapacity(most);
            column.allocateNew();
        }
        rows = 0;
    }

    @Override
    public void close() {
        root.close();
    }
}
