package io.qaexchange.job.query.typed;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.parquet.column.ParquetTable;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Rows as JSON, one object a line, with the columns and values that the SQL tables have.
 *
 * <p>One thread.
 */
public final class RowJson {

    private static final JsonFactory JSON = JsonFactory.builder().enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER).build();
    private static final String DATE = "date";
    private static final long NANOS_PER_MICRO = 1_000L;

    private final RecordType type;
    private final Instruments instruments;
    private final OutputStream out;
    private final StoredEvent stored = new StoredEvent();

    public RowJson(RecordType type, Instruments instruments, OutputStream out) {
        this.type = type;
        this.instruments = instruments;
        this.out = out;
    }

    /** Writes rows. */
    public void write(Iterable<UnionRow> rows) throws IOException {
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            json.setRootValueSeparator(null);
            for (UnionRow row : rows) {
                write(json, row);
                json.writeRaw('\n');
            }
        }
    }

    private void write(JsonGenerator json, UnionRow row) throws IOException {
        EventView event = stored.wrap(row.stored()).event();
        int tradingDay = instruments.tradingDay(event);
        json.writeStartObject();
        EventIdentity identity = event.hasOwnIdentity() ? null : EventIdentity.of(event, stored.topic(), stored.partition(), stored.offset());
        for (Field field : type.fields()) {
            json.writeFieldName(field.name());
            if (field == type.eventTime()) {
                json.writeString(TimeText.of(event.eventTime()));
                json.writeStringField(ParquetTable.EVENT_TIME_US, TimeText.of(Math.floorDiv(event.eventTime(), NANOS_PER_MICRO) * NANOS_PER_MICRO));
            } else if (field == type.tradingDay()) {
                json.writeNumber(tradingDay);
            } else if (field == type.source() && identity != null) {
                json.writeString(identity.source());
            } else if (field == type.sequence() && identity != null) {
                json.writeNumber(identity.sequence());
            } else if (event.isNull(field)) {
                json.writeNull();
            } else {
                value(json, event, field);
            }
        }
        json.writeStringField(ParquetTable.INGEST_TIME, TimeText.of(stored.ingestTimeNs()));
        json.writeStringField(ParquetTable.KAFKA_TOPIC, stored.topic());
        json.writeNumberField(ParquetTable.KAFKA_PARTITION, stored.partition());
        json.writeNumberField(ParquetTable.KAFKA_OFFSET, stored.offset());
        json.writeStringField(DATE, TradingDay.toDate(tradingDay).toString());
        json.writeEndObject();
    }

    private static void value(JsonGenerator json, EventView event, Field field) throws IOException {
        switch (field.kind()) {
            case LONG -> json.writeNumber(event.getLong(field));
            case INT -> json.writeNumber(event.getInt(field));
            case DOUBLE -> json.writeNumber(event.getDouble(field));
            case STRING -> json.writeString(event.getString(field));
            case ENUM -> json.writeString(field.enumName(event.getEnumCode(field)));
            case LEVELS -> {
                json.writeStartArray();
                for (int level = 0; level < event.levelCount(field); level++) {
                    json.writeStartObject();
                    json.writeNumberField("price", event.levelPrice(field, level));
                    json.writeNumberField("volume", event.levelVolume(field, level));
                    json.writeEndObject();
                }
                json.writeEndArray();
            }
        }
    }
}
