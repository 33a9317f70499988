package io.qaexchange.job.query.finance;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.annotation.Nullable;

/** Adds stored events to bars. One thread. */
public final class EventBars {

    private final BarBuilder builder;
    private final Instruments instruments;
    private final RecordType type;
    private final Field price;
    @Nullable
    private final Field volume;
    private byte[] source = {};

    /** @param bars what they are made of */
    public EventBars(BarBuilder builder, Bars bars, Instruments instruments) {
        this.builder = builder;
        this.instruments = instruments;
        this.type = EventSchema.get().table(bars.table());
        this.price = type.field(bars.priceColumn());
        this.volume = bars.volumeColumn() == null ? null : type.field(bars.volumeColumn());
    }

    /** Adds an event of the table that bars are made of, if it has a price. */
    public void add(StoredEvent stored) {
        EventView event = stored.event();
        if (event.isNull(price)) {
            return;
        }
        String instrument = event.instrument();
        int own = event.tradingDay();
        int tradingDay = own != 0 ? own : instruments.get(instrument).tradingDay(event.eventTime());
        double lots = volume == null || event.isNull(volume) ? 0 : event.getDouble(volume);
        if (event.hasOwnIdentity()) {
            int from = event.textOffset(type.source());
            int to = from + event.textLength(type.source());
            if (!Arrays.equals(source, 0, source.length, event.array(), from, to)) {
                source = Arrays.copyOfRange(event.array(), from, to);
            }
            builder.add(instrument, tradingDay, event.eventTime(), source, event.sequence(), event.getDouble(price), lots);
        } else {
            EventIdentity identity = EventIdentity.of(event, stored.topic(), stored.partition(), stored.offset());
            builder.add(instrument, tradingDay, identity.eventTimeNs(), identity.source().getBytes(StandardCharsets.UTF_8), identity.sequence(), event.getDouble(price), lots);
        }
    }
}
