package io.qaexchange.job.model.book;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/**
 * State of an instrument besides orders and positions: prices, days, waiting trades, counters.
 *
 * <p>Mutable, one thread. Stored as version {@value #FORMAT_VERSION}, fields in the order in which {@link #write} has them.
 */
public final class InstrumentHead {

    /** No time yet. */
    public static final long NO_TIME = Long.MIN_VALUE;

    private static final int FORMAT_VERSION = 1;

    /** Newest event time seen: what a waiting trade's minute is counted by. */
    long clockNs = NO_TIME;
    double lastPrice = Double.NaN;
    long lastPriceNs = NO_TIME;
    /** Newest trading day that is settled, 0 if none. */
    int settledThrough;
    /** Whether orders without account and offset came: public tape, as a replayed market has it. */
    boolean tape;
    long tapeEvents;
    boolean unknownTold;
    int waiting;
    long oldestWaitingNs = Long.MAX_VALUE;
    long nextTradeNumber;
    long booked;
    long reports;
    long differences;
    String lastDifference = "";
    final Map<AlertReason, Long> alerts = new EnumMap<>(AlertReason.class);

    /** Price of the last trade or settlement, NaN before the first. */
    public double lastPrice() {
        return lastPrice;
    }

    /** Newest trading day that is settled, yyyymmdd; 0 if none. */
    public int settledThrough() {
        return settledThrough;
    }

    /** Trades that wait for their order. */
    public int waiting() {
        return waiting;
    }

    /** Orders and trades without account and offset, which are nobody's. */
    public long tapeEvents() {
        return tapeEvents;
    }

    /** Events that were booked. */
    public long booked() {
        return booked;
    }

    /** Reports that were compared. */
    public long reports() {
        return reports;
    }

    /** Figures of reports that were not ours. */
    public long differences() {
        return differences;
    }

    /** The last of them in words, "" if there was none. */
    public String lastDifference() {
        return lastDifference;
    }

    /** Number of alerts by reason. */
    public Map<AlertReason, Long> alerts() {
        return alerts;
    }

    /** Whether an event of that time ends the waiting of a trade. */
    public boolean endsWaiting(long eventTimeNs) {
        return waiting > 0 && eventTimeNs - InstrumentBook.PATIENCE_NS > oldestWaitingNs;
    }

    /** Writes it as state. */
    public void write(DataOutput out) throws IOException {
        out.writeByte(FORMAT_VERSION);
        out.writeLong(clockNs);
        out.writeDouble(lastPrice);
        out.writeLong(lastPriceNs);
        out.writeInt(settledThrough);
        out.writeBoolean(tape);
        out.writeLong(tapeEvents);
        out.writeBoolean(unknownTold);
        out.writeInt(waiting);
        out.writeLong(oldestWaitingNs);
        out.writeLong(nextTradeNumber);
        out.writeLong(booked);
        out.writeLong(reports);
        out.writeLong(differences);
        out.writeUTF(lastDifference);
        out.writeShort(alerts.size());
        for (Map.Entry<AlertReason, Long> alert : alerts.entrySet()) {
            out.writeByte(alert.getKey().code());
            out.writeLong(alert.getValue());
        }
    }

    /**
     * Reads it from state.
     *
     * @throws IOException if a newer build wrote it
     */
    public static InstrumentHead read(DataInput in) throws IOException {
        FormatVersion.check("ledger of an instrument", in.readByte(), FORMAT_VERSION);
        InstrumentHead head = new InstrumentHead();
        head.clockNs = in.readLong();
        head.lastPrice = in.readDouble();
        head.lastPriceNs = in.readLong();
        head.settledThrough = in.readInt();
        head.tape = in.readBoolean();
        head.tapeEvents = in.readLong();
        head.unknownTold = in.readBoolean();
        head.waiting = in.readInt();
        head.oldestWaitingNs = in.readLong();
        head.nextTradeNumber = in.readLong();
        head.booked = in.readLong();
        head.reports = in.readLong();
        head.differences = in.readLong();
        head.lastDifference = in.readUTF();
        int reasons = in.readShort();
        for (int i = 0; i < reasons; i++) {
            int code = in.readByte();
            AlertReason reason = AlertReason.ofCode(code);
            if (reason == null) {
                throw new IOException("ledger of an instrument counts alerts of reason " + code + ", which this build does not know");
            }
            head.alerts.put(reason, in.readLong());
        }
        return head;
    }
}
