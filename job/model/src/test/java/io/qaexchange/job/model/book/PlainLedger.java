package io.qaexchange.job.model.book;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.instruments.Instruments;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The ledger's own arithmetic over plain maps of bytes: what is read was written before, as in a state backend. */
public final class PlainLedger {

    private static final long OFFSET_OF_NOBODY = 0;

    final Instruments instruments;
    final Map<String, Map<String, byte[]>> orders = new TreeMap<>();
    final Map<String, Map<String, byte[]>> positions = new TreeMap<>();
    final Map<String, Map<String, List<byte[]>>> waiting = new TreeMap<>();
    final Map<String, byte[]> heads = new TreeMap<>();
    final Map<String, byte[]> accounts = new TreeMap<>();
    final List<Alert> alerts = new ArrayList<>();
    final List<SettledPosition> settled = new ArrayList<>();
    private final Output output = new Output();
    private final InstrumentBook book;
    private String instrument;

    private interface Writer {
        void write(DataOutput out) throws IOException;
    }

    private interface Reader<T> {
        T read(DataInput in) throws IOException;
    }

    public PlainLedger(Instruments instruments) {
        this.instruments = instruments;
        this.book = new InstrumentBook(new State(), output);
    }

    /** Books an event. */
    public void accept(byte[] message) throws Exception {
        EventView event = new EventView().wrap(message);
        int code = event.recordType().code();
        if (event.hasInstrument()) {
            instrument = event.instrument();
            InstrumentHead head = head(instrument);
            if (InstrumentBook.concerns(code)) {
                book.accept(head, terms(instrument), event, arrival());
            } else {
                book.tick(head, terms(instrument), event.eventTime());
            }
            heads.put(instrument, bytes(head::write));
            output.deliver();
        }
        if (Account.concerns(code)) {
            Account account = account(event.account());
            int day = instruments.tradingDay(event);
            account.accept(event, EventIdentity.key(event, arrival()), day, (reason, detail) -> alerts.add(
                    new Alert(reason, day, event.eventTime(), "", event.account(), "", "", "", 0, detail)));
            accounts.put(event.account(), bytes(account::write));
        }
    }

    /** No more events will come. */
    public void end() throws Exception {
        for (String id : List.copyOf(heads.keySet())) {
            instrument = id;
            InstrumentHead head = head(id);
            book.end(head, terms(id));
            heads.put(id, bytes(head::write));
            output.deliver();
        }
    }

    private InstrumentTerms terms(String id) {
        return InstrumentTerms.of(instruments, id);
    }

    /** Everything in words, by what it is about. */
    public Map<String, String> describe() {
        Map<String, String> all = new TreeMap<>();
        accounts.keySet().forEach(id -> all.put("account " + id, Described.of(account(id))));
        positions.forEach((id, ofInstrument) -> ofInstrument.keySet()
                .forEach(account -> all.put("position " + id + " " + account, Described.of(position(account, id)))));
        orders.forEach((id, ofInstrument) -> ofInstrument.keySet()
                .forEach(order -> all.put("order " + id + " " + order, Described.of(order(id, order)))));
        waiting.forEach((id, ofInstrument) -> ofInstrument.values().forEach(trades -> trades.forEach(bytes -> {
            Trade trade = parsed(bytes, Trade::read);
            all.put("waiting " + id + " " + trade.number(), trade.toString());
        })));
        heads.keySet().forEach(id -> all.put("instrument " + id, Described.of(head(id))));
        return all;
    }

    /** Alerts and settled positions, in words. */
    public List<String> told() {
        List<String> told = new ArrayList<>();
        alerts.forEach(alert -> told.add(alert.reason().label() + " " + alert.instrument() + " " + alert.orderId() + " " + alert.tradeId()));
        settled.forEach(position -> told.add("settled " + position.tradingDay() + " " + position.instrument() + " " + position.account()));
        return told;
    }

    InstrumentHead head(String id) {
        return heads.containsKey(id) ? parsed(heads.get(id), InstrumentHead::read) : new InstrumentHead();
    }

    public Account account(String id) {
        return accounts.containsKey(id) ? parsed(accounts.get(id), Account::read) : new Account();
    }

    public Position position(String account, String id) {
        byte[] bytes = positions.getOrDefault(id, Map.of()).get(account);
        return bytes == null ? new Position() : parsed(bytes, Position::read);
    }

