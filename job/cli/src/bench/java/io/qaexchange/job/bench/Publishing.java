package io.qaexchange.job.bench;

import io.qaexchange.events.publish.PublisherLatency;
import java.util.Map;

/** The hand-off of a publisher, measured by {@link PublisherLatency}. */
final class Publishing {

    private static final int PER_SECOND = 200_000;
    private static final int SECONDS = 5;
    private static final double WANTED_MEDIAN_NS = 100;
    private static final double WANTED_P999_NS = 1_000;

    private Publishing() {
    }

    static void measure(JobResults results) {
        measure(results, "publisher: offer", 1);
        measure(results, "publisher: offer from two threads", 2);
    }

    private static void measure(JobResults results, String what, int threads) {
        PublisherLatency.Figures figures = PublisherLatency.measure(PER_SECOND, SECONDS, threads);
        results.add(what + ", median", "ns", Map.of("lsm", figures.medianNs()), "<= 100 ns", figures.medianNs() <= WANTED_MEDIAN_NS);
        results.add(what + ", p99.9", "ns", Map.of("lsm", figures.p999Ns()), "<= 1,000 ns", figures.p999Ns() <= WANTED_P999_NS);
        results.add(what + ", allocated", "B/event", Map.of("lsm", figures.bytesPerEvent()), "0", figures.bytesPerEvent() < 0.5);
    }
}
