package io.qaexchange.storage.crash;

import io.qaexchange.storage.Durability;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How many different disk images were tried, by what the engine was doing and how writes were made durable. Thread-safe. */
final class CrashCounts {
    private final Set<Long> seen = ConcurrentHashMap.newKeySet();
    private final Map<Durability, Map<Phase, LongAdder>> distinct = new EnumMap<>(Durability.class);
    private final LongAdder repeated = new LongAdder();
    private final LongAdder crashPoints = new LongAdder();
    private final LongAdder histories = new LongAdder();

    CrashCounts() {
        for (Durability durability : Durability.values()) {
            Map<Phase, LongAdder> phases = new EnumMap<>(Phase.class);
            for (Phase phase : Phase.values()) {
                phases.put(phase, new LongAdder());
            }
            distinct.put(durability, phases);
        }
    }

    /** @return false if this image was tried before */
    boolean isNew(long contentHash, Durability durability, Phase phase) {
        // The same bytes mean the same only for the same way of opening them.
        if (!seen.add(contentHash * 31 + durability.ordinal())) {
            repeated.increment();
            return false;
        }
        distinct.get(durability).get(phase).increment();
        return true;
    }

    void crashPoint() {
        crashPoints.increment();
    }

    void history() {
        histories.increment();
    }

    long total() {
        return seen.size();
    }

    long of(Phase phase) {
        return distinct.values().stream().mapToLong(phases -> phases.get(phase).sum()).sum();
    }

    /** The table for people. */
    String table() {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%-15s", "phase"));
        for (Durability durability : Durability.values()) {
            text.append(String.format(Locale.ROOT, "%15s", durability));
        }
        text.append(String.format(Locale.ROOT, "%15s%n", "distinct"));
        for (Phase phase : Phase.values()) {
            if (of(phase) > 0) {
                text.append(String.format(Locale.ROOT, "%-15s", phase.name().toLowerCase(Locale.ROOT)));
                for (Durability durability : Durability.values()) {
                    text.append(String.format(Locale.ROOT, "%,15d", distinct.get(durability).get(phase).sum()));
                }
                text.append(String.format(Locale.ROOT, "%,15d%n", of(phase)));
            }
        }
        return text.append(String.format(Locale.ROOT, "%nhistories %,d, crash points %,d, distinct images %,d, repeated images not tried again %,d%n",
                histories.sum(), crashPoints.sum(), total(), repeated.sum())).toString();
    }
}
