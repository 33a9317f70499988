package io.qaexchange.job.ledger;

import io.qaexchange.job.ledger.book.BookState;
import io.qaexchange.job.ledger.book.InstrumentHead;
import io.qaexchange.job.ledger.book.Order;
import io.qaexchange.job.ledger.book.Position;
import io.qaexchange.job.ledger.book.Trade;
import io.qaexchange.job.store.StoredBytesSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * The ledger's keyed state of an instrument, as ordinary value and map state: what {@link BookState} says, for the backend's current key.
 * Operator and readers of checkpoints open it in the same way. One thread.
 */
public final class InstrumentLedgerState implements BookState {

    /** Name of the state that every instrument has. */
    private static final String HEAD = "ledger-instrument";

    private final KeyedStateBackend<String> backend;
    private final ValueState<byte[]> head;
    private final MapState<String, byte[]> orders;
    private final MapState<String, byte[]> positions;
    private final MapState<String, byte[]> waiting;
    private final StateBytes bytes = new StateBytes();

    private InstrumentLedgerState(KeyedStateBackend<String> backend, ValueState<byte[]> head, MapState<String, byte[]> orders,
            MapState<String, byte[]> positions, MapState<String, byte[]> waiting) {
        this.backend = backend;
        this.head = head;
        this.orders = orders;
        this.positions = positions;
        this.waiting = waiting;
    }

    /** Opens the state on a backend. */
    public static InstrumentLedgerState open(KeyedStateBackend<String> backend) throws Exception {
        ValueState<byte[]> head = backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new ValueStateDescriptor<>(HEAD, new StoredBytesSerializer()));
        return new InstrumentLedgerState(backend, head, map(backend, "ledger-orders"), map(backend, "ledger-positions"),
                map(backend, "ledger-waiting-trades"));
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

    /** The head of the instrument that is the current key. */
    public InstrumentHead head() throws IOException {
        return bytes.read(head.value(), InstrumentHead::read);
    }

    void putHead(InstrumentHead changed) throws IOException {
        head.update(bytes.write(changed::write));
    }

    @Override
    public Order order(String id) throws Exception {
        byte[] found = orders.get(id);
        return found == null ? null : bytes.read(found, Order::read);
    }

    @Override
    public void putOrder(Order order) throws Exception {
        orders.put(order.id(), bytes.write(order::write));
    }

    @Override
    public void removeOrder(String id) throws Exception {
        orders.remove(id);
    }

    @Override
    public List<Order> orders() throws Exception {
        List<Order> all = new ArrayList<>();
        for (byte[] order : orders.values()) {
            all.add(bytes.read(order, Order::read));
        }
        return all;
    }

    @Override
    public Position position(String account) throws Exception {
        byte[] found = positions.get(account);
        return found == null ? null : bytes.read(found, Position::read);
    }

    @Override
    public void putPosition(String account, Position position) throws Exception {
        positions.put(account, bytes.write(position::write));
    }

    @Override
    public void removePosition(String account) throws Exception {
        positions.remove(account);
    }

    @Override
    public Map<String, Position> positions() throws Exception {
        Map<String, Position> all = new HashMap<>();
        for (Map.Entry<String, byte[]> entry : positions.entries()) {
            all.put(entry.getKey(), bytes.read(entry.getValue(), Position::read));
        }
        return all;
    }

    @Override
    public List<Trade> waiting(String orderKey) throws Exception {
        byte[] found = waiting.get(orderKey);
        return found == null ? List.of() : trades(found);
    }

    @Override
    public Map<String, List<Trade>> waiting() throws Exception {
        Map<String, List<Trade>> all = new HashMap<>();
        for (Map.Entry<String, byte[]> entry : waiting.entries()) {
            all.put(entry.getKey(), trades(entry.getValue()));
        }
        return all;
    }

    @Override
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
