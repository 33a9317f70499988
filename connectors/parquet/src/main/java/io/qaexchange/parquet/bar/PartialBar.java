package io.qaexchange.parquet.bar;

import java.util.Arrays;

/**
 * A bar of some of its rows, which takes more, in any order: which row is first and last is decided by event time, source and sequence.
 *
 * <p>One thread.
 */
public final class PartialBar {

    private long firstNs;
    private byte[] firstSource;
    private long firstSequence;
    private long lastNs;
    private byte[] lastSource;
    private long lastSequence;
    private double open;
    private double high = Double.NEGATIVE_INFINITY;
    private double low = Double.POSITIVE_INFINITY;
    private double close;
    private final ExactSum volume;
    private final ExactSum turnover;
    private long rows;

    /**
     * Where a row stands in the order of rows.
     *
     * @param timeNs event time, ns since 1970
     * @param source UTF-8 of the name of its source; nobody changes it
     */
    record Place(long timeNs, byte[] source, long sequence) {
    }

    /** Prices of a bar. */
    record Prices(double open, double high, double low, double close) {
    }

    /** A bar without rows. */
    public PartialBar() {
        volume = new ExactSum();
        turnover = new ExactSum();
    }

    /** A bar of rows that were added before. */
    PartialBar(long rows, Place first, Place last, Prices prices, ExactSum volume, ExactSum turnover) {
        this.rows = rows;
        firstNs = first.timeNs();
        firstSource = first.source();
        firstSequence = first.sequence();
        lastNs = last.timeNs();
        lastSource = last.source();
        lastSequence = last.sequence();
        open = prices.open();
        high = prices.high();
        low = prices.low();
        close = prices.close();
        this.volume = volume;
        this.turnover = turnover;
    }

    /**
     * Adds a row.
     *
     * @param timeNs its event time, ns since 1970
     * @param source UTF-8 of the name of its source; not to be changed later
     */
    public void add(long timeNs, byte[] source, long sequence, double price, double lots) {
        takePlace(timeNs, source, sequence, price, timeNs, source, sequence, price);
        high = Math.max(high, price);
        low = Math.min(low, price);
        volume.add(lots);
        turnover.add(lots * price);
        rows++;
    }

    /** Adds the rows of another bar, which has some. */
    public void add(PartialBar other) {
        takePlace(other.firstNs, other.firstSource, other.firstSequence, other.open, other.lastNs, other.lastSource, other.lastSequence, other.close);
        high = Math.max(high, other.high);
        low = Math.min(low, other.low);
        volume.add(other.volume);
        turnover.add(other.turnover);
        rows += other.rows;
    }

    private void takePlace(long aNs, byte[] aSource, long aSequence, double aPrice, long bNs, byte[] bSource, long bSequence, double bPrice) {
        if (rows == 0 || aNs <= firstNs && isBefore(aNs, aSource, aSequence, firstNs, firstSource, firstSequence)) {
            firstNs = aNs;
            firstSource = aSource;
            firstSequence = aSequence;
            open = aPrice;
        }
        if (rows == 0 || bNs >= lastNs && isBefore(lastNs, lastSource, lastSequence, bNs, bSource, bSequence)) {
            lastNs = bNs;
            lastSource = bSource;
            lastSequence = bSequence;
            close = bPrice;
        }
    }

    private static boolean isBefore(long aNs, byte[] aSource, long aSequence, long bNs, byte[] bSource, long bSequence) {
        if (aNs != bNs) {
            return aNs < bNs;
        }
        int order = Arrays.compareUnsigned(aSource, bSource);
        return order != 0 ? order < 0 : aSequence < bSequence;
    }

    /** Event time of the first row. */
    public long firstNs() {
        return firstNs;
    }

    /** Event time of the last row. */
    public long lastNs() {
        return lastNs;
    }

    Place first() {
        return new Place(firstNs, firstSource, firstSequence);
    }

    Place last() {
        return new Place(lastNs, lastSource, lastSequence);
    }

    ExactSum volumeSum() {
        return volume;
    }

    ExactSum turnoverSum() {
        return turnover;
    }

    public double open() {
        return open;
    }

    public double high() {
        return high;
    }

    public double low() {
        return low;
    }

    public double close() {
        return close;
    }

    /** Sum of the volumes. */
    public double volume() {
        return volume.get();
    }

    /** Sum of the volumes, each times its price. */
    public double turnover() {
        return turnover.get();
    }

    public long rows() {
        return rows;
    }
}
