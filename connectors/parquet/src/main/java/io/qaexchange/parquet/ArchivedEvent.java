package io.qaexchange.parquet;

import io.qaexchange.events.EventView;

/**
 * An archived row, decoded into an event. Valid until the next row is read.
 *
 * <p>Source, sequence and trading day are always set: they are the values of the row, even if the producer sent none.
 */
public final class ArchivedEvent {

    private final EventView event = new EventView();
    private byte[] message;
    long ingestTimeNs;
    String topic;
    int partition;
    long offset;

    ArchivedEvent() {
    }

    void wrap(byte[] bytes) {
        message = bytes;
        event.wrap(bytes);
    }

    /** The event; encoded anew from the row. */
    public EventView event() {
        return event;
    }

    /** The event's bytes. */
    public byte[] message() {
        return message;
    }

    /** Time of arrival, ns since 1970. */
    public long ingestTimeNs() {
        return ingestTimeNs;
    }

    public String topic() {
        return topic;
    }

    public int partition() {
        return partition;
    }

    public long offset() {
        return offset;
    }
}
