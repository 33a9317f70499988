package io.qaexchange.job.model.book;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.TextPool;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The fields of a trade that the ledger uses, also while the trade waits for its order. Texts that an event does not have are "".
 *
 * @param ref its identity; null for a trade that is booked at once, until it is asked for
 * @param number order of arrival among trades that wait
 * @param tradeId of a trade that waits
 * @param commission as reported, NaN if it is not
 */
public record Trade(EventRef ref, long number, String tradeId, String orderId, String exchangeOrderId, String account,
        Direction direction, Offset offset, double price, double volume, double commission, long eventTimeNs, int day) {

    static final RecordType TYPE = EventSchema.get().table("trade");

    private static final int FORMAT_VERSION = 1;
    static final Field ORDER_ID = TYPE.field("order_id");
    private static final Field EXCHANGE_ORDER_ID = TYPE.field("exchange_order_id");
    private static final Field ACCOUNT = TYPE.field("account");
    private static final Field DIRECTION = TYPE.field("direction");
    private static final Field OFFSET = TYPE.field("offset");
    private static final Field PRICE = TYPE.field("price");
    private static final Field VOLUME = TYPE.field("volume");
    private static final Field COMMISSION = TYPE.field("commission");

    static Trade of(EventView event, int day, TextPool accounts, String orderId) {
        return new Trade(null, 0, "", orderId, orderId.isEmpty() ? text(event, EXCHANGE_ORDER_ID) : "", event.getText(ACCOUNT, accounts),
                Direction.ofCode(event.getEnumCode(DIRECTION)), Offset.ofCode(event.getEnumCode(OFFSET)), event.getDouble(PRICE),
                event.getDouble(VOLUME), event.getDouble(COMMISSION), event.eventTime(), day);
    }

    Trade waiting(EventRef of, long arrivalNumber, String id) {
        return new Trade(of, arrivalNumber, id, orderId, exchangeOrderId, account, direction, offset, price, volume, commission,
                eventTimeNs, day);
    }

    /** Whether it names an order. */
    boolean namesOrder() {
        return !orderId.isEmpty() || !exchangeOrderId.isEmpty();
    }

    /** The key under which it waits. */
    String orderKey() {
        return orderId.isEmpty() ? exchangeKey(exchangeOrderId) : orderId;
    }

    /** The key of trades that know an order by the exchange's number only. */
    static String exchangeKey(String exchangeOrderId) {
        return "\0" + exchangeOrderId;
    }

    /** Whether it is public tape: nobody's, as far as it says. */
    boolean isTape() {
        return account.isEmpty() && offset == Offset.NONE;
    }

    static String text(EventView event, Field field) {
        String text = event.getString(field);
        return text == null ? "" : text;
    }

    /** Writes it as state. */
    public void write(DataOutput out) throws IOException {
        out.writeByte(FORMAT_VERSION);
        out.writeUTF(ref.source());
        out.writeLong(ref.sequence());
        out.writeLong(number);
        out.writeUTF(tradeId);
        out.writeUTF(orderId);
        out.writeUTF(exchangeOrderId);
        out.writeUTF(account);
        out.writeByte(direction.code());
        out.writeByte(offset.code());
        out.writeDouble(price);
        out.writeDouble(volume);
        out.writeDouble(commission);
        out.writeLong(eventTimeNs);
        out.writeInt(day);
    }

    /**
     * Reads it from state.
     *
     * @throws IOException if a newer build wrote it
     */
    public static Trade read(DataInput in) throws IOException {
        FormatVersion.check("trade", in.readByte(), FORMAT_VERSION);
        return new Trade(new EventRef(in.readUTF(), in.readLong()), in.readLong(), in.readUTF(), in.readUTF(), in.readUTF(), in.readUTF(),
                Direction.ofCode(in.readByte()), Offset.ofCode(in.readByte()), in.readDouble(), in.readDouble(), in.readDouble(),
                in.readLong(), in.readInt());
    }
}
