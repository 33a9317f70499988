package io.qaexchange.events.instruments;

import io.qaexchange.events.EventView;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.InvalidObjectException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The instruments file: calendar and contract terms of all instruments.
 *
 * <p>An instrument takes each value from the most specific entry that gives it: the entry of its {@code id}, then the longest matching
 * {@code prefix}, then shorter ones, then {@code default}, then the built-in default (UTC, midnight, no days off, multiplier 1, no margin,
 * no commission). A prefix that ends with a letter stands for a product: {@code SHFE.a} is not the beginning of {@code SHFE.ag2506}.
 *
 * <pre>
 *   default:
 *     time_zone: UTC
 *   instruments:
 *     - prefix: SHFE.
 *       exchange: SHFE
 *       time_zone: Asia/Shanghai
 *       roll_hour: 18
 *       weekend: [SATURDAY, SUNDAY]
 *       holidays: [2026-01-01, 2026-02-16]
 *       close: history_only
 *     - prefix: SHFE.rb
 *       price_tick: 1
 *       multiplier: 10
 *       margin_long: 0.09
 *       margin_short: 0.09
 *       commission_per_lot: 0
 *       commission_per_amount: 1.0e-4
 *     - id: SHFE.rb2605
 *       first_day: 2025-05-16
 *       last_day: 2026-05-15
 * </pre>
 *
 * <p>Immutable and thread-safe; serialised as its text.
 */
public final class Instruments implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final String EXAMPLE = "instruments.yaml";
    /** Instruments remembered; beyond it, as only made-up names bring it about, they are worked out each time. */
    private static final int MAX_REMEMBERED = 100_000;

    /** The last that was received: who asks a job again and again for the same text, such as a query server, parses it once. */
    private static volatile Instruments received;

    private final String fileName;
    private final String yaml;
    /** The default and the prefixes: few, however many instruments there are. */
    private final transient List<InstrumentsFile.Entry> general;
    private final transient Map<String, InstrumentsFile.Entry> byId = new HashMap<>();
    private final transient Map<String, Instrument> remembered = new ConcurrentHashMap<>();

    private Instruments(String fileName, String yaml) {
        this.fileName = fileName;
        this.yaml = yaml;
        List<InstrumentsFile.Entry> rest = new ArrayList<>();
        for (InstrumentsFile.Entry entry : InstrumentsFile.parse(fileName, yaml)) {
            if (entry.id().isEmpty()) {
                rest.add(entry);
            } else {
                byId.put(entry.id(), entry);
            }
        }
        this.general = List.copyOf(rest);
    }

    /**
     * Reads a file's text.
     *
     * @param fileName for messages
     * @throws InstrumentsException if the text is not a good instruments file
     */
    public static Instruments parse(String fileName, String yaml) {
        return new Instruments(fileName, yaml);
    }

    /**
     * Reads a file.
     *
     * @throws InstrumentsException if it is missing, not readable or no good instruments file
     */
    public static Instruments load(Path file) {
        try {
            return parse(file.toString(), Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new InstrumentsException(file + ": instruments file not found", e);
        } catch (IOException e) {
            throw new InstrumentsException(file + ": cannot be read as UTF-8 text: " + e.getMessage(), e);
        }
    }

    /** No file: the built-in default for every instrument. */
    public static Instruments defaults() {
        return parse("(none)", "{}");
    }

    /** The example that ships with this module: futures of SHFE and CFFEX, shares of SSE and SZSE, a share in New York. */
    public static Instruments example() {
        return parse(EXAMPLE, exampleYaml());
    }

    /** The text of {@link #example()}, to begin a file of one's own with. */
    public static String exampleYaml() {
        try (InputStream in = Instruments.class.getResourceAsStream(EXAMPLE)) {
            if (in == null) {
                throw new IllegalStateException("resource " + EXAMPLE + " is missing beside " + Instruments.class.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("resource " + EXAMPLE + " is not readable", e);
        }
    }

    /** Calendar and terms of an instrument. */
    public Instrument get(String id) {
        Instrument known = remembered.get(id);
        if (known != null) {
            return known;
        }
        Instrument found = resolve(id);
        if (remembered.size() < MAX_REMEMBERED) {
            remembered.put(id, found);
        }
        return found;
    }

    /**
     * Whether the file says something of that instrument, by id or prefix; a file that lists no instruments at all says its default of
     * all.
     */
    public boolean covers(String id) {
        if (byId.containsKey(id)) {
            return true;
        }
        boolean lists = !byId.isEmpty();
        for (InstrumentsFile.Entry entry : general) {
            if (!entry.prefix().isEmpty() && entry.matches(id)) {
                return true;
            }
            lists |= !entry.prefix().isEmpty();
        }
        return !lists;
    }

    /**
     * The trading day of an event: its own if it names one, else derived from its event time. Events without an instrument follow
     * the file's default.
     *
     * @return yyyymmdd
     */
    public int tradingDay(EventView event) {
        int own = event.tradingDay();
        return own != 0 ? own : get(event.instrument()).tradingDay(event.eventTime());
    }

    private Instrument resolve(String id) {
        List<InstrumentsFile.Entry> matching = new ArrayList<>();
        for (InstrumentsFile.Entry entry : general) {
            if (entry.matches(id)) {
                matching.add(entry);
            }
        }
        if (byId.containsKey(id)) {
            matching.add(byId.get(id));
        }
        matching.sort((a, b) -> Integer.compare(a.rank(), b.rank()));
        Map<InstrumentKey, Object> values = new EnumMap<>(InstrumentKey.class);
        for (InstrumentKey key : InstrumentKey.values()) {
            if (key.defaultValue() != null) {
                values.put(key, key.defaultValue());
            }
        }
        for (InstrumentsFile.Entry entry : matching) {
            values.putAll(entry.values());
        }
        return new Instrument(id, InstrumentKey.terms(values));
    }

    private Object writeReplace() {
        return new Text(fileName, yaml);
    }

    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("serialised as text");
    }

    private record Text(String fileName, String yaml) implements Serializable {
        private Object readResolve() {
            Instruments known = received;
            if (known == null || !known.fileName.equals(fileName) || !known.yaml.equals(yaml)) {
                known = new Instruments(fileName, yaml);
                received = known;
            }
            return known;
        }
    }
}
