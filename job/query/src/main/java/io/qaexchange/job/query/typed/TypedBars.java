package io.qaexchange.job.query.typed;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.finance.Bar;
import io.qaexchange.job.query.finance.BarBuilder;
import io.qaexchange.job.query.finance.Bars;
import io.qaexchange.job.query.finance.EventBars;
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
        BarBuilder builder = new BarBuilder(bars.width(), bars.fill(), instruments);
        EventBars events = new EventBars(builder, bars, instruments);
        StoredEvent stored = new StoredEvent();
        rows.forEach(range(bars), row -> events.add(stored.wrap(row.stored())));
        return builder.finish();
    }
}
