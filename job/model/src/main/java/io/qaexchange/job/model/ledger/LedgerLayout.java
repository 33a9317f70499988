package io.qaexchange.job.model.ledger;

import io.qaexchange.job.model.book.InstrumentHead;
import io.qaexchange.job.model.book.Order;
import io.qaexchange.job.model.book.Position;
import io.qaexchange.job.model.book.Trade;
import io.qaexchange.job.model.store.StoredBytesSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;

/**
 * Layout of the ledger's keyed state of an instrument: names of the states, their codecs, and how to read them. The operator that writes the
 * state and the readers of checkpoints open it here.
 *
 * <pre>
 *   ledger-instrument         value   {@link InstrumentHead}
 *   ledger-orders             map     order id to {@link Order}
 *   ledger-positions          map     account to {@link Position}
 *   ledger-waiting-trades     map     order key to count i32 and that many {@link Trade}s
 *   ledger-orders-pending     value   {@link PendingValues} that replace entries of ledger-orders
 *   ledger-positions-pending  value   {@link PendingValues} that replace entries of ledger-positions
 * </pre>
 *
 * <p>Every read is about the backend's current key. One thread: its buffers are reused.
 */
public final class LedgerLayout {

    /** Name of the state that every instrument has. */
    private static final String HEAD = "ledger-instrument";

    public static final ValueCodec<Order> ORDERS = ValueCodec.of(Order::read, Order::write);
    public static final ValueCodec<Position> POSITIONS = ValueCodec.of(Position::read, Position::write);

    private final KeyedStateBackend<String> backend;
    private final ValueState<byte[]> head;
    private final MapState<String, byte[]> orders;
    private final MapState<String, byte[]> positions;
    private final ValueState<byte[]> pendingOrders;
    private final ValueState<byte[]> pendingPositions;
    private final MapState<String, byte[]> waiting;
    private final StateBytes bytes = new StateBytes();

    private LedgerLayout(KeyedStateBackend<String> backend) throws Exception {
        this.backend = backend;
        this.head = value(backend, HEAD);
        this.orders = map(backend, "ledger-orders");
        this.positions = map(backend, "ledger-positions");
        this.waiting = map(backend, "ledger-waiting-trades");
        this.pendingOrders = value(backend, "ledger-orders-pending");
        this.pendingPositions = value(backend, "ledger-positions-pending");
    }

    /** Opens the state on a backend. */
    public static LedgerLayout open(KeyedStateBackend<String> backend) throws Exception {
        return new LedgerLayout(backend);
    }

    private static ValueState<byte[]> value(KeyedStateBackend<String> backend, String name) throws Exception {
        return backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new ValueStateDescriptor<>(name, new StoredBytesSerializer()));
    }

    private static MapState<String, byte[]> map(KeyedStateBackend<String> backend, String name) throws Exception {
        return backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new MapStateDescriptor<>(name, StringSerializer.INSTANCE, new StoredBytesSerializer()));
    }

    /** All instruments that have state. */
    public List<String> instruments() {
        List<String> instruments = new ArrayList<>();
        try (Stream<String> keys = backend.getKeys(HEAD, VoidNamespace.INSTANCE)) {
            keys.forEach(instruments::add);
        }
        return instruments;
    }

    public MapState<String, byte[]> orderState() {
        return orders;
    }

    public MapState<String, byte[]> positionState() {
        return positions;
    }

    public ValueState<byte[]> pendingOrderState() {
        return pendingOrders;
    }

    public ValueState<byte[]> pendingPositionState() {
        return pendingPositions;
    }

    /** The head of the instrument. */
    public InstrumentHead head() throws IOException {
        return bytes.read(head.value(), InstrumentHead::read);
    }

    public void putHead(InstrumentHead changed) throws IOException {
        head.update(bytes.write(changed::write));
    }

    /** All open orders, as a checkpoint holds them. */
    public List<Order> orders() throws Exception {
        return List.copyOf(stored(orders, pendingOrders, ORDERS).values());
    }

    /** All positions by account, as a checkpoint holds them. */
    public Map<String, Position> positions() throws Exception {
        return stored(positions, pendingPositions, POSITIONS);
    }

    private <V> Map<String, V> stored(MapState<String, byte[]> map, ValueState<byte[]> pending, ValueCodec<V> codec) throws Exception {
        Map<String, V> all = new HashMap<>();
        for (Map.Entry<String, byte[]> entry : map.entries()) {
            all.put(entry.getKey(), bytes.read(entry.getValue(), codec::read));
        }
        byte[] held = pending.value();
        if (held != null) {
            all.putAll(PendingValues.read(held, codec, bytes));
            all.values().removeIf(Objects::isNull);
        }
        return all;
    }

    /** Trades that wait for an order. */
    public List<Trade> waiting(String orderKey) throws Exception {
        byte[] found = waiting.get(orderKey);
        return found == null ? List.of() : trades(found);
    }

    /** All trades that wait for their orders, by order key. */
    public Map<String, List<Trade>> waiting() throws Exception {
        Map<String, List<Trade>> all = new HashMap<>();
        for (Map.Entry<String, byte[]> entry : waiting.entries()) {
            all.put(entry.getKey(), trades(entry.getValue()));
        }
        return all;
    }

    /** Replaces the trades that wait for an order. */
    public void putWaiting(String orderKey, List<Trade> trades) throws Exception {
        if (trades.isEmpty()) {
            waiting.remove(orderKey);
            return;
        }
        waiting.put(orderKey, bytes.write(out -> {
            out.writeInt(trades.size());
            for (Trade trade : trades) {
                trade.write(out);
            }
        }));
    }

    private List<Trade> trades(byte[] stored) throws Exception {
        return bytes.read(stored, in -> {
            int count = in.readInt();
            List<Trade> trades = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                trades.add(Trade.read(in));
            }
            return trades;
        });
    }
}
