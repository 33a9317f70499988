package io.qaexchange.parquet.bar;

/** A sum of doubles whose rounding hardly depends on their order (Neumaier). One thread. */
final class ExactSum {

    private double sum;
    /** The part of the values that rounding took from the sum. */
    private double lost;

    ExactSum() {
    }

    /** A sum that goes on. */
    ExactSum(double sum, double lost) {
        this.sum = sum;
        this.lost = lost;
    }

    void add(double value) {
        double next = sum + value;
        lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
        sum = next;
    }

    /** Adds the values of another sum. */
    void add(ExactSum other) {
        add(other.sum);
        lost += other.lost;
    }

    double sum() {
        return sum;
    }

    double lost() {
        return lost;
    }

    double get() {
        return sum + lost;
    }
}
