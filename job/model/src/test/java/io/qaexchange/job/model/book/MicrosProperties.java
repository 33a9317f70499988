package io.qaexchange.job.model.book;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.RoundingMode;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Amounts against decimals of any length. */
class MicrosProperties {

    @Property
    void productsAreExactAndRoundedOnce(@ForAll @LongRange(min = -10_000_000, max = 10_000_000) long digits, @ForAll @IntRange(max = 6) int places,
            @ForAll @LongRange(min = 1, max = 3_000_000_000L) long volume, @ForAll @IntRange(min = 1, max = 99_999) int factor,
            @ForAll @IntRange(max = 9) int factorPlaces) {
        BigDecimal price = BigDecimal.valueOf(digits, places);
        BigDecimal exact = price.multiply(BigDecimal.valueOf(volume, 6)).multiply(BigDecimal.valueOf(factor, factorPlaces));
        Assume.that(exact.abs().compareTo(BigDecimal.valueOf(1_000_000_000_000L)) < 0);
        Decimal decimal = Decimal.of(BigDecimal.valueOf(factor, factorPlaces).doubleValue());

        long product = Micros.product(price.doubleValue(), volume, decimal);

        assertThat(BigDecimal.valueOf(product, 6)).isEqualByComparingTo(exact.setScale(6, RoundingMode.HALF_EVEN));
    }

    @Property
    void numbersThatAreNoShortDecimalsCountWithTheirBinaryValue(@ForAll @DoubleRange(min = -1e6, max = 1e6) double price,
            @ForAll @LongRange(min = 1, max = 3_000_000_000L) long volume) {
        BigDecimal exact = new BigDecimal(price).multiply(BigDecimal.valueOf(volume, 6)).multiply(BigDecimal.valueOf(300));
        BigDecimal written = new BigDecimal(Double.toString(price)).multiply(BigDecimal.valueOf(volume, 6)).multiply(BigDecimal.valueOf(300));

        BigDecimal product = BigDecimal.valueOf(Micros.product(price, volume, Decimal.of(300)), 6);

        assertThat(product).isIn(exact.setScale(6, RoundingMode.HALF_EVEN), written.setScale(6, RoundingMode.HALF_EVEN));
    }

    @Property
    void sharesAreExactAndRoundedOnce(@ForAll @LongRange(min = -Micros.LIMIT, max = Micros.LIMIT) long total,
            @ForAll @LongRange(min = 1, max = Micros.LIMIT) long part, @ForAll @LongRange(min = 1, max = Micros.LIMIT) long whole) {
        long least = Math.min(part, whole);
        long most = Math.max(part, whole);

        assertThat(Micros.share(total, least, most)).isEqualTo(BigDecimal.valueOf(total).multiply(BigDecimal.valueOf(least))
                .divide(BigDecimal.valueOf(most), 0, RoundingMode.HALF_EVEN).longValueExact());
    }

    @Property
    void aDoubleCountsAsTheShortestDecimalThatItMayHaveBeenWrittenAs(@ForAll @LongRange(min = -999_999_999_999_999L, max = 999_999_999_999_999L) long digits,
            @ForAll @IntRange(max = 12) int places, @ForAll @IntRange(max = 6) int zeros) {
        BigDecimal written = BigDecimal.valueOf(digits / Decimal.power(zeros) * Decimal.power(zeros), places);
        int shortest = Math.max(0, written.stripTrailingZeros().scale());

        int scale = Decimal.scaleOf(written.doubleValue());

        assertThat(scale).isEqualTo(shortest);
        assertThat(BigDecimal.valueOf(Decimal.unscaled(written.doubleValue(), scale), scale)).isEqualByComparingTo(written);
    }

    @Example
    void numbersWithoutAShortDecimalHaveNoPlaces() {
        assertThat(Decimal.scaleOf(0.1 + 0.2)).isEqualTo(-1);
        assertThat(Decimal.scaleOf(1.0 / 3)).isEqualTo(-1);
        assertThat(Decimal.scaleOf(1e300)).isEqualTo(-1);
        assertThat(Decimal.scaleOf(Double.NaN)).isEqualTo(-1);
        assertThat(Decimal.scaleOf(Double.NEGATIVE_INFINITY)).isEqualTo(-1);
    }

    @Example
    void tiesGoToTheEvenMillionth() {
        assertThat(Micros.of(0.0000005)).isEqualTo(0);
        assertThat(Micros.of(0.0000015)).isEqualTo(2);
        assertThat(Micros.of(-0.0000025)).isEqualTo(-2);
    }

    @Example
    void whatIsLargerThanAnyAccountIsRefused() {
        assertThat(Micros.of(1e12)).isEqualTo(Micros.LIMIT);
        assertThatThrownBy(() -> Micros.of(1.1e12)).isInstanceOf(AmountOutOfRangeException.class).hasMessageContaining("beyond 10^12");
        assertThatThrownBy(() -> Micros.of(1e300)).isInstanceOf(AmountOutOfRangeException.class);
        assertThatThrownBy(() -> Micros.product(1e9, 10_000 * Micros.ONE, Decimal.of(300))).isInstanceOf(AmountOutOfRangeException.class);
        assertThatThrownBy(() -> Micros.product(1.1e11, Micros.ONE, Decimal.of(10))).isInstanceOf(AmountOutOfRangeException.class);
    }

    @Example
    void showsTwoToSixPlaces() {
        assertThat(Micros.toText(1_000_000)).isEqualTo("1.00");
        assertThat(Micros.toText(-26_300_430)).isEqualTo("-26.30043");
        assertThat(Micros.toText(0)).isEqualTo("0.00");
    }
}
