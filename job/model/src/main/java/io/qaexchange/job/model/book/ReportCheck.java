package io.qaexchange.job.model.book;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.TextPool;
import io.qaexchange.events.Utf8View;

/**
 * Compares reports of orders and positions with the ledger. A report changes nothing; differences are counted, and the last one is kept as
 * text. One thread.
 */
final class ReportCheck {

    private static final RecordType STATUS = EventSchema.get().table("order_status");
    private static final Field STATUS_ID = STATUS.field("order_id");
    private static final Field STATUS_LEFT = STATUS.field("volume_left");
    private static final Field STATUS_STATE = STATUS.field("status");
    private static final int ALIVE = STATUS_STATE.enumCode("ALIVE");
    private static final int PARTIALLY_FILLED = STATUS_STATE.enumCode("PARTIALLY_FILLED");

    private static final RecordType EXCHANGE_ORDER = EventSchema.get().table("exchange_order");
    private static final Field EXCHANGE_ORDER_ID = EXCHANGE_ORDER.field("internal_order_id");
    private static final Field EXCHANGE_ORDER_PRICE = EXCHANGE_ORDER.field("price");
    private static final Field EXCHANGE_ORDER_VOLUME = EXCHANGE_ORDER.field("volume");

    private static final RecordType POSITION = EventSchema.get().table("position_snapshot");
    private static final Field POSITION_ACCOUNT = POSITION.field("account");
    private static final int STATUS_CODE = STATUS.code();
    private static final int EXCHANGE_ORDER_CODE = EXCHANGE_ORDER.code();
    private static final int POSITION_CODE = POSITION.code();
    private static final Position NOTHING = new Position();

    /** Columns of a position snapshot about one side. */
    private record SideFields(Field today, Field history, Field frozenToday, Field frozenHistory, Field cost, Field margin) {
        static SideFields of(String side) {
            return new SideFields(POSITION.field("volume_" + side + "_today"), POSITION.field("volume_" + side + "_his"),
                    POSITION.field("volume_" + side + "_frozen_today"), POSITION.field("volume_" + side + "_frozen_his"),
                    POSITION.field("open_cost_" + side), POSITION.field("margin_" + side));
        }
    }

    private static final SideFields LONG_FIELDS = SideFields.of("long");
    private static final SideFields SHORT_FIELDS = SideFields.of("short");

    private final BookState state;
    private final TextPool accounts;
    private final Utf8View orderId = new Utf8View();

    /**
     * A check against that state.
     *
     * @param accounts texts of accounts that come again
     */
    ReportCheck(BookState state, TextPool accounts) {
        this.state = state;
        this.accounts = accounts;
    }

    static boolean concerns(int recordCode) {
        return recordCode == STATUS_CODE || recordCode == EXCHANGE_ORDER_CODE || recordCode == POSITION_CODE;
    }

    void compare(InstrumentHead head, EventView report) throws Exception {
        int code = report.recordType().code();
        if (code == POSITION_CODE) {
            comparePosition(head, report);
        } else if (code == STATUS_CODE) {
            int status = report.getEnumCode(STATUS_STATE);
            if (status == ALIVE || status == PARTIALLY_FILLED) {
                compareLeft(head, report, STATUS_ID, STATUS_LEFT);
            }
        } else if (code == EXCHANGE_ORDER_CODE && !report.isNull(EXCHANGE_ORDER_ID)) {
            Order order = state.order(report.getText(EXCHANGE_ORDER_ID, orderId));
            if (order != null) {
                head.reports++;
                compare(head, report, EXCHANGE_ORDER_VOLUME, Micros.of(report.getDouble(EXCHANGE_ORDER_VOLUME)), order.volume, order.id);
                compare(head, report, EXCHANGE_ORDER_PRICE, Micros.of(report.getDouble(EXCHANGE_ORDER_PRICE)), Micros.of(order.price),
                        order.id);
            }
        }
    }

    /** Compares the volume that a report says an order has left; an order that is not open has nothing. */
    void compareLeft(InstrumentHead head, EventView report, Field id, Field left) throws Exception {
        if (report.isNull(left)) {
            return;
        }
        Order order = state.order(report.getText(id, orderId));
        head.reports++;
        compare(head, report, left, Micros.of(report.getDouble(left)), order == null ? 0 : order.left, orderId);
    }

    private void comparePosition(InstrumentHead head, EventView report) throws Exception {
        String account = report.getText(POSITION_ACCOUNT, accounts);
        Position position = state.position(account);
        head.reports++;
        compareSide(head, report, LONG_FIELDS, (position == null ? NOTHING : position).side(Side.LONG), account);
        compareSide(head, report, SHORT_FIELDS, (position == null ? NOTHING : position).side(Side.SHORT), account);
    }

    /** Reports name frozen volume apart, by day; ours is part of the volume. */
    private static void compareSide(InstrumentHead head, EventView report, SideFields fields, PositionSide own, String account) {
        long frozenToday = Micros.of(report.getDouble(fields.frozenToday()));
        long frozenHistory = Micros.of(report.getDouble(fields.frozenHistory()));
        compare(head, report, fields.today(), Micros.of(report.getDouble(fields.today())) + frozenToday, own.today(), account);
        compare(head, report, fields.history(), Micros.of(report.getDouble(fields.history())) + frozenHistory, own.history(), account);
        compare(head, report, fields.frozenToday(), frozenToday + frozenHistory, own.frozen(), account);
        compareIfGiven(head, report, fields.cost(), own.cost(), account);
        compareIfGiven(head, report, fields.margin(), own.margin(), account);
    }

    private static void compareIfGiven(InstrumentHead head, EventView report, Field field, long own, String whose) {
        if (!report.isNull(field)) {
            compare(head, report, field, Micros.of(report.getDouble(field)), own, whose);
        }
    }

    private static void compare(InstrumentHead head, EventView report, Field field, long reported, long own, Object whose) {
        if (reported != own) {
            head.differences++;
            head.lastDifference = report.recordType().table() + " of " + whose + ": " + field.name() + " is " + Micros.toText(reported)
                    + ", booked " + Micros.toText(own);
        }
    }
}
