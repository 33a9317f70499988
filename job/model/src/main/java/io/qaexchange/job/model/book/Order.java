package io.qaexchange.job.model.book;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * An open order. Volumes and money in {@link Micros}. Mutable, one thread. Stored as version {@value #FORMAT_VERSION}, fields in the
 * order in which {@link #write} has them.
 */
public final class Order {

    private static final int FORMAT_VERSION = 1;

    final String id;
    final String account;
    final String exchangeOrderId;
    final Direction direction;
    final Offset offset;
    final double price;
    final long volume;
    final int day;
    final long eventTimeNs;
    /** Money that it froze at first. */
    final long initialMoney;
    /** Volume of the position that it froze at first. */
    final long initialVolume;
    long left;
    long frozenMoney;
    long frozenVolume;

    Order(String id, String account, String exchangeOrderId, Direction direction, Offset offset, double price, long volume, int day,
            long eventTimeNs, long initialMoney, long initialVolume) {
        this.id = id;
        this.account = account;
        this.exchangeOrderId = exchangeOrderId;
        this.direction = direction;
        this.offset = offset;
        this.price = price;
        this.volume = volume;
        this.day = day;
        this.eventTimeNs = eventTimeNs;
        this.initialMoney = initialMoney;
        this.initialVolume = initialVolume;
        this.left = volume;
        this.frozenMoney = initialMoney;
        this.frozenVolume = initialVolume;
    }

    public String id() {
        return id;
    }

    public String account() {
        return account;
    }

    public Direction direction() {
        return direction;
    }

    public Offset offset() {
        return offset;
    }

    public double price() {
        return price;
    }

    public long volume() {
        return volume;
    }

    /** Volume that is neither filled nor cancelled. */
    public long left() {
        return left;
    }

    /** Trading day, yyyymmdd. */
    public int day() {
        return day;
    }

    /** Money that it still freezes. */
    public long frozenMoney() {
        return frozenMoney;
    }

    /** Volume of the position that it still freezes. */
    public long frozenVolume() {
        return frozenVolume;
    }

    /** The side of the position that it may close. */
    Side closes() {
        return direction.opens().other();
    }

    /** Takes a fill or cancel off what is left: money that it releases. The last releases everything. */
    long releaseMoney(long taken) {
        long released = taken >= left ? frozenMoney : Math.min(frozenMoney, Micros.share(initialMoney, taken, volume));
        frozenMoney -= released;
        return released;
    }

    /** As {@link #releaseMoney}, for the frozen volume. */
    long releaseVolume(long taken) {
        long released = taken >= left ? frozenVolume : Math.min(frozenVolume, Micros.share(initialVolume, taken, volume));
        frozenVolume -= released;
        return released;
    }

    /** After both releases. */
    void take(long taken) {
        left = Math.max(0, left - taken);
    }

    /** Writes it as state. */
    public void write(DataOutput out) throws IOException {
        out.writeByte(FORMAT_VERSION);
        out.writeUTF(id);
        out.writeUTF(account);
        out.writeUTF(exchangeOrderId);
        out.writeByte(direction.code());
        out.writeByte(offset.code());
        out.writeDouble(price);
        out.writeLong(volume);
        out.writeInt(day);
        out.writeLong(eventTimeNs);
        out.writeLong(initialMoney);
        out.writeLong(initialVolume);
        out.writeLong(left);
        out.writeLong(frozenMoney);
        out.writeLong(frozenVolume);
    }

    /**
     * Reads it from state.
     *
     * @throws IOException if a newer build wrote it
     */
    public static Order read(DataInput in) throws IOException {
        FormatVersion.check("order", in.readByte(), FORMAT_VERSION);
        Order order = new Order(in.readUTF(), in.readUTF(), in.readUTF(), Direction.ofCode(in.readByte()), Offset.ofCode(in.readByte()),
                in.readDouble(), in.readLong(), in.readInt(), in.readLong(), in.readLong(), in.readLong());
        order.left = in.readLong();
        order.frozenMoney = in.readLong();
        order.frozenVolume = in.readLong();
        return order;
    }
}
