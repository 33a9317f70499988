package io.qaexchange.job.server.flight;

import com.google.protobuf.ByteString;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.arrow.flight.CallStatus;

/**
 * Prepared statements of all clients, by handle. A handle is random, and grants no more than its statement's text would. Clients forget to close them (Arrow's JDBC driver does), so one that was
 * not used for an hour is forgotten, and beyond {@value #MAX_STATEMENTS} the one that was not used for longest.
 *
 * <p>Thread-safe.
 */
final class PreparedStatements {

    private static final int MAX_STATEMENTS = 10_000;
    private static final int HANDLE_BYTES = 16;
    private static final Duration IDLE = Duration.ofHours(1);

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    /** The least recently used first. Guarded by this. */
    private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    private static final class Entry {
        final Prepared prepared;
        @Nullable
        List<String> constants;
        Instant used;

        Entry(Prepared prepared, Instant used) {
            this.prepared = prepared;
            this.used = used;
        }
    }

    /**
     * A prepared statement with the constants for its parameters.
     *
     * @param constants null as long as no values were sent
     */
    record Bound(Prepared prepared, @Nullable List<String> constants) {
    }

    PreparedStatements(Clock clock) {
        this.clock = clock;
    }

    synchronized ByteString add(Prepared prepared) {
        Instant now = clock.instant();
        Iterator<Entry> oldest = entries.values().iterator();
        while (oldest.hasNext()) {
            if (!oldest.next().used.isBefore(now.minus(IDLE)) && entries.size() < MAX_STATEMENTS) {
                break;
            }
            oldest.remove();
        }
        byte[] handle = new byte[HANDLE_BYTES];
        random.nextBytes(handle);
        entries.put(HexFormat.of().formatHex(handle), new Entry(prepared, now));
        return ByteString.copyFrom(handle);
    }

    synchronized Bound get(ByteString handle) {
        Entry entry = entry(handle);
        return new Bound(entry.prepared, entry.constants);
    }

    synchronized void bind(ByteString handle, List<String> constants) {
        entry(handle).constants = List.copyOf(constants);
    }

    /** Forgets a statement. */
    synchronized void remove(ByteString handle) {
        entries.remove(key(handle));
    }

    synchronized int size() {
        return entries.size();
    }

    private Entry entry(ByteString handle) {
        Entry entry = entries.get(key(handle));
        if (entry == null) {
            throw FlightErrors.with(CallStatus.NOT_FOUND, "26000", "the prepared statement does not exist, or was not used for an hour; prepare it again")
                    .toRuntimeException();
        }
        entry.used = clock.instant();
        return entry;
    }

    private static String key(ByteString handle) {
        return handle.size() == HANDLE_BYTES ? HexFormat.of().formatHex(handle.toByteArray()) : "";
    }
}
