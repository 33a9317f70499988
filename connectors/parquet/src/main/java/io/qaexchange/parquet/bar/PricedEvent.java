package io.qaexchange.parquet.bar;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.annotation.Nullable;

/** The values of a stored event that a bar is made of. Flyweight: wrap an event, then read it. One thread. */
public final class PricedEvent {

    private final RecordType type;
    private final Field priceField;
    @Nullable
    private final Field volumeField;
    private EventView event;
    private byte[] source = {};
    private long sequence;

    /** @param type the record type of {@code table} */
    public PricedEvent(RecordType type, BarTable table) {
        this.type = type;
        this.priceField = type.field(table.priceColumn());
        this.volumeField = table.volumeColumn() == null ? null : type.field(table.volumeColumn());
    }

    /** Turns to an event. @return whether it has a price; without one it is in no bar */
    public boolean wrap(StoredEvent stored) {
        event = stored.event();
        if (event.isNull(priceField)) {
            return false;
        }
        if (event.hasOwnIdentity()) {
            int from = event.textOffset(type.source());
            int to = from + event.textLength(type.source());
            if (!Arrays.equals(source, 0, source.length, event.array(), from, to)) {
                source = Arrays.copyOfRange(event.array(), from, to);
            }
            sequence = event.sequence();
        } else {
            EventIdentity identity = EventIdentity.of(event, stored.topic(), stored.partition(), stored.offset());
            source = identity.source().getBytes(StandardCharsets.UTF_8);
            sequence = identity.sequence();
        }
        return true;
    }

    public EventView event() {
        return event;
    }

    /** UTF-8 of the name of its source; stays as it is. */
    public byte[] source() {
        return source;
    }

    public long sequence() {
        return sequence;
    }

    public double price() {
        return event.getDouble(priceField);
    }

    /** 0 if the event has none. */
    public double volume() {
        return volumeField == null || event.isNull(volumeField) ? 0 : event.getDouble(volumeField);
    }
}
