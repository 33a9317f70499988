package io.qaexchange.storage.key;

import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;

/**
 * Says of most keys, without a search, that no fragment of a {@link RangeTombstoneList} covers them. What is deleted by range is mostly
 * small (a map that is cleared, the rows of one instant): both ends begin alike, and so does every key between them. The beginnings, cut
 * to the shortest one, stand in a filter of {@value #BITS_PER_FRAGMENT} bits per fragment, each in one word of it.
 *
 * <p>Of a list with a wide fragment, or of many fragments with the same beginning, the filter would know next to nothing; there is none
 * then.
 *
 * <p>Immutable. Its fields are final and what they hold is filled before, so it may be handed to other threads without synchronization.
 */
final class CoveredPrefixes {
    /** Knows nothing: every key may be covered. */
    static final CoveredPrefixes UNKNOWN = new CoveredPrefixes(0, new long[1]);

    /** Fewer are found by two or three comparisons. */
    private static final int FEWEST_FRAGMENTS = 8;
    private static final int BITS_PER_FRAGMENT = 16;

    private final int length;
    /** A power of two of them. */
    private final long[] words;

    private CoveredPrefixes(int length, long[] words) {
        this.length = length;
        this.words = words;
    }

    /** The prefixes of ascending fragments that do not overlap. */
    static CoveredPrefixes of(byte[][] lowers, byte[][] uppers) {
        if (lowers.length < FEWEST_FRAGMENTS) {
            return UNKNOWN;
        }
        int length = Integer.MAX_VALUE;
        for (int i = 0; i < lowers.length && length > 0; i++) {
            int most = Math.min(length, Math.min(lowers[i].length, uppers[i].length));
            length = Memory.mismatch(lowers[i], Memory.ARRAY_BASE, uppers[i], Memory.ARRAY_BASE, most);
        }
        if (2 * distinct(lowers, length) < lowers.length) {
            return UNKNOWN;
        }
        int count = Integer.highestOneBit(2 * (lowers.length * BITS_PER_FRAGMENT / Long.SIZE) - 1);
        long[] words = new long[count];
        for (byte[] lower : lowers) {
            long hash = Memory.hash(lower, Memory.ARRAY_BASE, length);
            words[word(hash, count)] |= bits(hash);
        }
        return new CoveredPrefixes(length, words);
    }

    private static int distinct(byte[][] ascending, int length) {
        int distinct = length == 0 ? 0 : 1;
        for (int i = 1; i < ascending.length && length > 0; i++) {
            if (!Arrays.equals(ascending[i - 1], 0, length, ascending[i], 0, length)) {
                distinct++;
            }
        }
        return distinct;
    }

    /** False if no fragment covers the key. */
    boolean mayCover(Slice key) {
        if (length == 0) {
            return true;
        }
        if (key.length() < length) {
            // Every key between two ends that begin alike begins so, too.
            return false;
        }
        long hash = Memory.hash(key.base(), key.address(), length);
        long bits = bits(hash);
        return (words[word(hash, words.length)] & bits) == bits;
    }

    private static int word(long hash, int words) {
        return (int) (hash >>> 40) & words - 1;
    }

    private static long bits(long hash) {
        return 1L << hash | 1L << (hash >>> 6) | 1L << (hash >>> 12);
    }
}
