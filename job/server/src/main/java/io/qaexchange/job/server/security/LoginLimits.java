package io.qaexchange.job.server.security;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Counts failed logins by address: after {@value #FAILURES} within a minute an address waits until the minute is over. The addresses that are
 * remembered are bounded; the oldest is forgotten first.
 *
 * <p>Thread-safe.
 */
public final class LoginLimits {

    /** Failures of an address in a minute before it has to wait. */
    public static final int FAILURES = 10;

    private static final long WINDOW_MS = 60_000;
    private static final int ADDRESSES = 10_000;

    private final Clock clock;
    /** Guarded by this. */
    private final Map<String, Failures> failures = new LinkedHashMap<>();

    private record Failures(long sinceMs, int count) {
    }

    public LoginLimits(Clock clock) {
        this.clock = clock;
    }

    /** Seconds that an address has to wait; 0 if it may try. */
    public synchronized long waitSeconds(String address) {
        Failures of = failures.get(address);
        if (of == null) {
            return 0;
        }
        long leftMs = of.sinceMs() + WINDOW_MS - clock.millis();
        if (leftMs <= 0) {
            failures.remove(address);
            return 0;
        }
        return of.count() < FAILURES ? 0 : (leftMs + 999) / 1_000;
    }

    /** A login failed. */
    public synchronized void failed(String address) {
        waitSeconds(address);
        Failures of = failures.get(address);
        if (of == null && failures.size() >= ADDRESSES) {
            failures.remove(failures.keySet().iterator().next());
        }
        failures.put(address, of == null ? new Failures(clock.millis(), 1) : new Failures(of.sinceMs(), of.count() + 1));
    }
}
