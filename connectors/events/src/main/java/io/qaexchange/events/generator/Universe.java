package io.qaexchange.events.generator;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The instruments, 200 of them unless fewer are wanted: futures of SHFE (with night session) and CFFEX, shares of SSE. They are chosen by
 * Zipf's law (exponent 1) over a fixed ranking that alternates between the kinds. Fixed after construction.
 */
final class Universe {

    static final int SIZE = 200;

    private static final String[] SHFE = {"rb", "hc", "cu", "au", "ag"};
    private static final double[] SHFE_PRICE = {3800, 3900, 70_000, 480, 5900};
    private static final double[] SHFE_TICK = {1, 1, 10, 0.02, 1};
    private static final String[] CFFEX = {"IF", "IC", "IH"};
    private static final double[] CFFEX_PRICE = {3800, 5500, 2600};
    private static final int MONTHS = 12;

    private final List<Contract> contracts;
    private final double[] cumulative;
    private final Contract[] night;
    private final double[] nightCumulative;

    /**
     * The first {@code size} instruments of the ranking, 1 to 200.
     *
     * @param sourcePrefix what the names of sources begin with; the exchange follows
     */
    Universe(int size, String sourcePrefix) {
        contracts = List.copyOf(ranked(sourcePrefix).subList(0, size));
        cumulative = new double[size];
        night = contracts.stream().filter(Contract::hasNightSession).toArray(Contract[]::new);
        nightCumulative = new double[night.length];
        double sum = 0;
        double nightSum = 0;
        int n = 0;
        for (int i = 0; i < size; i++) {
            double weight = 1.0 / (i + 1);
            cumulative[i] = sum += weight;
            if (contracts.get(i).hasNightSession()) {
                nightCumulative[n++] = nightSum += weight;
            }
        }
    }

    private static List<Contract> ranked(String sourcePrefix) {
        List<Contract> out = new ArrayList<>();
        int share = 0;
        for (int month = 1; month <= MONTHS; month++) {
            String expiry = String.format("26%02d", month);
            for (int p = 0; p < SHFE.length; p++) {
                out.add(new Contract(out.size(), sourcePrefix, "SHFE", SHFE[p] + expiry, SHFE_TICK[p], SHFE_PRICE[p], true));
            }
            for (int p = 0; p < CFFEX.length; p++) {
                out.add(new Contract(out.size(), sourcePrefix, "CFFEX", CFFEX[p] + expiry, 0.2, CFFEX_PRICE[p], false));
            }
            for (int i = 0; i < 8; i++) {
                out.add(share(out.size(), sourcePrefix, share++));
            }
        }
        while (out.size() < SIZE) {
            out.add(share(out.size(), sourcePrefix, share++));
        }
        return out;
    }

    private static Contract share(int index, String sourcePrefix, int number) {
        return new Contract(index, sourcePrefix, "SSE", String.format("6%05d", number), 0.01, 5 + number, false);
    }

    List<Contract> contracts() {
        return contracts;
    }

    Contract pick(Prng random, boolean atNight) {
        double[] sums = atNight ? nightCumulative : cumulative;
        int at = Arrays.binarySearch(sums, random.nextDouble() * sums[sums.length - 1]);
        int index = Math.min(at < 0 ? -at - 1 : at + 1, sums.length - 1);
        return atNight ? night[index] : contracts.get(index);
    }

    /**
     * An instrument and what is known of its market. Prices are whole ticks. The book is ten levels on both sides of a middle
     * that moves only with a snapshot, so that snapshots and deltas agree.
     */
    static final class Contract {

        static final int DEPTH = 10;

        final int index;
        final String exchange;
        final String id;
        final byte[] routeKey;
        final String source;
        final double tick;
        final boolean night;
        /** The best bid is at most this price, in ticks; the best ask is above. */
        long middle;
        long lastPrice;
        final int[] bids = new int[DEPTH];
        final int[] asks = new int[DEPTH];
        final List<OpenOrder> openOrders = new ArrayList<>();
        double dayVolume;
        double dayTurnover;
        long newestNs;
        long barOpen;
        long barHigh;
        long barLow;
        double barVolume;
        double barAmount;

        Contract(int index, String sourcePrefix, String exchange, String code, double tick, double price, boolean night) {
            this.index = index;
            this.exchange = exchange;
            this.id = exchange + "." + code;
            this.routeKey = id.getBytes(StandardCharsets.UTF_8);
            this.source = sourcePrefix + exchange;
            this.tick = tick;
            this.night = night;
            this.middle = Math.round(price / tick);
            this.lastPrice = middle;
            Arrays.fill(bids, 10);
            Arrays.fill(asks, 10);
            startBar();
        }

        boolean hasNightSession() {
            return night;
        }

        /** A price as it is written: ticks are multiples of a cent. */
        double price(long ticks) {
            return Math.round(ticks * tick * 100) / 100.0;
        }

        void traded(long price, int volume) {
            lastPrice = price;
            barHigh = Math.max(barHigh, price);
            barLow = Math.min(barLow, price);
            dayVolume += volume;
            barVolume += volume;
            double amount = price(price) * volume;
            dayTurnover += amount;
            barAmount += amount;
        }

        void startBar() {
            barOpen = barHigh = barLow = lastPrice;
            barVolume = barAmount = 0;
        }
    }

    /** An order that may still be filled. */
    static final class OpenOrder {
        final String id;
        final String exchangeId;
        final int account;
        final boolean buy;
        final boolean open;
        final long price;
        final int volume;
        int left;

        OpenOrder(String id, String exchangeId, int account, boolean buy, boolean open, long price, int volume) {
            this.id = id;
            this.exchangeId = exchangeId;
            this.account = account;
            this.buy = buy;
            this.open = open;
            this.price = price;
            this.volume = volume;
            this.left = volume;
        }
    }
}
