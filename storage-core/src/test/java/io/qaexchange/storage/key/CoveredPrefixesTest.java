package io.qaexchange.storage.key;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.memory.Slice;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CoveredPrefixesTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Every tenth of so many rows of ten entries each. */
    private static CoveredPrefixes rows(int rows) {
        byte[][] lowers = IntStream.range(0, rows).mapToObj(i -> bytes(String.format("%06d/2", 10 * i))).toArray(byte[][]::new);
        byte[][] uppers = IntStream.range(0, rows).mapToObj(i -> bytes(String.format("%06d/7", 10 * i))).toArray(byte[][]::new);
        return CoveredPrefixes.of(lowers, uppers);
    }

    @Test
    void mayCoverEveryKeyOfItsFragments() {
        CoveredPrefixes prefixes = rows(1000);
        for (int i = 0; i < 1000; i++) {
            assertThat(prefixes.mayCover(Slice.of(bytes(String.format("%06d/5", 10 * i))))).isTrue();
        }
    }

    @Test
    void rulesOutNearlyAllOtherKeys() {
        CoveredPrefixes prefixes = rows(1000);
        long others = IntStream.range(0, 10_000).filter(i -> i % 10 != 0)
                .filter(i -> prefixes.mayCover(Slice.of(bytes(String.format("%06d/5", i))))).count();
        assertThat(others).isLessThan(9_000 / 20);
    }

    @Test
    void rulesOutKeysShorterThanWhatAllFragmentsBeginWith() {
        assertThat(rows(1000).mayCover(Slice.of(bytes("00001")))).isFalse();
        assertThat(rows(1000).mayCover(Slice.of())).isFalse();
    }

    @Test
    void knowsNothingOfFewFragmentsOrOfWideOnes() {
        assertThat(rows(7)).isSameAs(CoveredPrefixes.UNKNOWN);
        assertThat(rows(8)).isNotSameAs(CoveredPrefixes.UNKNOWN);
        byte[][] wide = IntStream.range(0, 100).mapToObj(i -> bytes(String.format("%02d", i))).toArray(byte[][]::new);
        byte[][] ends = IntStream.range(0, 100).mapToObj(i -> bytes(String.format("%02dz", i))).toArray(byte[][]::new);
        assertThat(CoveredPrefixes.of(wide, ends)).isNotSameAs(CoveredPrefixes.UNKNOWN);
        ends[99] = bytes("z");
        assertThat(CoveredPrefixes.of(wide, ends)).isSameAs(CoveredPrefixes.UNKNOWN);
        assertThat(CoveredPrefixes.UNKNOWN.mayCover(Slice.of(bytes("any")))).isTrue();
    }

    @Test
    void knowsNothingOfManyFragmentsThatBeginAlike() {
        byte[][] lowers = IntStream.range(0, 100).mapToObj(i -> bytes(String.format("%02d/%02d", i / 50, i % 50))).toArray(byte[][]::new);
        byte[][] uppers = IntStream.range(0, 100).mapToObj(i -> bytes(String.format("%02d/%02d", i / 50, i % 50 + 1))).toArray(byte[][]::new);
        assertThat(CoveredPrefixes.of(lowers, uppers)).isSameAs(CoveredPrefixes.UNKNOWN);
    }
}
