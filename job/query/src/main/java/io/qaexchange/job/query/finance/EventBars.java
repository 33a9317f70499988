package io.qaexchange.job.query.finance;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.parquet.bar.PricedEvent;

/** Adds stored events to bars. One thread. */
public final class EventBars {

    private final BarBuilder builder;
    private final Instruments instruments;
    private final PricedEvent priced;

    /** @param bars what they are made of */
    public EventBars(BarBuilder builder, Bars bars, Instruments instruments) {
        this.builder = builder;
        this.instruments = instruments;
        this.priced = new PricedEvent(EventSchema.get().table(bars.table()), bars.source());
    }

    /** Adds an event of the table that bars are made of, if it has a price. */
    public void add(StoredEvent stored) {
        if (priced.wrap(stored)) {
            EventView event = priced.event();
            String instrument = event.instrument();
            int own = event.tradingDay();
            int tradingDay = own != 0 ? own : instruments.get(instrument).tradingDay(event.eventTime());
            builder.add(instrument, tradingDay, event.eventTime(), priced.source(), priced.sequence(), priced.price(), priced.volume());
        }
    }
}
