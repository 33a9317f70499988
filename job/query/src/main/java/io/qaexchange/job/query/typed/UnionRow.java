package io.qaexchange.job.query.typed;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/**
 * A hot or cold row, with its place in the order of rows: event time, then source, then sequence. Immutable; nobody changes the arrays.
 *
 * @param stored the stored event
 * @param source UTF-8 of the name of its source
 */
public record UnionRow(byte[] stored, long eventTimeNs, byte[] source, long sequence) {

    /** By event time, source and sequence. */
    public static final Comparator<UnionRow> ORDER = (a, b) -> {
        int order = Long.compare(a.eventTimeNs, b.eventTimeNs);
        order = order != 0 ? order : Arrays.compareUnsigned(a.source, b.source);
        return order != 0 ? order : Long.compare(a.sequence, b.sequence);
    };

    /** A row of these bytes, which become its own. */
    static UnionRow of(byte[] stored, StoredEvent view) {
        EventView event = view.wrap(stored).event();
        if (event.hasOwnIdentity()) {
            RecordType type = event.recordType();
            int source = event.textOffset(type.source());
            return new UnionRow(stored, event.eventTime(), Arrays.copyOfRange(event.array(), source, source + event.textLength(type.source())),
                    event.sequence());
        }
        EventIdentity identity = EventIdentity.of(event, view.topic(), view.partition(), view.offset());
        return new UnionRow(stored, identity.eventTimeNs(), identity.source().getBytes(StandardCharsets.UTF_8), identity.sequence());
    }
}
