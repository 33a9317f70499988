package io.qaexchange.job.stream.store;

import io.qaexchange.events.EventBuilder;
import java.time.Duration;

/** Makes ticks for tests: one source, numbered, at seconds after the start of a day. */
final class Ticks {

    static final String INSTRUMENT = "SHFE.rb2601";
    /** 2026-01-06T00:00:00Z. */
    static final long DAY_NS = 1_767_657_600_000_000_000L;

    private Ticks() {
    }

    static byte[] at(Duration time, long sequence) {
        return at(INSTRUMENT, time, sequence, 100);
    }

    static byte[] at(String instrument, Duration time, long sequence, double price) {
        return new EventBuilder().start("tick").eventTime(DAY_NS + time.toNanos()).instrument(instrument).identity("test", sequence)
                .set("last_price", price).build();
    }
}
