package io.qaexchange.events;

/**
 * The columns that the store adds to every record, after those of the schema. They carry Kafka's name because an order has
 * an {@code offset} of its own.
 */
public enum ArrivalColumn {
    /** When the store took the event: nanoseconds since 1970, UTC. */
    INGEST_TIME("ingest_time", Field.Kind.LONG),
    KAFKA_TOPIC("kafka_topic", Field.Kind.STRING),
    KAFKA_PARTITION("kafka_partition", Field.Kind.INT),
    KAFKA_OFFSET("kafka_offset", Field.Kind.LONG);

    private final String column;
    private final Field.Kind kind;

    ArrivalColumn(String column, Field.Kind kind) {
        this.column = column;
        this.kind = kind;
    }

    public String column() {
        return column;
    }

    public Field.Kind kind() {
        return kind;
    }
}
