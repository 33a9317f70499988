package io.qaexchange.events.generator;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventJson;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.LocalDate;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;

/**
 * Generates one trading day as a stream of messages in sending order, each with its expected {@link Fate}. The same seed and number give
 * the same stream, byte for byte, on every machine.
 *
 * <p>In the stream: {@code account_open} of up to 1,000 accounts; up to 200 instruments, active by Zipf's law, over a night and
 * a day session of {@link #TRADING_DAY}; at the end one {@code settlement} per instrument. About 1% are exact copies of one of the last
 * {@value #RECENT} stored messages, 1% are older than the newest event of their instrument by at most 10 minutes and a second, 0.05%
 * repeat an identity with other bytes and 0.05% are no events. 3% of what can be decoded is JSON, the rest SBE. Every event has a source
 * and a sequence of its own; sources are named after seed and number, so that two different runs do not meet.
 *
 * <p>Fates hold if the messages of a route key arrive in this order, and no message is older than the hot retention. Fewer than 10,000
 * messages come with fewer accounts, fewer than 5,000 with fewer instruments too.
 *
 * <p>{@link #ofDay} gives another day, {@link #live} a market that is open now.
 *
 * <p>Memory does not grow with the number of messages. One thread.
 */
public final class EventGenerator implements Iterator<GeneratedMessage> {

    /** The trading day, a Tuesday: its night session is on Monday evening in Shanghai. */
    public static final LocalDate TRADING_DAY = LocalDate.of(2026, 1, 6);
    /** Fewest messages that make a day. */
    public static final int MIN_MESSAGES = 10;

    private static final int MAX_ACCOUNTS = 1000;
    private static final int RECENT = 4096;
    private static final double DUPLICATES = 0.01;
    private static final double LATE = 0.01;
    private static final double CONFLICTS = 0.0005;
    private static final double UNDECODABLE = 0.0005;
    private static final double JSON = 0.03;
    private static final String NO_TABLE = "(none)";

    private static final int LIVE_ACCOUNTS = 200;
    private static final int LIVE_INSTRUMENTS = 50;
    /** Progress of the day at which a live market stays, which never ends: parts of a day depend on it. */
    private static final double LIVE_PROGRESS = 0.5;

    private final long total;
    private final int accounts;
    private final int instruments;
    private final long bodyEnd;
    private final boolean live;
    private final boolean faults;
    private final Prng random;
    private final Market market;
    private final BrokenMessages broken;
    private final EventView view = new EventView();
    private final EventBuilder builder = new EventBuilder();
    private final GeneratedMessage[] recent = new GeneratedMessage[RECENT];
    private final Map<String, Map<Fate, long[]>> counts = new TreeMap<>();
    private long stored;
    private long position;

    /**
     * The day {@link #TRADING_DAY}, with everything that goes wrong.
     *
     * @param seed makes the stream
     * @param messages number of messages, at least {@value #MIN_MESSAGES}
     */
    public EventGenerator(long seed, long messages) {
        this(seed, messages, new TradingSession(TRADING_DAY), "gen." + seed + "." + messages + ".", "", true);
    }

    private EventGenerator(long seed, long messages, MarketHours hours, String sourcePrefix, String idPrefix, boolean faults) {
        if (messages < MIN_MESSAGES) {
            throw new IllegalArgumentException("a generated day has at least " + MIN_MESSAGES + " messages, not " + messages);
        }
        total = messages;
        live = hours instanceof LiveHours;
        accounts = (int) Math.min(live ? LIVE_ACCOUNTS : MAX_ACCOUNTS, Math.max(2, messages / 10));
        instruments = (int) Math.min(live ? LIVE_INSTRUMENTS : Universe.SIZE, Math.max(1, messages / 25));
        bodyEnd = live ? messages : messages - 2L * instruments;
        this.faults = faults;
        random = new Prng(seed);
        Universe universe = new Universe(instruments, sourcePrefix);
        market = new Market(random, universe, hours, accounts, sourcePrefix, idPrefix);
        broken = new BrokenMessages(random);
    }

    /**
     * Another trading day; its orders and trades have ids of their own.
     *
     * @param faults whether copies, late, conflicting and broken messages come too
     */
    public static EventGenerator ofDay(long seed, long messages, LocalDate day, boolean faults) {
        if (day.equals(TRADING_DAY) && faults) {
            return new EventGenerator(seed, messages);
        }
        String name = day.toString().replace("-", "") + (faults ? "" : "c");
        return new EventGenerator(seed, messages, new TradingSession(day), "gen." + seed + "." + messages + "." + name + ".", name + "-", faults);
    }

    /**
     * A market that is open now: accounts are opened, then events come with the time of the clock and without end. Every start has names of its own, so
     * two of them do not meet; it is not made again from its seed, as the clock is part of it.
     *
     * @param eventsPerSecond how fast the messages are going to be sent; infinite: as fast as they are taken
     * @param messages number of messages; {@link Long#MAX_VALUE}: without end
     */
    public static EventGenerator live(long seed, long messages, Clock clock, double eventsPerSecond, boolean faults) {
        String name = Long.toString(clock.millis(), Character.MAX_RADIX);
        return new EventGenerator(seed, messages, new LiveHours(clock, eventsPerSecond), "live." + seed + "." + name + ".", name + "-", faults);
    }

    @Override
    public boolean hasNext() {
        return position < total;
    }

