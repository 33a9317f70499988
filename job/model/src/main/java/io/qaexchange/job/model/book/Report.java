package io.qaexchange.job.model.book;

import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Reported figures of an account, from an account_update or account_snapshot, in {@link Micros}. Immutable.
 */
public final class Report {

    /** A figure that accounts are reported with, and the columns that may hold it; codes stand in state. */
    public enum Figure {
        BALANCE(1, "balance"),
        AVAILABLE(2, "available"),
        MARGIN(3, "margin"),
        FROZEN(4, "frozen", "frozen_margin"),
        FLOAT_PROFIT(5, "float_profit"),
        DEPOSIT(6, "deposit"),
        WITHDRAW(7, "withdraw"),
        CLOSE_PROFIT(8, "close_profit"),
        COMMISSION(9, "commission"),
        PRE_BALANCE(10, "pre_balance"),
        STATIC_BALANCE(11, "static_balance");

        private static final Figure[] ALL = values();

        private final int code;
        private final String[] columns;

        Figure(int code, String... columns) {
            this.code = code;
            this.columns = columns;
        }

        /** Name in messages. */
        public String label() {
            return columns[0];
        }

        private Field find(EventView event) {
            RecordType type = event.recordType();
            for (String column : columns) {
                Field field = type.findField(column);
                if (field != null && !event.isNull(field)) {
                    return field;
                }
            }
            return null;
        }

        private static Figure ofCode(int code) throws IOException {
            for (Figure figure : ALL) {
                if (figure.code == code) {
                    return figure;
                }
            }
            throw new IOException("a reported figure has code " + code + ", which this build does not know");
        }
    }

    /** A figure that is not ours. */
    public record Difference(Figure figure, long reported, long own) {
        @Override
        public String toString() {
            return figure.label() + " is reported as " + Micros.toText(reported) + ", booked " + Micros.toText(own);
        }
    }

    /** Money that counts as the same: others round to a hundredth. */
    static final long TOLERANCE = Micros.ONE / 200;

    private final EventOrder order;
    private final int day;
    private final Map<Figure, Long> figures;

    private Report(EventOrder order, int day, Map<Figure, Long> figures) {
        this.order = order;
        this.day = day;
        this.figures = figures;
    }

    static Report of(EventView event, EventOrder order, int day) {
        Map<Figure, Long> figures = new EnumMap<>(Figure.class);
        for (Figure figure : Figure.ALL) {
            Field field = figure.find(event);
            if (field != null) {
                figures.put(figure, Micros.of(event.getDouble(field)));
            }
        }
        return new Report(order, day, figures);
    }

    EventOrder order() {
        return order;
    }

    /** Event time, ns since 1970. */
    public long eventTimeNs() {
        return order.eventTimeNs();
    }

    /** Its trading day. */
    public int day() {
        return day;
    }

    /** The reported figures. */
    public Map<Figure, Long> figures() {
        return figures;
    }

    /** The figures that differ from an account as it is now, by more than others' rounding. */
    public List<Difference> differences(Account account) {
        List<Difference> differences = new ArrayList<>();
        figures.forEach((figure, reported) -> {
            if (figure != Figure.FLOAT_PROFIT) {
                long own = own(figure, account);
                if (Math.abs(reported - own) > TOLERANCE) {
                    differences.add(new Difference(figure, reported, own));
                }
            }
        });
        return differences;
    }

    /** Float profit moves with every price, so balances are compared without it. */
    private long own(Figure figure, Account account) {
        AccountDay own = account.day(day);
        return switch (figure) {
            case BALANCE -> account.totals().staticBalance() + figures.getOrDefault(Figure.FLOAT_PROFIT, account.totals().floatProfit());
            case AVAILABLE -> account.totals().money();
            case MARGIN -> account.totals().margin();
            case FROZEN -> account.totals().frozen();
            case FLOAT_PROFIT -> account.totals().floatProfit();
            case DEPOSIT -> own.sums().deposits();
            case WITHDRAW -> own.sums().withdrawals();
            case CLOSE_PROFIT -> own.sums().closeProfit();
            case COMMISSION -> own.sums().commission();
            case PRE_BALANCE -> own.preBalance();
            case STATIC_BALANCE -> account.totals().staticBalance();
        };
    }

    void write(DataOutput out) throws IOException {
        order.write(out);
        out.writeInt(day);
        out.writeByte(figures.size());
        for (Map.Entry<Figure, Long> figure : figures.entrySet()) {
            out.writeByte(figure.getKey().code);
            out.writeLong(figure.getValue());
        }
    }

    static Report read(DataInput in) throws IOException {
        EventOrder order = EventOrder.read(in);
        int day = in.readInt();
        Map<Figure, Long> figures = new EnumMap<>(Figure.class);
        int count = in.readByte();
        for (int i = 0; i < count; i++) {
            figures.put(Figure.ofCode(in.readByte()), in.readLong());
        }
        return new Report(order, day, figures);
    }
}