    Order order(String id, String orderId) {
        byte[] bytes = orders.getOrDefault(id, Map.of()).get(orderId);
        return bytes == null ? null : parsed(bytes, Order::read);
    }

    /** Money that open orders freeze. */
    long frozenByOrders(String account) {
        return orders.values().stream().flatMap(ofInstrument -> ofInstrument.values().stream()).map(bytes -> parsed(bytes, Order::read))
                .filter(order -> order.account().equals(account)).mapToLong(Order::frozenMoney).sum();
    }

    long marginOfPositions(String account) {
        return positions.keySet().stream().mapToLong(id -> position(account, id).margin()).sum();
    }

    /** Float profit at last prices. */
    long floatProfit(String account) {
        return positions.keySet().stream()
                .mapToLong(id -> {
                    Position position = position(account, id);
                    return position.side(Side.LONG).volume() == 0 && position.side(Side.SHORT).volume() == 0 ? 0
                            : position.floatProfit(terms(id).contract(), head(id).lastPrice());
                }).sum();
    }

    List<AlertReason> reasons() {
        return alerts.stream().map(Alert::reason).toList();
    }

    private static Arrival arrival() {
        return new Arrival(1, "events", 0, OFFSET_OF_NOBODY);
    }

    private static byte[] bytes(Writer writer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            writer.write(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    private static <T> T parsed(byte[] bytes, Reader<T> reader) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            T value = reader.read(in);
            if (in.available() > 0) {
                throw new AssertionError(in.available() + " bytes were written and not read of " + value);
            }
            return value;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private final class State implements BookState {
        @Override
        public Order order(String id) {
            return PlainLedger.this.order(instrument, id);
        }

        @Override
        public void putOrder(Order order) {
            orders.computeIfAbsent(instrument, id -> new HashMap<>()).put(order.id(), bytes(order::write));
        }

        @Override
        public void removeOrder(String id) {
            orders.get(instrument).remove(id);
        }

        @Override
        public List<Order> orders() {
            return orders.getOrDefault(instrument, Map.of()).values().stream().map(bytes -> parsed(bytes, Order::read)).toList();
        }

        @Override
        public Position position(String account) {
            byte[] bytes = positions.getOrDefault(instrument, Map.of()).get(account);
            return bytes == null ? null : parsed(bytes, Position::read);
        }

        @Override
        public void putPosition(String account, Position position) {
            positions.computeIfAbsent(instrument, id -> new HashMap<>()).put(account, bytes(position::write));
        }

        @Override
        public void removePosition(String account) {
            positions.get(instrument).remove(account);
        }

        @Override
        public Map<String, Position> positions() {
            Map<String, Position> copy = new HashMap<>();
            positions.getOrDefault(instrument, Map.of()).forEach((account, bytes) -> copy.put(account, parsed(bytes, Position::read)));
            return copy;
        }

        @Override
        public List<Trade> waiting(String orderKey) {
            return waiting.getOrDefault(instrument, Map.of()).getOrDefault(orderKey, List.of()).stream()
                    .map(bytes -> parsed(bytes, Trade::read)).toList();
        }

        @Override
        public Map<String, List<Trade>> waiting() {
            Map<String, List<Trade>> copy = new HashMap<>();
            waiting.getOrDefault(instrument, Map.of()).keySet().forEach(key -> copy.put(key, waiting(key)));
            return copy;
        }

        @Override
        public void putWaiting(String orderKey, List<Trade> trades) {
            Map<String, List<byte[]>> ofInstrument = waiting.computeIfAbsent(instrument, id -> new HashMap<>());
            if (trades.isEmpty()) {
                ofInstrument.remove(orderKey);
            } else {
                ofInstrument.put(orderKey, trades.stream().map(trade -> bytes(trade::write)).toList());
            }
        }
    }

    private final class Output implements BookOutput {
        private final Map<String, Map<Integer, AccountSums>> pending = new HashMap<>();

        @Override
        public AccountSums change(String account, int day) {
            return pending.computeIfAbsent(account, id -> new TreeMap<>()).computeIfAbsent(day, number -> new AccountSums());
        }

        void deliver() {
            pending.forEach((id, days) -> {
                Account account = account(id);
                days.forEach(account::add);
                accounts.put(id, bytes(account::write));
            });
            pending.clear();
        }

        @Override
        public void alert(Alert alert) {
            alerts.add(alert);
        }

        @Override
        public void settled(SettledPosition position) {
            settled.add(position);
        }
    }
}
