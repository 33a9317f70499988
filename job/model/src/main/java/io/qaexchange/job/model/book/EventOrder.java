package io.qaexchange.job.model.book;

import io.qaexchange.events.EventKey;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** The order in which readers see events: event time, source hash, sequence. What is first by it does not depend on arrival. */
record EventOrder(long eventTimeNs, long sourceHash, long sequence) implements Comparable<EventOrder> {

    /** The order of an event, from its stored key. */
    static EventOrder of(byte[] key) {
        return new EventOrder(EventKey.eventTime(key), EventKey.sourceHash(key), EventKey.sequence(key));
    }

    @Override
    public int compareTo(EventOrder other) {
        int byTime = Long.compare(eventTimeNs, other.eventTimeNs);
        if (byTime != 0) {
            return byTime;
        }
        int bySource = Long.compareUnsigned(sourceHash, other.sourceHash);
        return bySource != 0 ? bySource : Long.compare(sequence, other.sequence);
    }

    void write(DataOutput out) throws IOException {
        out.writeLong(eventTimeNs);
        out.writeLong(sourceHash);
        out.writeLong(sequence);
    }

    static EventOrder read(DataInput in) throws IOException {
        return new EventOrder(in.readLong(), in.readLong(), in.readLong());
    }
}
