package io.qaexchange.job.query.finance;

/** A sum of doubles whose rounding hardly depends on their order (Neumaier). One thread. */
final class ExactSum {

    private double sum;
    private double lost;

    void add(double value) {
        double next = sum + value;
        lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
        sum = next;
    }

    double get() {
        return sum + lost;
    }
}
