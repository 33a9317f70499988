package io.qaexchange.events.generator;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;

/**
 * The hours of a market that is open now: events get the time of the clock, and events of one happening follow each other at the rate at which they
 * are sent, so that the time of an event is about when it is sent. Immutable.
 */
final class LiveHours implements MarketHours {

    private static final ZoneId ZONE = ZoneId.of("Asia/Shanghai");
    private static final int NIGHT_SESSION_HOUR = 20;
    private static final int MAX_GAP_NS = 1000;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final Clock clock;
    private final double eventsPerSecond;

    /** @param eventsPerSecond infinite: as fast as they are taken */
    LiveHours(Clock clock, double eventsPerSecond) {
        this.clock = clock;
        this.eventsPerSecond = eventsPerSecond;
    }

    /** As the exchanges in Shanghai count: an evening belongs to the next day. */
    @Override
    public LocalDate day() {
        var now = clock.instant().atZone(ZONE);
        return now.getHour() >= NIGHT_SESSION_HOUR ? now.toLocalDate().plusDays(1) : now.toLocalDate();
    }

    @Override
    public long openingNs() {
        return nowNs();
    }

    @Override
    public long closingNs() {
        return nowNs();
    }

    @Override
    public long timeNs(double progress) {
        return nowNs();
    }

    @Override
    public boolean isNight(double progress) {
        return false;
    }

    @Override
    public long gapNs(Prng random) {
        return Double.isInfinite(eventsPerSecond) ? 1 + random.nextInt(MAX_GAP_NS) : Math.max(1, (long) (NANOS_PER_SECOND / eventsPerSecond));
    }

    private long nowNs() {
        Instant now = clock.instant();
        return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
    }
}
