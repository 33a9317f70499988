package io.qaexchange.job.cli.data;

import io.qaexchange.events.EventView;
import io.qaexchange.events.publish.EventPublisher;
import io.qaexchange.events.replay.ReplayItem;
import io.qaexchange.events.replay.ReplayReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.locks.LockSupport;

/** Offers the events of recorded files to a publisher, as fast as it takes them or at a multiple of the recorded speed. One thread. */
final class Replayer {

    private static final long FULL_WAIT_NS = 100_000;

    private final double speed;
    private final boolean strict;
    private final PrintStream badLineOut;
    private final EventView view = new EventView();
    private long events;
    private long badLines;
    private long firstEventNs = Long.MIN_VALUE;
    private long startedNs;

    /**
     * @param speed how many times faster than recorded; infinite: without waiting
     * @param strict whether to stop at the first bad line
     * @param badLineOut where bad lines are named
     */
    Replayer(double speed, boolean strict, PrintStream badLineOut) {
        this.speed = speed;
        this.strict = strict;
        this.badLineOut = badLineOut;
    }

    /**
     * Offers all.
     *
     * @throws IOException if the publisher failed to send
     */
    void run(ReplayReader reader, EventPublisher publisher) throws IOException {
        while (reader.hasNext()) {
            ReplayItem item = reader.next();
            if (item instanceof ReplayItem.BadLine bad) {
                badLines++;
                badLineOut.println(bad.file() + ":" + bad.line() + ": " + bad.rejection());
                if (strict) {
                    return;
                }
            } else if (item instanceof ReplayItem.Event event) {
                awaitTurn(event.event());
                offer(event.event(), publisher);
                events++;
            }
        }
    }

    long events() {
        return events;
    }

    long badLines() {
        return badLines;
    }

    private void awaitTurn(byte[] event) {
        if (Double.isInfinite(speed)) {
            return;
        }
        long eventNs = view.wrap(event).eventTime();
        if (firstEventNs == Long.MIN_VALUE) {
            firstEventNs = eventNs;
            startedNs = System.nanoTime();
        }
        long dueNs = (long) ((eventNs - firstEventNs) / speed);
        for (long wait = dueNs - (System.nanoTime() - startedNs); wait > 0; wait = dueNs - (System.nanoTime() - startedNs)) {
            LockSupport.parkNanos(wait);
        }
    }

    private static void offer(byte[] event, EventPublisher publisher) throws IOException {
        while (!publisher.offer(event, 0, event.length)) {
            if (publisher.firstFailure() != null) {
                throw new IOException("Kafka does not take the events", publisher.firstFailure());
            }
            LockSupport.parkNanos(FULL_WAIT_NS);
        }
    }
}
