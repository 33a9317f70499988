package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class KnownBucketsTest {

    private final KnownBuckets known = new KnownBuckets();

    @Test
    void aBucketIsNewOncePerKey() {
        assertThat(known.add("SHFE.cu2501", 7)).isTrue();
        assertThat(known.add(new String("SHFE.cu2501"), 7)).isFalse();
        assertThat(known.add("SHFE.cu2501", 8)).isTrue();
        assertThat(known.add("SHFE.cu2502", 7)).isTrue();
    }

    @Test
    void aBucketThatWasForgottenIsNewAgain() {
        known.add("SHFE.cu2501", 7);
        known.add("SHFE.cu2501", 8);

        known.remove("SHFE.cu2501", 7);

        assertThat(known.add("SHFE.cu2501", 7)).isTrue();
        assertThat(known.add("SHFE.cu2501", 8)).isFalse();
    }

    /** More than have a place of their own in the array, so that many share one. */
    @Test
    void bucketsThatShareAPlaceAreAllRemembered() {
        for (long bucket = 0; bucket < KnownBuckets.REMEMBERED; bucket++) {
            assertThat(known.add("SHFE.cu2501", bucket)).isTrue();
        }
        for (long bucket = 0; bucket < KnownBuckets.REMEMBERED; bucket++) {
            assertThat(known.add("SHFE.cu2501", bucket)).isFalse();
            known.remove("SHFE.cu2501", bucket);
        }
        for (long bucket = 0; bucket < KnownBuckets.REMEMBERED; bucket++) {
            assertThat(known.add("SHFE.cu2501", bucket)).as("bucket %s after it was forgotten", bucket).isTrue();
        }
    }

    @Test
    void theOnesUsedLongestAgoAreForgotten() {
        for (long bucket = 0; bucket < 2 * KnownBuckets.REMEMBERED; bucket++) {
            known.add("SHFE.cu2501", bucket);
        }

        assertThat(known.add("SHFE.cu2501", 0)).isTrue();
        assertThat(known.add("SHFE.cu2501", 2 * KnownBuckets.REMEMBERED - 1)).isFalse();
    }
}
