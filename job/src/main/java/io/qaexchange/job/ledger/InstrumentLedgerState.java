package io.qaexchange.job.ledger;

import io.qaexchange.events.Utf8View;
import io.qaexchange.job.ledger.book.BookState;
import io.qaexchange.job.ledger.book.InstrumentHead;
import io.qaexchange.job.ledger.book.Order;
import io.qaexchange.job.ledger.book.Position;
import io.qaexchange.job.ledger.book.Trade;
import io.qaexchange.job.store.StoredBytesSerializer;
import java.io.DataInput;
import java.io.DataOutput;
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
 * The ledger's keyed state of an instrument, as ordinary value and map state: what {@link BookState} says, for the backend's current key.
 * Operator and readers of checkpoints open it in the same way.
 *
 * <p>Orders and positions in use are objects in memory, see {@link CachedMap}; so an operator selects the instrument first, and flushes
 * before a checkpoint. One thread.
 */
public final class InstrumentLedgerState implements BookState {

    /** Name of the state that every instrument has. */
    private static final String HEAD = "ledger-instrument";

    /** Orders that are not written one by one, at most: what a checkpoint's barrier writes at once, in a millisecond or two. */
    private static final int MAX_PENDING_ORDERS = 2_000;
    /** As of orders; more, as positions change again and again, and what is written one by one costs the engine's merges, too. */
    private static final int MAX_PENDING_POSITIONS = 4_000;
    /** Open orders, or positions, of an instrument up to which one that is not in memory is known not to be there. */
    private static final int MAX_WHOLE = 10_000;
    /** Orders, and positions, in memory: some tens of megabytes. */
    private static final int MAX_CACHED = 100_000;

    private static final CachedMap.Codec<Order> ORDERS = codec(Order::read, Order::write);
    private static final CachedMap.Codec<Position> POSITIONS = codec(Position::read, Position::write);

    private final KeyedStateBackend<String> backend;
    private final ValueState<byte[]> head;
    private final MapState<String, byte[]> orders;
    private final MapState<String, byte[]> positions;
    private final ValueState<byte[]> pendingOrders;
    private final ValueState<byte[]> pendingPositions;
    private final CachedMap<Order> cachedOrders;
    private final CachedMap<Position> cachedPositions;
    private final MapState<String, byte[]> waiting;
    private final StateBytes bytes = new StateBytes();
    /** What it is about, and what the backend's key is: set only when state is touched, as most events find all in memory. */
    private String selected;
    private String key;

    private interface ValueWriter<V> {
        void write(V value, DataOutput out) throws IOException;
    }

    private static <V> CachedMap.Codec<V> codec(StateBytes.Reader<V> reader, ValueWriter<V> writer) {
        return new CachedMap.Codec<>() {
            @Override
            public V read(DataInput in) throws IOException {
                return reader.read(in);
            }

            @Override
            public void write(V value, DataOutput out) throws IOException {
                writer.write(value, out);
            }
        };
    }

    private InstrumentLedgerState(KeyedStateBackend<String> backend) throws Exception {
        this.backend = backend;
        this.head = value(backend, HEAD);
        this.orders = map(backend, "ledger-orders");
        this.positions = map(backend, "ledger-positions");
        this.waiting = map(backend, "ledger-waiting-trades");
        this.pendingOrders = value(backend, "ledger-orders-pending");
        this.pendingPositions = value(backend, "ledger-positions-pending");
        this.cachedOrders = new CachedMap<>(new CachedMap.State(this::useKey, orders, pendingOrders), ORDERS,
                new CachedMap.Limits(MAX_WHOLE, MAX_PENDING_ORDERS, MAX_CACHED));
        this.cachedPositions = new CachedMap<>(new CachedMap.State(this::useKey, positions, pendingPositions), POSITIONS,
                new CachedMap.Limits(MAX_WHOLE, MAX_PENDING_POSITIONS, MAX_CACHED));
    }

    /** What is in memory of an instrument. */
    static final class Selection {
        private CachedMap.Part<Order> orders;
        private CachedMap.Part<Position> positions;
    }

    /** From here on it is about this instrument. Needed to book, not to read. */
    void select(String instrument, Selection selection) throws Exception {
        selected = instrument;
        selection.orders = cachedOrders.select(instrument, selection.orders);
        selection.positions = cachedPositions.select(instrument, selection.positions);
    }

    /** Makes an instrument the backend's key. */
    void useKey(String instrument) {
        if (!instrument.equals(key)) {
            key = instrument;
            backend.setCurrentKey(instrument);
        }
    }

    /** A reader of checkpoints sets the key itself. */
    private void useSelectedKey() {
        if (selected != null) {
            useKey(selected);
        }
    }

    /** Writes what changed long ago if there is much of it, and forgets what was used long ago if there is much in memory. */
    void trim() throws Exception {
        cachedOrders.trim();
        cachedPositions.trim();
    }

    /** Writes what has changed. */
    void flush() throws Exception {
        cachedOrders.flush();
        cachedPositions.flush();
    }

    /** Opens the state on a backend. */
    public static InstrumentLedgerState open(KeyedStateBackend<String> backend) throws Exception {
        return new InstrumentLedgerState(backend);
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

    /** The head of the instrument that is the current key. */
    public InstrumentHead head() throws IOException {
        return bytes.read(head.value(), InstrumentHead::read);
    }

    void putHead(InstrumentHead changed) throws IOException {
        head.update(bytes.write(changed::write));
    }

    @Override
    public Order order(String id) throws Exception {
        return cachedOrders.get(id);
    }

    @Override
    public Order order(Utf8View id) throws Exception {
        return cachedOrders.get(id);
    }

    @Override
    public void putOrder(Order order) {
        cachedOrders.put(order.id(), order);
    }

    @Override
    public void removeOrder(String id) {
        cachedOrders.remove(id);
    }

    @Override
    public List<Order> orders() throws Exception {
        if (selected != null) {
            return List.copyOf(cachedOrders.all().values());
        }
        return List.copyOf(stored(orders, pendingOrders, ORDERS).values());
    }

    @Override
    public Position position(String account) throws Exception {
        return cachedPositions.get(account);
    }

    @Override
    public void putPosition(String account, Position position) {
        cachedPositions.put(account, position);
    }

    @Override
    public void removePosition(String account) {
        cachedPositions.remove(account);
    }

    @Override
    public Map<String, Position> positions() throws Exception {
        if (selected != null) {
            return cachedPositions.all();
        }
        return stored(positions, pendingPositions, POSITIONS);
    }

    /** What a checkpoint has under the current key. */
    private <V> Map<String, V> stored(MapState<String, byte[]> map, ValueState<byte[]> pending, CachedMap.Codec<V> codec) throws Exception {
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

    @Override
    public List<Trade> waiting(String orderKey) throws Exception {
        useSelectedKey();
        byte[] found = waiting.get(orderKey);
        return found == null ? List.of() : trades(found);
    }

    @Override
    public Map<String, List<Trade>> waiting() throws Exception {
        useSelectedKey();
        Map<String, List<Trade>> all = new HashMap<>();
        for (Map.Entry<String, byte[]> entry : waiting.entries()) {
            all.put(entry.getKey(), trades(entry.getValue()));
        }
        return all;
    }

    @Override
    public void putWaiting(String orderKey, List<Trade> trades) throws Exception {
        useSelectedKey();
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
