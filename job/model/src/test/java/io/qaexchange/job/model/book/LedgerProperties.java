package io.qaexchange.job.model.book;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.instruments.Instruments;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The ledger against a naive one in plain collections, after every event of random histories. */
class LedgerProperties {

    private static final Instruments INSTRUMENTS = Instruments.parse("test", """
            instruments:
              - prefix: F.
                multiplier: 300
                margin_long: 0.10
                margin_short: 0.12
                commission_per_amount: 2.301e-5
              - prefix: H.
                multiplier: 10
                margin_long: 0.09
                margin_short: 0.09
                commission_per_lot: 1.5
                commission_per_amount: 1.0e-4
                close: history_only
              - prefix: S.
                margin_long: 1.0
                margin_short: 1.0
            """);
    private static final List<String> IDS = List.of("F.1", "H.1", "S.1");
    private static final List<String> ACCOUNTS = List.of("A", "B");
    private static final List<String> OFFSETS = List.of("OPEN", "OPEN", "CLOSE", "CLOSETODAY", "NONE");

    /** Numbers from which an event is made, given what came before. */
    record Step(int kind, int instrument, int account, int choice, int price, int volume) {
    }

    @Provide
    Arbitrary<List<Step>> histories() {
        return Combinators.combine(Arbitraries.integers().between(0, 99), Arbitraries.integers().between(0, IDS.size() - 1),
                Arbitraries.integers().between(0, ACCOUNTS.size() - 1), Arbitraries.integers().between(0, 1 << 16),
                Arbitraries.integers().between(-20, 400), Arbitraries.integers().between(1, 40))
                .as(Step::new).list().ofMinSize(1).ofMaxSize(120);
    }

    @Property(tries = 400)
    void agreesWithTheNaiveLedgerAfterEveryEvent(@ForAll("histories") List<Step> history) throws Exception {
        PlainLedger ledger = new PlainLedger(INSTRUMENTS);
        NaiveLedger naive = new NaiveLedger(INSTRUMENTS);
        List<String> orders = new ArrayList<>();
        for (byte[] event : events(history, orders)) {
            ledger.accept(event);
            naive.accept(event);
            compare(ledger, naive, orders);
        }
        ledger.end();
        naive.end();
        compare(ledger, naive, orders);
    }

    @Property(tries = 200)
    void endsTheSameUnderAnyInterleavingOfInstruments(@ForAll("histories") List<Step> history, @ForAll long seed) throws Exception {
        List<byte[]> events = events(history, new ArrayList<>());
        PlainLedger inOrder = new PlainLedger(INSTRUMENTS);
        for (byte[] event : events) {
            inOrder.accept(event);
        }
        PlainLedger interleaved = new PlainLedger(INSTRUMENTS);
        for (byte[] event : Interleaving.of(events, seed)) {
            interleaved.accept(event);
        }

        assertThat(readable(interleaved.accounts)).isEqualTo(readable(inOrder.accounts));
        for (String id : IDS) {
            assertThat(readable(interleaved.positions.getOrDefault(id, Map.of()))).as("positions of %s", id)
                    .isEqualTo(readable(inOrder.positions.getOrDefault(id, Map.of())));
            assertThat(readable(interleaved.orders.getOrDefault(id, Map.of()))).as("orders of %s", id)
                    .isEqualTo(readable(inOrder.orders.getOrDefault(id, Map.of())));
        }
        assertThat(interleaved.reasons()).containsExactlyInAnyOrderElementsOf(inOrder.reasons());
    }

    private static Map<String, List<Byte>> readable(Map<String, byte[]> state) {
        Map<String, List<Byte>> out = new java.util.TreeMap<>();
        state.forEach((key, bytes) -> {
            List<Byte> list = new ArrayList<>();
            for (byte b : bytes) {
                list.add(b);
            }
            out.put(key, list);
        });
        return out;
    }

