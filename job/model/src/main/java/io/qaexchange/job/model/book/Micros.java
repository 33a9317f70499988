package io.qaexchange.job.model.book;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * Whole numbers of millionths: of the currency for money, of a lot for volumes. Products and shares are exact and rounded once, half to
 * even, so that a calculator finds the same figure and every order of additions gives the same sum.
 *
 * <p>One amount is at most {@link #LIMIT}; what is larger is refused with an {@link AmountOutOfRangeException} before anything is
 * booked. Stateless.
 */
public final class Micros {

    /** One unit of the currency, or one lot. */
    public static final long ONE = 1_000_000L;
    /** Largest amount of one booking, and of one position: 10¹² units. */
    public static final long LIMIT = 1_000_000_000_000L * ONE;

    private static final int SCALE = 6;
    /** {@link #LIMIT} is ten to this power. */
    private static final int LIMIT_DIGITS = 18;
    private static final int SHOWN_PLACES = 2;

    private Micros() {
    }

    /** A number of units. */
    public static long of(double units) {
        int scale = Decimal.scaleOf(units);
        if (scale >= 0 && scale <= SCALE) {
            long unscaled = Decimal.unscaled(units, scale);
            if (Math.abs(unscaled) <= Decimal.power(LIMIT_DIGITS - SCALE + scale)) {
                return unscaled * Decimal.power(SCALE - scale);
            }
        }
        return rounded(Decimal.exact(units));
    }

    /** price × volume × factor. */
    static long product(double price, long volume, Decimal factor) {
        int priceScale = factor.big == null ? Decimal.scaleOf(price) : -1;
        if (priceScale >= 0) {
            boolean wholeLots = volume % ONE == 0;
            long lots = wholeLots ? volume / ONE : volume;
            int places = priceScale + (wholeLots ? 0 : SCALE) + factor.scale - SCALE;
            long digits = Decimal.unscaled(price, priceScale);
            long value = digits * lots;
            if (fits(digits, lots, value)) {
                long product = value * factor.unscaled;
                if (fits(value, factor.unscaled, product) && places <= Decimal.maxPower()) {
                    if (places > 0) {
                        return checked(divided(product, Decimal.power(places)));
                    }
                    if (Math.abs(product) <= Decimal.power(LIMIT_DIGITS + places)) {
                        return product * Decimal.power(-places);
                    }
                }
            }
        }
        return rounded(Decimal.exact(price).multiply(BigDecimal.valueOf(volume, SCALE)).multiply(factor.exact()));
    }

    /** total × part ÷ whole. */
    static long share(long total, long part, long whole) {
        if (part == whole) {
            return total;
        }
        boolean wholeLots = part % ONE == 0 && whole % ONE == 0;
        long numerator = wholeLots ? part / ONE : part;
        long product = total * numerator;
        if (fits(total, numerator, product)) {
            return divided(product, wholeLots ? whole / ONE : whole);
        }
        return new BigDecimal(BigInteger.valueOf(total).multiply(BigInteger.valueOf(part)))
                .divide(BigDecimal.valueOf(whole), 0, RoundingMode.HALF_EVEN).longValueExact();
    }

    /** An exact amount of units, rounded. */
    static long rounded(BigDecimal units) {
        BigDecimal micros = units.movePointRight(SCALE).setScale(0, RoundingMode.HALF_EVEN);
        if (micros.abs().compareTo(BigDecimal.valueOf(LIMIT)) > 0) {
            throw new AmountOutOfRangeException(units.toString());
        }
        return micros.longValueExact();
    }

    /** The amount, if it is not too large. */
    static long checked(long micros) {
        if (micros > LIMIT || micros < -LIMIT) {
            throw new AmountOutOfRangeException(toText(micros));
        }
        return micros;
    }

    private static boolean fits(long a, long b, long product) {
        return Math.multiplyHigh(a, b) == product >> 63;
    }

    /** n ÷ d, half to even; d is positive. */
    private static long divided(long n, long d) {
        long quotient = n / d;
        long rest = Math.abs(n % d);
        if (rest > d - rest || rest == d - rest && (quotient & 1) != 0) {
            quotient += n < 0 ? -1 : 1;
        }
        return quotient;
    }

    /** As a double, for columns that are doubles elsewhere. */
    public static double toDouble(long micros) {
        return micros / (double) ONE;
    }

    /** As a decimal number with two to six places: {@code 113997.20}. */
    public static String toText(long micros) {
        return toDecimal(micros).toPlainString();
    }

    /** As a decimal with two to six places. */
    public static BigDecimal toDecimal(long micros) {
        BigDecimal value = BigDecimal.valueOf(micros, SCALE).stripTrailingZeros();
        return value.setScale(Math.max(SHOWN_PLACES, value.scale()), RoundingMode.UNNECESSARY);
    }
}