    @Override
    public GeneratedMessage next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all " + total + " messages were given");
        }
        GeneratedMessage message = make();
        position++;
        String table = message.identity() == null ? NO_TABLE : message.identity().recordType().table();
        counts.computeIfAbsent(table, t -> new EnumMap<>(Fate.class)).computeIfAbsent(message.fate(), f -> new long[1])[0]++;
        if (message.fate().isStored()) {
            recent[(int) (stored++ % RECENT)] = message;
        }
        return message;
    }

    /** Messages given so far. */
    public long position() {
        return position;
    }

    /** Messages given so far of that fate. */
    public long count(Fate fate) {
        return counts.values().stream().mapToLong(c -> count(c, fate)).sum();
    }

    /** Messages given so far of that table and fate. */
    public long count(String table, Fate fate) {
        Map<Fate, long[]> ofTable = counts.get(table);
        return ofTable == null ? 0 : count(ofTable, fate);
    }

    /** A table of what was given so far: rows are tables, columns fates. */
    public String summary() {
        StringBuilder out = new StringBuilder(String.format("%-18s", "table"));
        for (Fate fate : Fate.values()) {
            out.append(String.format("%13s", fate));
        }
        out.append('\n');
        for (Map.Entry<String, Map<Fate, long[]>> row : counts.entrySet()) {
            out.append(String.format("%-18s", row.getKey()));
            for (Fate fate : Fate.values()) {
                out.append(String.format("%13d", count(row.getValue(), fate)));
            }
            out.append('\n');
        }
        out.append(String.format("%-18s", "all " + position));
        for (Fate fate : Fate.values()) {
            out.append(String.format("%13d", count(fate)));
        }
        return out.append('\n').toString();
    }

    private static long count(Map<Fate, long[]> counts, Fate fate) {
        long[] count = counts.get(fate);
        return count == null ? 0 : count[0];
    }

    private GeneratedMessage make() {
        long bodyStart = (long) accounts + instruments;
        if (position < accounts) {
            market.openAccount((int) position);
            return take(Fate.STORE);
        }
        if (position < bodyStart) {
            market.changeStatus((int) (position - accounts), "OPEN");
            return take(Fate.STORE);
        }
        if (position < bodyEnd) {
            return makeBody(live ? LIVE_PROGRESS : (double) (position - bodyStart) / (bodyEnd - bodyStart));
        }
        if (position < bodyEnd + instruments) {
            market.close((int) (position - bodyEnd));
        } else {
            market.settle((int) (position - bodyEnd - instruments));
        }
        return take(Fate.STORE);
    }

    /** A message of the day: what waits, if the rest of the day is just enough for it; else by chance something amiss. */
    private GeneratedMessage makeBody(double progress) {
        long left = bodyEnd - position;
        int waiting = market.events().size();
        if (faults && waiting < left) {
            double chance = random.nextDouble();
            if (chance < DUPLICATES) {
                return duplicate();
            }
            if (chance < DUPLICATES + CONFLICTS) {
                return conflict();
            }
            if (chance < DUPLICATES + CONFLICTS + UNDECODABLE) {
                GeneratedMessage original = pickRecent();
                return new GeneratedMessage(original.kafkaKey(), broken.make(original.event()), null, Fate.UNDECODABLE, null);
            }
            if (waiting == 0 && chance < DUPLICATES + CONFLICTS + UNDECODABLE + LATE * lateBoost()) {
                market.lateStep(progress);
                return take(Fate.STORE_LATE);
            }
        }
        if (waiting == 0) {
            if (left < Market.MAX_EVENTS_PER_STEP) {
                market.singleStep(progress);
            } else {
                market.step(progress);
            }
        }
        return take(Fate.STORE);
    }

    /** Late events come only between happenings, of which each makes this many events. */
    private double lateBoost() {
        long steps = Math.max(1, market.steps());
        return Math.max(1, (double) market.stepEvents() / steps);
    }

    private GeneratedMessage take(Fate fate) {
        Market.Made made = market.events().remove();
        return message(made.kafkaKey(), made.event(), fate, made.identity());
    }

    private GeneratedMessage duplicate() {
        GeneratedMessage m = pickRecent();
        return new GeneratedMessage(m.kafkaKey(), m.value(), m.event(), Fate.DUPLICATE, m.identity());
    }

    private GeneratedMessage conflict() {
        GeneratedMessage original = pickRecent();
        return message(original.kafkaKey(), changed(original.event()), Fate.CONFLICT, original.identity());
    }

    private GeneratedMessage pickRecent() {
        return recent[random.nextInt((int) Math.min(stored, RECENT))];
    }

    private GeneratedMessage message(byte[] kafkaKey, byte[] event, Fate fate, EventIdentity identity) {
        byte[] value = event;
        if (random.chance(JSON)) {
            value = EventJson.write(view.wrap(event)).getBytes(StandardCharsets.UTF_8);
        }
        return new GeneratedMessage(kafkaKey, value, event, fate, identity);
    }

    /** The event with the same identity and another number, or another trading day. */
    private byte[] changed(byte[] event) {
        view.wrap(event);
        RecordType type = view.recordType();
        builder.copyOf(view);
        for (Field field : type.fields()) {
            if (field.kind() == Field.Kind.DOUBLE && !view.isNull(field)) {
                return builder.set(field, view.getDouble(field) + 1).build();
            }
        }
        return builder.tradingDay(20260107).build();
    }
}
