package io.qaexchange.job.model.table;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.flink.ImmutableSerializer;
import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.AccountDay;
import io.qaexchange.job.model.book.Alert;
import io.qaexchange.job.model.book.Micros;
import io.qaexchange.job.model.book.SettledPosition;
import java.io.IOException;
import java.util.Locale;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;

/**
 * A row of a ledger table on its way to Parquet. Immutable; the array is not to be changed.
 *
 * @param table which
 * @param eventTimeNs ns since 1970
 * @param tradingDay yyyymmdd
 * @param values of all columns
 */
public record LedgerRow(LedgerTable table, long eventTimeNs, int tradingDay, Object[] values) {

    private static final long NANOS_PER_MICRO = 1_000;

    public LedgerRow {
        requireNonNull(table, "table");
        if (values.length != table.allColumns().size()) {
            throw new IllegalArgumentException(table.table() + " has " + table.allColumns().size() + " columns, not " + values.length);
        }
    }

    /** State: rows that are in no file yet. */
    public static ListStateDescriptor<LedgerRow> state() {
        return new ListStateDescriptor<>("ledger-rows", new Serializer());
    }

    /** The row of an account's day. */
    public static LedgerRow of(String account, Account.Opening opening, Account.SettledDay settled, long eventTimeNs) {
        AccountDay day = settled.day();
        return of(LedgerTable.ACCOUNT_DAILY, eventTimeNs, day.tradingDay(), account, settled.revision(),
                opening.name().toLowerCase(Locale.ROOT), day.preBalance(), day.sums().deposits(), day.sums().withdrawals(),
                day.sums().closeProfit(), day.sums().commission(), day.staticBalance(), day.frozen(), day.margin(), day.floatProfit(),
                day.money(), day.balance(), day.riskRatio(), day.sums().orders(), day.sums().trades(), day.sums().settlements());
    }

    /** The row of a settled position. */
    public static LedgerRow of(SettledPosition p) {
        return of(LedgerTable.POSITION_DAILY, p.settledAtNs(), p.tradingDay(), p.instrument(), p.account(), p.settlementPrice(),
                Micros.toDouble(p.longVolume()), Micros.toDouble(p.longToday()), p.longCost(), p.longMargin(), p.longProfit(),
                Micros.toDouble(p.shortVolume()), Micros.toDouble(p.shortToday()), p.shortCost(), p.shortMargin(), p.shortProfit(),
                p.closeProfit(), p.commission(), Micros.toDouble(p.bought()), Micros.toDouble(p.sold()), p.trades());
    }

    /** The row of an alert. */
    public static LedgerRow of(Alert alert) {
        boolean ofEvent = !alert.source().isEmpty();
        return of(LedgerTable.LEDGER_ALERTS, alert.eventTimeNs(), alert.tradingDay(), alert.reason().label(), orNull(alert.instrument()),
                orNull(alert.account()), orNull(alert.orderId()), orNull(alert.tradeId()), orNull(alert.source()),
                ofEvent ? alert.sequence() : null, alert.detail());
    }

    private static String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    private static LedgerRow of(LedgerTable table, long eventTimeNs, int tradingDay, Object... own) {
        Object[] values = new Object[own.length + 3];
        values[0] = eventTimeNs;
        values[1] = Math.floorDiv(eventTimeNs, NANOS_PER_MICRO);
        values[2] = tradingDay;
        System.arraycopy(own, 0, values, 3, own.length);
        return new LedgerRow(table, eventTimeNs, tradingDay, values);
    }

    /** Writes table, number of columns and each value after a byte that says whether there is one. Missing last columns are null. */
    public static final class Serializer extends ImmutableSerializer<LedgerRow> {
        private static final long serialVersionUID = 1L;
        private static final int USUAL_BYTES = 256;

        public Serializer() {
            super(LedgerRow.class);
        }

        /** In one piece: a stream of a checkpoint takes as long for each byte as for a row. */
        @Override
        public void serialize(LedgerRow row, DataOutputView target) throws IOException {
            DataOutputSerializer bytes = new DataOutputSerializer(USUAL_BYTES);
            write(row, bytes);
            target.write(bytes.getSharedBuffer(), 0, bytes.length());
        }

        private static void write(LedgerRow row, DataOutputSerializer target) throws IOException {
            target.writeByte(row.table.code());
            target.writeLong(row.eventTimeNs);
            target.writeInt(row.tradingDay);
            target.writeByte(row.values.length);
            for (int i = 0; i < row.values.length; i++) {
                Object value = row.values[i];
                target.writeBoolean(value != null);
                if (value != null) {
                    switch (row.table.kind(i)) {
                        case INT -> target.writeInt((Integer) value);
                        case LONG, MONEY, TIME_NS, TIME_US -> target.writeLong((Long) value);
                        case DOUBLE -> target.writeDouble((Double) value);
                        case TEXT -> target.writeUTF((String) value);
                    }
                }
            }
        }

        @Override
        public LedgerRow deserialize(DataInputView source) throws IOException {
            LedgerTable table = LedgerTable.ofCode(source.readByte());
            long eventTimeNs = source.readLong();
            int tradingDay = source.readInt();
            int written = source.readByte();
            Object[] values = new Object[table.allColumns().size()];
            if (written > values.length) {
                throw new IOException("a row of " + table.table() + " has " + written + " columns, this build knows " + values.length);
            }
            for (int i = 0; i < written; i++) {
                if (source.readBoolean()) {
                    values[i] = switch (table.kind(i)) {
                        case INT -> (Object) source.readInt();
                        case LONG, MONEY, TIME_NS, TIME_US -> source.readLong();
                        case DOUBLE -> source.readDouble();
                        case TEXT -> source.readUTF();
                    };
                }
            }
            return new LedgerRow(table, eventTimeNs, tradingDay, values);
        }

        @Override
        public TypeSerializerSnapshot<LedgerRow> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Serializer snapshot; read by Flink. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<LedgerRow> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
