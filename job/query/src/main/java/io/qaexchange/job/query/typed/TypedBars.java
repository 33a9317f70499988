package io.qaexchange.job.query.typed;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.finance.Bar;
import io.qaexchange.job.query.finance.BarBuilder;
import io.qaexchange.job.query.finance.Bars;
import java.io.IOException;
import java.util.List;

/** Bars of a live read, made of its rows one by one. Stateless. */
public final class TypedBars {

    private TypedBars() {
    }

    /** The rows that bars are made of. */
    public static UnionScan.Range range(Bars bars) {
        return new UnionScan.Range(EventSchema.get().table(bars.table()), bars.instrument(), bars.fromNs() == null ? Long.MIN_VALUE : bars.fromNs(),
                bars.toNs() == null ? Long.MAX_VALUE : bars.toNs());
    }

    /** The bars. */
    public static List<Bar> of(Bars bars, UnionScan rows, Instruments instruments) throws IOException {
        RecordType type = EventSchema.get().table(bars.table());
        Field price = type.field(bars.priceColumn());
        Field volume = bars.volumeColumn() == null ? null : type.field(bars.volumeColumn());
        BarBuilder builder = new BarBuilder(bars.width(), bars.fill(), instruments);
        StoredEvent stored = new StoredEvent();
        rows.forEach(range(bars), row -> {
            EventView event = stored.wrap(row.stored()).event();
            if (!event.isNull(price)) {
                double paid = event.getDouble(price);
                double lots = volume == null || event.isNull(volume) ? 0 : event.getDouble(volume);
                String instrument = bars.instrument() == null ? event.instrument() : bars.instrument();
                int own = event.tradingDay();
                builder.add(instrument, own != 0 ? own : instruments.get(instrument).tradingDay(row.eventTimeNs()), row.eventTimeNs(), row.source(), row.sequence(),
                        paid, lots);
            }
        });
        return builder.finish();
    }
}
