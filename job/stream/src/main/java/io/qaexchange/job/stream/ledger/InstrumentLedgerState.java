package io.qaexchange.job.stream.ledger;

import io.qaexchange.events.Utf8View;
import io.qaexchange.job.model.book.BookState;
import io.qaexchange.job.model.book.InstrumentHead;
import io.qaexchange.job.model.book.Order;
import io.qaexchange.job.model.book.Position;
import io.qaexchange.job.model.book.Trade;
import io.qaexchange.job.model.ledger.LedgerLayout;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.state.KeyedStateBackend;

/**
 * The ledger's state of the selected instrument, for booking: {@link LedgerLayout} with caches of orders and positions before it.
 *
 * <p>Orders and positions in use are objects in memory, see {@link CachedMap}; so an operator selects the instrument first, and flushes
 * before a checkpoint. One thread.
 */
final class InstrumentLedgerState implements BookState {

    /** Orders that are not written one by one, at most: a checkpoint's barrier writes them at once, in a millisecond or two. */
    private static final int MAX_PENDING_ORDERS = 2_000;
    /** As of orders; more, as positions change again and again, and values written one by one cost compactions, too. */
    private static final int MAX_PENDING_POSITIONS = 4_000;
    /** Open orders, or positions, of an instrument up to which one that is not in memory is known to be absent. */
    private static final int MAX_WHOLE = 10_000;
    /** Orders, and positions, in memory: some tens of megabytes. */
    private static final int MAX_CACHED = 100_000;

    private final KeyedStateBackend<String> backend;
    private final LedgerLayout stored;
    private final CachedMap<Order> orders;
    private final CachedMap<Position> positions;
    /** The instrument that reads and writes are about. */
    private String selected;
    /** The backend's current key: set only when state is touched, since most events find all in memory. */
    private String key;

    private InstrumentLedgerState(KeyedStateBackend<String> backend) throws Exception {
        this.backend = backend;
        this.stored = LedgerLayout.open(backend);
        this.orders = new CachedMap<>(new CachedMapState<>(this::useKey, stored.orderState(), stored.pendingOrderState(),
                LedgerLayout.ORDERS), new CachedMap.Limits(MAX_WHOLE, MAX_PENDING_ORDERS, MAX_CACHED));
        this.positions = new CachedMap<>(new CachedMapState<>(this::useKey, stored.positionState(),
                stored.pendingPositionState(), LedgerLayout.POSITIONS), new CachedMap.Limits(MAX_WHOLE, MAX_PENDING_POSITIONS, MAX_CACHED));
    }

    /** Opens the state on a backend. */
    static InstrumentLedgerState open(KeyedStateBackend<String> backend) throws Exception {
        return new InstrumentLedgerState(backend);
    }

    /** The cached values of an instrument. */
    static final class Selection {
        private CachedValues<Order> orders;
        private CachedValues<Position> positions;
    }

    /** Selects the instrument that all further calls are about. */
    void select(String instrument, Selection selection) throws Exception {
        selected = instrument;
        selection.orders = orders.select(instrument, selection.orders);
        selection.positions = positions.select(instrument, selection.positions);
    }

    /** Makes an instrument the backend's key. */
    void useKey(String instrument) {
        if (!instrument.equals(key)) {
            key = instrument;
            backend.setCurrentKey(instrument);
        }
    }

    /** Writes the oldest changes if there are many, and forgets the least recently used values if many are in memory. */
    void trim() throws Exception {
        orders.trim();
        positions.trim();
    }

    /** Writes all changes. */
    void flush() throws Exception {
        orders.flush();
        positions.flush();
    }

    /** All instruments that have state. */
    List<String> instruments() {
        return stored.instruments();
    }

    /** The head of the instrument that is the current key. */
    InstrumentHead head() throws IOException {
        return stored.head();
    }

    void putHead(InstrumentHead changed) throws IOException {
        stored.putHead(changed);
    }

    @Override
    public Order order(String id) throws Exception {
        return orders.get(id);
    }

    @Override
    public Order order(Utf8View id) throws Exception {
        return orders.get(id);
    }

    @Override
    public void putOrder(Order order) {
        orders.put(order.id(), order);
    }

    @Override
    public void removeOrder(String id) {
        orders.remove(id);
    }

    @Override
    public List<Order> orders() throws Exception {
        return List.copyOf(orders.all().values());
    }

    @Override
    public Position position(String account) throws Exception {
        return positions.get(account);
    }

    @Override
    public void putPosition(String account, Position position) {
        positions.put(account, position);
    }

    @Override
    public void removePosition(String account) {
        positions.remove(account);
    }

    @Override
    public Map<String, Position> positions() throws Exception {
        return positions.all();
    }

    @Override
    public List<Trade> waiting(String orderKey) throws Exception {
        useKey(selected);
        return stored.waiting(orderKey);
    }

    @Override
    public Map<String, List<Trade>> waiting() throws Exception {
        useKey(selected);
        return stored.waiting();
    }

    @Override
    public void putWaiting(String orderKey, List<Trade> trades) throws Exception {
        useKey(selected);
        stored.putWaiting(orderKey, trades);
    }
}
