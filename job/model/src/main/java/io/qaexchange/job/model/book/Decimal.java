package io.qaexchange.job.model.book;

import java.math.BigDecimal;
import javax.annotation.Nullable;

/**
 * A factor of a contract as an exact decimal: multiplier, margin coefficient, rate of commission, or a product of them.
 *
 * <p>A double of at most {@value #MAX_SCALE} decimal places counts as the decimal that it was written as; any other as its exact binary
 * value. Immutable.
 */
final class Decimal {

    static final int MAX_SCALE = 12;
    static final Decimal ONE = new Decimal(1, 0, null);

    /** Powers of ten that fit a long. */
    private static final long[] POWERS = new long[19];
    private static final double[] DOUBLE_POWERS = new double[MAX_SCALE + 1];
    private static final double EXACT_INTEGERS = 1L << 53;
    /** Below so many digits there is one decimal at most for a double. */
    private static final double UNIQUE = 1e15;
    /** Places of most prices and of all volumes. */
    private static final int USUAL_SCALE = 2;
    private static final double USUAL_POWER = 100;

    static {
        long power = 1;
        for (int i = 0; i < POWERS.length; i++) {
            POWERS[i] = power;
            power *= 10;
        }
        for (int i = 0; i <= MAX_SCALE; i++) {
            DOUBLE_POWERS[i] = POWERS[i];
        }
    }

    final long unscaled;
    final int scale;
    /** The value if it does not fit the two numbers. */
    @Nullable
    final BigDecimal big;

    private Decimal(long unscaled, int scale, @Nullable BigDecimal big) {
        this.unscaled = unscaled;
        this.scale = scale;
        this.big = big;
    }

    static Decimal of(double value) {
        int scale = scaleOf(value);
        return scale < 0 ? new Decimal(0, 0, new BigDecimal(value)) : new Decimal(unscaled(value, scale), scale, null);
    }

    Decimal times(Decimal other) {
        BigDecimal product = exact().multiply(other.exact()).stripTrailingZeros();
        if (product.scale() < 0) {
            product = product.setScale(0);
        }
        boolean fits = product.scale() <= MAX_SCALE && product.precision() <= 18;
        return fits ? new Decimal(product.unscaledValue().longValueExact(), product.scale(), null) : new Decimal(0, 0, product);
    }

    boolean isZero() {
        return big == null ? unscaled == 0 : big.signum() == 0;
    }

    BigDecimal exact() {
        return big == null ? BigDecimal.valueOf(unscaled, scale) : big;
    }

    /** The fewest decimal places with which the double is written, -1 if {@value #MAX_SCALE} are not enough. */
    static int scaleOf(double value) {
        double digits = Math.rint(value * USUAL_POWER);
        boolean unique = Math.abs(digits) < UNIQUE;
        if (unique && digits / USUAL_POWER == value) {
            return scaleWithoutZeros((long) digits);
        }
        for (int scale = unique ? USUAL_SCALE + 1 : 0; scale <= MAX_SCALE; scale++) {
            double whole = Math.rint(value * DOUBLE_POWERS[scale]);
            if (Math.abs(whole) >= EXACT_INTEGERS) {
                return -1;
            }
            if (whole / DOUBLE_POWERS[scale] == value) {
                return scale;
            }
        }
        return -1;
    }

    /** Places that are needed of {@value #USUAL_SCALE}. */
    private static int scaleWithoutZeros(long digits) {
        return digits % 100 == 0 ? 0 : digits % 10 == 0 ? 1 : USUAL_SCALE;
    }

    /** The digits of a double with that many decimal places. */
    static long unscaled(double value, int scale) {
        return (long) Math.rint(value * DOUBLE_POWERS[scale]);
    }

    static BigDecimal exact(double value) {
        int scale = scaleOf(value);
        return scale < 0 ? new BigDecimal(value) : BigDecimal.valueOf(unscaled(value, scale), scale);
    }

    /** Ten to that power, 0 to 18. */
    static long power(int exponent) {
        return POWERS[exponent];
    }

    static int maxPower() {
        return POWERS.length - 1;
    }

    @Override
    public String toString() {
        return exact().toPlainString();
    }
}