    private static void compare(PlainLedger ledger, NaiveLedger naive, List<String> orders) {
        for (String id : ACCOUNTS) {
            AccountDay own = ledger.account(id).totals();
            NaiveLedger.Cash cash = naive.cash(id);
            same(own.preBalance(), cash.init, "init of " + id);
            same(own.sums().deposits(), cash.deposits, "deposits of " + id);
            same(own.sums().withdrawals(), cash.withdrawals, "withdrawals of " + id);
            same(own.sums().closeProfit(), cash.profit, "close profit of " + id);
            same(own.sums().commission(), cash.commission, "commission of " + id);
            same(own.frozen(), cash.frozen, "frozen of " + id);
            same(own.margin(), cash.margin, "margin of " + id);
            same(own.money(), cash.money, "money of " + id);
            assertThat(ledger.frozenByOrders(id)).as("frozen by the orders of %s", id).isEqualTo(own.frozen());
            assertThat(ledger.marginOfPositions(id)).as("margin of the positions of %s", id).isEqualTo(own.margin());
            long floatProfit = ledger.floatProfit(id);
            same(floatProfit, naive.floatProfit(id), "float profit of " + id);
            AccountDay now = own.withFloatProfit(floatProfit);
            same(now.balance(), cash.money.add(cash.frozen).add(cash.margin).add(naive.floatProfit(id)), "balance of " + id);
            for (String instrument : IDS) {
                comparePosition(ledger.position(id, instrument), naive, id, instrument);
            }
        }
        for (String id : orders) {
            String instrument = id.substring(0, id.indexOf('/'));
            Order order = ledger.order(instrument, id);
            BigDecimal left = naive.orderLeft(instrument, id);
            assertThat(order == null).as("order %s is gone", id).isEqualTo(left == null);
            if (order != null) {
                same(order.left(), left, "left of " + id);
            }
        }
    }

    private static void comparePosition(Position position, NaiveLedger naive, String account, String instrument) {
        for (Side side : Side.values()) {
            String what = side + " of " + account + " in " + instrument;
            PositionSide own = position.side(side);
            NaiveLedger.Holding other = naive.holding(account, instrument, side.name());
            same(own.history(), other.volume(true), "history " + what);
            same(own.today(), other.volume(false), "today " + what);
            same(own.frozen(), other.frozen, "frozen " + what);
            same(own.cost(), other.cost, "cost " + what);
            same(own.margin(), other.margin, "margin " + what);
            assertThat(own.volume()).as(what).isGreaterThanOrEqualTo(own.frozen());
            assertThat(own.history()).as(what).isNotNegative();
            assertThat(own.today()).as(what).isNotNegative();
        }
    }

    private static void same(long own, BigDecimal naive, String what) {
        assertThat(BigDecimal.valueOf(own, 6)).as(what).isEqualByComparingTo(naive);
    }

    /** Events of a history; fills the ids of its orders. */
    private static List<byte[]> events(List<Step> history, List<String> orders) {
        LedgerEvents make = new LedgerEvents();
        List<byte[]> events = new ArrayList<>();
        int day = 20260105;
        for (String account : ACCOUNTS) {
            events.add(make.open(account, 1_000_000.25));
        }
        for (Step step : history) {
            String instrument = IDS.get(step.instrument());
            String account = ACCOUNTS.get(step.account());
            String direction = step.choice() % 2 == 0 ? "BUY" : "SELL";
            String offset = OFFSETS.get(step.choice() / 2 % OFFSETS.size());
            double price = (1000 + 2 * step.price()) / 10.0;
            double volume = step.volume() * 0.5;
            String known = orders.isEmpty() ? instrument + "/none" : orders.get(step.choice() % orders.size());
            String place = known.substring(0, known.indexOf('/'));
            if (step.kind() < 35) {
                String id = instrument + "/" + orders.size();
                orders.add(id);
                events.add(make.insert(instrument, account, id, direction, offset, price, volume));
            } else if (step.kind() < 65) {
                // Mostly of an order that there is; its direction need not be that of the order.
                boolean ownCommission = step.choice() % 5 == 0;
                events.add(make.trade(place, step.choice() % 7 == 0 ? null : account, known, direction, offset, price, volume,
                        ownCommission ? 1.25 : Double.NaN));
            } else if (step.kind() < 70) {
                // Before its order, or of none.
                String id = step.choice() % 3 == 0 ? null : instrument + "/" + (orders.size() + step.choice() % 3);
                events.add(make.trade(instrument, account, id, direction, offset, price, volume, Double.NaN));
            } else if (step.kind() < 76) {
                events.add(make.update(place, known, step.choice() % 2 == 0 ? "CANCELLED" : "REJECTED"));
            } else if (step.kind() < 82) {
                events.add(make.cancelPart(place, known, volume));
            } else if (step.kind() < 90) {
                events.add(make.cash(account, step.choice() % 2 == 0 ? "DEPOSIT" : "WITHDRAW", step.volume() * 1234 / 100.0));
            } else if (step.kind() < 94) {
                events.add(make.settle(instrument, price));
                if (step.choice() % 2 == 0) {
                    make.day(++day);
                }
            } else {
                make.pass(step.volume());
                events.add(make.tick(instrument, price));
            }
        }
        return events;
    }
}
