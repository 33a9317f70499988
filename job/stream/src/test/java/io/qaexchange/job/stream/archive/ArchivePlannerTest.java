package io.qaexchange.job.stream.archive;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.StoredKey;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.parquet.ParquetOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Pictures of instruments and the plans for them: {@code src/test/resources/datadriven/archive-planner.txt}, rewritten by
 * {@code -Dtest.rewrite=true}.
 *
 * <pre>
 *   A: 09:10 20mb, 10:20 5mb          rows of instrument A, by event time
 *   A: 09:10 20mb, idle 10m           … of which the last arrived 10 minutes ago
 *   A: 09:10 20mb, archived 10:00     … after a round took the rows below 10:00
 *   plan | plan drain
 *   ----
 *   A below 10:00                     the answer: a line for each instrument that is taken
 * </pre>
 */
class ArchivePlannerTest {

    private static final Path FILE = Path.of("src/test/resources/datadriven/archive-planner.txt");
    private static final long NOW_MS = 1_800_000_000_000L;
    private static final long DAY_NS = 20_000L * 86_400 * 1_000_000_000L;
    private static final int TICK = 3;

    private static final EventStoreOptions OPTIONS = new EventStoreOptions("file:///archive", Duration.ofMinutes(5), Duration.ofDays(1),
            Duration.ofHours(1), Duration.ofHours(1), 128L << 20, 16L << 20, Duration.ofHours(24), Duration.ofMinutes(1), Duration.ofMillis(2),
            ParquetOptions.DEFAULT, Instruments.defaults());

    private final ArchivePlanner planner = new ArchivePlanner(OPTIONS, NOW_MS - OPTIONS.hotRetention().toMillis());

    @Test
    void plansAreAsPictured() throws Exception {
        String text = Files.readString(FILE);
        StringBuilder answered = new StringBuilder();
        for (String part : text.split("\n\n")) {
            int line = part.indexOf("----");
            String input = part.substring(0, line);
            answered.append(answered.isEmpty() ? "" : "\n\n").append(input).append("----\n").append(answer(input));
        }
        String all = answered.append('\n').toString();
        if (Boolean.getBoolean("test.rewrite")) {
            Files.writeString(FILE, all);
            return;
        }
        assertThat(all).isEqualTo(text);
    }

    @Test
    void aJobThatWasDownKeepsItsRowsHotUntilItHasRunForTheRetention() throws Exception {
        long retentionMs = OPTIONS.hotRetention().toMillis();
        InstrumentState silentForDays = instrument("09:10 20mb, idle 4320m");

        long justStarted = new ArchivePlanner(OPTIONS, NOW_MS - 1_000).retainedFrom(silentForDays, NOW_MS);
        long runsForLong = new ArchivePlanner(OPTIONS, NOW_MS - retentionMs).retainedFrom(silentForDays, NOW_MS);

        assertThat(justStarted).isEqualTo(silentForDays.clockNs() - OPTIONS.hotRetention().toNanos());
        assertThat(runsForLong).isEqualTo(silentForDays.clockNs() + 1);
    }

    private String answer(String input) throws Exception {
        Map<String, InstrumentState> instruments = new LinkedHashMap<>();
        boolean drain = false;
        for (String line : input.split("\n")) {
            if (line.startsWith("plan")) {
                drain = line.endsWith("drain");
            } else if (!line.startsWith("#")) {
                String[] parts = line.split(": ", 2);
                instruments.put(parts[0], instrument(parts[1]));
            }
        }
        Map<String, String> plan = new TreeMap<>(Comparator.naturalOrder());
        for (ArchivePlan.Take take : planner.plan(instruments.entrySet(), NOW_MS, drain).takes()) {
            long nanos = take.toNs() - DAY_NS;
            plan.put(take.routeKey(), take.routeKey() + " below " + (nanos < 0 ? "the day" : LocalTime.ofNanoOfDay(nanos).toString()));
        }
        return plan.isEmpty() ? "nothing" : String.join("\n", plan.values());
    }

    private static InstrumentState instrument(String rows) throws Exception {
        InstrumentState state = new InstrumentState();
        long idleMs = 0;
        for (String part : rows.split(", ")) {
            if (part.startsWith("idle ")) {
                idleMs = Duration.ofMinutes(Long.parseLong(part.substring(5, part.length() - 1))).toMillis();
            }
        }
        long sequence = 0;
        for (String part : rows.split(", ")) {
            if (part.startsWith("idle ")) {
                continue;
            }
            String[] words = part.split(" ");
            if (words[0].equals("archived")) {
                state.take(time(words[1]));
                state.closeRange();
                continue;
            }
            StoredKey key = new StoredKey(TICK, time(words[0]), 1, sequence++);
            int bytes = Integer.parseInt(words[1].replace("mb", "")) << 20;
            if (state.boundary().isLate(key.eventTimeNs())) {
                state.storedLate(key, bytes, NOW_MS - idleMs);
            } else {
                state.mayHaveEvent(key, code -> null);
                state.storedEvent(key, bytes, NOW_MS - idleMs);
            }
        }
        return state;
    }

    private static long time(String text) {
        return DAY_NS + LocalTime.parse(text).toNanoOfDay();
    }
}
