package io.qaexchange.parquet.column;

import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * The Parquet schema of one record type. Columns, in this order: those of the event schema, with {@code event_time_us} beside
 * {@code event_time}; then {@code ingest_time}, {@code kafka_topic}, {@code kafka_partition} and {@code kafka_offset}.
 *
 * <p>{@code event_time} and {@code ingest_time} are TIMESTAMP(NANOS, UTC), {@code event_time_us} is TIMESTAMP(MICROS, UTC). Texts and names
 * of enumerations are strings; levels of a book are a LIST of (price, volume). {@code source}, {@code sequence} and {@code trading_day}
 * hold effective values: the Kafka position if the producer sent no identity, the derived day if it sent none.
 *
 * <p>Immutable; one instance per record type.
 */
public final class ParquetTable {

    public static final String EVENT_TIME = "event_time";
    public static final String EVENT_TIME_US = "event_time_us";
    public static final String INGEST_TIME = "ingest_time";
    public static final String KAFKA_TOPIC = "kafka_topic";
    public static final String KAFKA_PARTITION = "kafka_partition";
    public static final String KAFKA_OFFSET = "kafka_offset";
    /** Columns of texts that hardly repeat: a dictionary would be built in vain. */
    public static final Set<String> UNIQUE_COLUMNS = Set.of("order_id", "trade_id", "exchange_order_id");
    /** Columns that get a Bloom filter, where a table has them. */
    public static final Set<String> BLOOM_FILTER_COLUMNS = Set.of("order_id", "trade_id");

    private static final Map<RecordType, ParquetTable> TABLES = new ConcurrentHashMap<>();

    private final RecordType recordType;
    private final MessageType schema;

    private ParquetTable(RecordType recordType) {
        this.recordType = recordType;
        this.schema = schemaOf(recordType);
    }

    /** The table of that record type. */
    public static ParquetTable of(RecordType recordType) {
        return TABLES.computeIfAbsent(recordType, ParquetTable::new);
    }

    public RecordType recordType() {
        return recordType;
    }

    public MessageType schema() {
        return schema;
    }

    private static MessageType schemaOf(RecordType type) {
        Types.MessageTypeBuilder columns = Types.buildMessage();
        for (Field field : type.fields()) {
            columns.addField(column(type, field));
            if (field == type.eventTime()) {
                columns.addField(timestamp(EVENT_TIME_US, TimeUnit.MICROS));
            }
        }
        columns.addField(timestamp(INGEST_TIME, TimeUnit.NANOS));
        columns.addField(Types.required(PrimitiveTypeName.BINARY).as(LogicalTypeAnnotation.stringType()).named(KAFKA_TOPIC));
        columns.addField(Types.required(PrimitiveTypeName.INT32).named(KAFKA_PARTITION));
        columns.addField(Types.required(PrimitiveTypeName.INT64).named(KAFKA_OFFSET));
        return columns.named(type.table());
    }

    private static Type column(RecordType type, Field field) {
        if (field == type.eventTime()) {
            return timestamp(EVENT_TIME, TimeUnit.NANOS);
        }
        boolean always = !field.nullable() || field == type.source() || field == type.sequence() || field == type.tradingDay();
        Type.Repetition repetition = always ? Type.Repetition.REQUIRED : Type.Repetition.OPTIONAL;
        return switch (field.kind()) {
            case LONG -> Types.primitive(PrimitiveTypeName.INT64, repetition).named(field.name());
            case INT -> Types.primitive(PrimitiveTypeName.INT32, repetition).named(field.name());
            case DOUBLE -> Types.primitive(PrimitiveTypeName.DOUBLE, repetition).named(field.name());
            case STRING, ENUM -> Types.primitive(PrimitiveTypeName.BINARY, repetition)
                    .as(LogicalTypeAnnotation.stringType()).named(field.name());
            case LEVELS -> Types.requiredList().requiredGroupElement()
                    .required(PrimitiveTypeName.DOUBLE).named("price")
                    .required(PrimitiveTypeName.DOUBLE).named("volume")
                    .named(field.name());
        };
    }

    private static Type timestamp(String name, TimeUnit unit) {
        return Types.required(PrimitiveTypeName.INT64).as(LogicalTypeAnnotation.timestampType(true, unit)).named(name);
    }
}
