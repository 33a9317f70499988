package io.qaexchange.events.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.instruments.Instruments;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventGeneratorTest {

    private static final long MESSAGES = 100_000;
    private static final long GOLDEN_HASH = 7110874172223431557L;

    @Test
    void sameSeedGivesTheSameStreamAndAnotherSeedAnother() {
        EventGenerator a = new EventGenerator(7, 50_000);
        EventGenerator b = new EventGenerator(7, 50_000);
        EventGenerator other = new EventGenerator(8, 50_000);
        boolean differs = false;
        while (a.hasNext()) {
            GeneratedMessage x = a.next();
            GeneratedMessage y = b.next();
            boolean same = Arrays.equals(x.value(), y.value()) && Arrays.equals(x.kafkaKey(), y.kafkaKey()) && x.fate() == y.fate()
                    && Objects.equals(x.identity(), y.identity());
            assertThat(same).as("message %s", a.position()).isTrue();
            differs |= !Arrays.equals(x.value(), other.next().value());
        }
        assertThat(b.hasNext()).isFalse();
        assertThat(differs).isTrue();
        assertThat(a.summary()).isEqualTo(b.summary());
    }

    @Test
    void streamIsTheOneOfEarlierReleases() {
        EventGenerator generator = new EventGenerator(1, 20_000);
        long hash = 0;
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            hash = 31 * hash + Arrays.hashCode(message.value());
        }
        assertThat(hash).as("an audit makes the list of an older run again: a change here needs a new name of the sources")
                .isEqualTo(GOLDEN_HASH);
    }

    @ParameterizedTest
    @ValueSource(longs = {10, 11, 50, 999, 5_000, MESSAGES})
    void storeThatFollowsTheRulesComesToTheSameFates(long messages) {
        EventGenerator generator = new EventGenerator(42, messages);
        EventDecoder decoder = new EventDecoder();
        Map<String, byte[]> store = new HashMap<>();
        Map<String, Long> newest = new HashMap<>();
        long seen = 0;
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            seen++;
            Decoded decoded = decoder.decode(message.value());
            if (!decoded.isAccepted()) {
                assertThat(message.fate()).as(decoded.rejection().toString()).isEqualTo(Fate.UNDECODABLE);
                continue;
            }
            EventView event = decoder.event();
            EventIdentity identity = EventIdentity.of(event, "topic", 0, seen);
            boolean fits = message.identity().equals(identity) && Arrays.equals(message.event(), decoded.event())
                    && new String(message.kafkaKey(), StandardCharsets.UTF_8).equals(event.routeKey());
            assertThat(fits).as("message %s", seen).isTrue();
            assertThat(message.fate()).isEqualTo(fate(store, newest, identity, decoded.event()));
        }
        assertThat(seen).isEqualTo(messages);
        assertThat(generator.position()).isEqualTo(messages);
        assertThatThrownBy(generator::next).isInstanceOf(NoSuchElementException.class);
    }

    private static Fate fate(Map<String, byte[]> store, Map<String, Long> newest, EventIdentity identity, byte[] event) {
        byte[] first = store.putIfAbsent(identity.toString(), event);
        if (first != null) {
            return Arrays.equals(first, event) ? Fate.DUPLICATE : Fate.CONFLICT;
        }
        long before = newest.merge(identity.routeKey(), identity.eventTimeNs(), Math::max);
        return identity.eventTimeNs() < before ? Fate.STORE_LATE : Fate.STORE;
    }

    @Test
    void sharesOfFatesAreAsPromised() {
        EventGenerator generator = drained(42, MESSAGES);
        assertThat(generator.count(Fate.DUPLICATE) / (double) MESSAGES).isBetween(0.009, 0.011);
        assertThat(generator.count(Fate.STORE_LATE) / (double) MESSAGES).isBetween(0.008, 0.012);
        assertThat((generator.count(Fate.CONFLICT) + generator.count(Fate.UNDECODABLE)) / (double) MESSAGES).isBetween(0.0007, 0.0013);
        assertThat(generator.count(Fate.CONFLICT)).isPositive();
        assertThat(generator.count(Fate.UNDECODABLE)).isPositive();
    }

    @Test
    void everyTableOccursWithAThousandAccountsAndOneSettlementPerInstrument() {
        EventGenerator generator = drained(42, MESSAGES);
        for (RecordType type : EventSchema.get().recordTypes()) {
            assertThat(generator.count(type.table(), Fate.STORE)).as(type.table()).isPositive();
        }
        assertThat(generator.count("account_open", Fate.STORE)).isEqualTo(1000);
        assertThat(generator.count("settlement", Fate.STORE)).isEqualTo(200);
        assertThat(generator.summary()).contains("order_insert").contains("all " + MESSAGES);
    }

    @Test
    void allEventsButAccountsCountForOneTradingDay() {
        EventGenerator generator = new EventGenerator(5, 30_000);
        Instruments instruments = Instruments.example();
        EventView view = new EventView();
        Set<Integer> days = new TreeSet<>();
        Set<Integer> shanghaiHours = new TreeSet<>();
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            if (message.fate().isStored()) {
                view.wrap(message.event());
                days.add(instruments.tradingDay(view));
                shanghaiHours.add((int) ((view.eventTime() / 3_600_000_000_000L + 8) % 24));
            }
        }
        assertThat(days).containsExactly(20260106);
        assertThat(shanghaiHours).contains(20, 21, 23, 1, 9, 14, 15).doesNotContain(5, 7, 17);
    }

    @Test
    void orderLifeCyclesAddUp() {
        EventGenerator generator = new EventGenerator(9, 100_000);
        EventView view = new EventView();
        Map<String, double[]> left = new HashMap<>();
        Set<String> closed = new HashSet<>();
        long updates = 0;
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            if (message.fate() != Fate.STORE) {
                continue;
            }
            view.wrap(message.event());
            RecordType type = view.recordType();
            if (!type.hasField("order_id") || type.table().equals("order_status")) {
                continue;
            }
            String order = view.getString(type.field("order_id"));
            switch (type.table()) {
                case "order_insert" -> assertThat(left.put(order, new double[] {view.getDouble(type.field("volume"))})).isNull();
                case "trade" -> {
                    left.get(order)[0] -= view.getDouble(type.field("volume"));
                    assertThat(left.get(order)[0]).isNotNegative();
                    assertThat(closed.contains(order)).as(order).isFalse();
                }
                default -> {
                    updates++;
                    String status = view.getString(type.field("status"));
                    assertThat(closed.contains(order)).as(order).isFalse();
                    double volumeLeft = view.getDouble(type.field("volume_left"));
                    if (!view.isNull(type.field("volume_cancelled"))) {
                        left.get(order)[0] -= view.getDouble(type.field("volume_cancelled"));
                    }
                    if (!status.equals("REJECTED")) {
                        assertThat(volumeLeft).as(order + " " + status).isEqualTo(left.get(order)[0]);
                    }
                    assertThat(status.equals("FILLED")).isEqualTo(volumeLeft == 0 && !closesUnfilled(status));
                    if (volumeLeft == 0) {
                        closed.add(order);
                    }
                }
            }
        }
        assertThat(updates).isGreaterThan(20_000);
    }

    private static boolean closesUnfilled(String status) {
        return status.equals("CANCELLED") || status.equals("REJECTED");
    }

    @Test
    void bothSidesOfEveryMatchAreTold() {
        EventGenerator generator = new EventGenerator(11, 60_000);
        EventView view = new EventView();
        Map<String, String> sides = new HashMap<>();
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            if (message.fate() == Fate.STORE && view.wrap(message.event()).recordType().table().equals("trade")) {
                RecordType type = view.recordType();
                String value = view.getDouble(type.field("price")) + "x" + view.getDouble(type.field("volume"));
                sides.merge(view.getString(type.field("trade_id")), view.getString(type.field("direction")) + value,
                        (a, b) -> a.replace("BUY", "").equals(b.replace("SELL", "")) ? "both" : "wrong");
            }
        }
        assertThat(sides).isNotEmpty();
        assertThat(new HashSet<>(sides.values())).containsExactly("both");
    }

    @Test
    void activityFollowsZipf() {
        EventGenerator generator = new EventGenerator(3, 100_000);
        Map<String, Integer> perInstrument = new HashMap<>();
        while (generator.hasNext()) {
            perInstrument.merge(new String(generator.next().kafkaKey(), StandardCharsets.UTF_8), 1, Integer::sum);
        }
        perInstrument.keySet().removeIf(k -> k.startsWith("@"));
        assertThat(perInstrument).hasSize(200);
        assertThat(perInstrument.get("SHFE.rb2601")).isGreaterThan(10 * perInstrument.get("SHFE.rb2604"));
    }

    @Test
    void tooFewMessagesAreRefused() {
        assertThatThrownBy(() -> new EventGenerator(1, 9)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 10");
    }

    @Test
    void aLiveMarketHasTheTimeOfTheClockAtTheRateAtWhichItIsSent() {
        Instant start = Instant.parse("2026-03-04T05:06:07Z");
        MutableClock clock = new MutableClock(start);
        EventGenerator generator = EventGenerator.live(1, Long.MAX_VALUE, clock, 50, true);
        EventView view = new EventView();
        Set<Fate> fates = new HashSet<>();
        long lateBy = 0;
        for (int i = 0; i < 20_000; i++) {
            GeneratedMessage message = generator.next();
            fates.add(message.fate());
            if (message.fate() == Fate.STORE) {
                long nowNs = clock.instant().getEpochSecond() * 1_000_000_000L + clock.instant().getNano();
                long eventNs = view.wrap(message.event()).eventTime();
                assertThat(eventNs - nowNs).as("ahead, ns").isLessThanOrEqualTo(20_000_000L);
                lateBy = Math.max(lateBy, nowNs - eventNs);
            }
            clock.now = clock.now.plusMillis(20);
        }
        assertThat(lateBy).as("behind the clock, ns").isLessThan(1_000_000_000L);
        assertThat(fates).containsExactlyInAnyOrder(Fate.values());
        assertThat(generator.count("account_open", Fate.STORE)).isEqualTo(200);
        assertThat(generator.count("settlement", Fate.STORE)).isZero();
    }

    @Test
    void twoLiveMarketsAndTwoDaysShareNoIdentity() {
        Set<String> identities = new HashSet<>();
        List<EventGenerator> generators = List.of(
                EventGenerator.live(1, 2_000, Clock.fixed(Instant.ofEpochMilli(1_700_000_000_000L), ZoneOffset.UTC), 1000, false),
                EventGenerator.live(1, 2_000, Clock.fixed(Instant.ofEpochMilli(1_700_000_000_001L), ZoneOffset.UTC), 1000, false),
                new EventGenerator(1, 2_000), EventGenerator.ofDay(1, 2_000, LocalDate.of(2026, 1, 7), false),
                EventGenerator.ofDay(1, 2_000, LocalDate.of(2026, 1, 6), false), EventGenerator.ofDay(1, 2_000, LocalDate.of(2026, 1, 7), true));
        for (EventGenerator generator : generators) {
            generator.forEachRemaining(message -> {
                if (message.fate().isStored()) {
                    assertThat(identities.add(message.identity().source() + " " + message.identity().sequence())).isTrue();
                }
            });
        }
    }

    @Test
    void aCleanDayHasOnlyEventsToStoreInOrderOfItsOwnDay() {
        EventGenerator generator = EventGenerator.ofDay(1, 20_000, LocalDate.of(2025, 7, 15), false);
        EventView view = new EventView();
        Set<Integer> days = new HashSet<>();
        generator.forEachRemaining(message -> {
            view.wrap(message.event());
            days.add(view.tradingDay());
            assertThat(Instant.ofEpochSecond(view.eventTime() / 1_000_000_000L))
                    .isBetween(Instant.parse("2025-07-14T12:00:00Z"), Instant.parse("2025-07-15T08:00:00Z"));
        });
        assertThat(days).containsExactlyInAnyOrder(0, 20250715);
        assertThat(generator.count(Fate.STORE)).isEqualTo(20_000);
    }

    private static final class MutableClock extends Clock {
        private Instant now;

        MutableClock(Instant now) {
            this.now = now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException("one zone");
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    private static EventGenerator drained(long seed, long messages) {
        EventGenerator generator = new EventGenerator(seed, messages);
        generator.forEachRemaining(m -> { });
        return generator;
    }
}
