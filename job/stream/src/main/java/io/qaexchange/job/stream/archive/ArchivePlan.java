package io.qaexchange.job.stream.archive;

import io.qaexchange.job.stream.hot.InstrumentIndex;
import java.util.List;

/**
 * The instruments that an archiving round takes. Immutable.
 *
 * @param takes one for each instrument, in no order
 */
public record ArchivePlan(List<Take> takes) {

    /** Nothing is to be archived yet. */
    public static final ArchivePlan NONE = new ArchivePlan(List.of());

    /**
     * The rows that are taken of an instrument.
     *
     * @param routeKey its route key
     * @param toNs event time below which its rows are taken; becomes its archive watermark
     */
    public record Take(String routeKey, long toNs) {
    }

    public ArchivePlan {
        takes = List.copyOf(takes);
    }

    public boolean isEmpty() {
        return takes.isEmpty();
    }

    /** Route keys of the instruments. */
    public List<String> routeKeys() {
        return takes.stream().map(Take::routeKey).toList();
    }

    /** Opens the ranges of the instruments and shows the new boundaries to readers. */
    public void apply(InstrumentIndex instruments) {
        takes.forEach(take -> instruments.change(take.routeKey()).take(take.toNs()));
        instruments.publish();
    }
}
