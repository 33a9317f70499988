package io.qaexchange.storage.key;

import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;
import java.util.Objects;

/**
 * Keys from {@code lower} (inclusive) to {@code upper} (exclusive). Immutable; the arrays must not be changed.
 *
 * @param lower first key; empty = from the beginning
 * @param upper first key that no longer belongs; null = to the end
 */
public record KeyRange(byte[] lower, byte[] upper) {
    public static final KeyRange ALL = new KeyRange(new byte[0], null);

    public KeyRange {
        Objects.requireNonNull(lower, "lower must not be null: an empty array is the beginning of all keys");
    }

    public static KeyRange of(byte[] lower, byte[] upper) {
        return new KeyRange(lower, upper);
    }

    /** All keys that begin with {@code prefix}. */
    public static KeyRange prefix(byte[] prefix) {
        Objects.requireNonNull(prefix, "prefix must not be null");
        return new KeyRange(prefix, successor(prefix));
    }

    /** The first key after all that begin with {@code prefix}; null if there is none. */
    public static byte[] successor(byte[] prefix) {
        for (int last = prefix.length - 1; last >= 0; last--) {
            if (prefix[last] != (byte) 0xff) {
                byte[] next = Arrays.copyOf(prefix, last + 1);
                next[last]++;
                return next;
            }
        }
        return null;
    }

    public boolean isAll() {
        return lower.length == 0 && upper == null;
    }

    public boolean isEmpty() {
        return upper != null && Slice.compare(lower, upper) >= 0;
    }

    public boolean contains(Slice key) {
        return key.compareTo(lower) >= 0 && (upper == null || key.compareTo(upper) < 0);
    }

    public boolean contains(byte[] key) {
        return Slice.compare(key, lower) >= 0 && (upper == null || Slice.compare(key, upper) < 0);
    }

    public boolean contains(KeyRange other) {
        return Slice.compare(lower, other.lower) <= 0 && compareUpper(other.upper, upper) <= 0;
    }

    /** Whether any key that begins with a prefix may lie in this range. */
    public boolean overlapsPrefix(Slice prefix) {
        int common = Math.min(lower.length, prefix.length());
        return (upper == null || prefix.compareTo(upper) < 0)
                && Memory.compare(lower, Memory.ARRAY_BASE, common, prefix.base(), prefix.address(), common) <= 0;
    }

    /** Whether all keys that begin with a prefix lie in this range. */
    public boolean containsPrefix(Slice prefix) {
        return prefix.compareTo(lower) >= 0 && (upper == null || prefix.compareTo(upper) < 0
                && !(upper.length >= prefix.length() && Memory.equal(upper, Memory.ARRAY_BASE, prefix.base(), prefix.address(), prefix.length())));
    }

    /** Whether the other range begins where this one ends. */
    public boolean isFollowedBy(KeyRange other) {
        return upper != null && Arrays.equals(upper, other.lower);
    }

    public boolean overlaps(KeyRange other) {
        return (other.upper == null || Slice.compare(lower, other.upper) < 0)
                && (upper == null || Slice.compare(other.lower, upper) < 0);
    }

    /** Whether keys between {@code smallest} and {@code largest}, both inclusive, may fall into this range. */
    public boolean overlaps(byte[] smallest, byte[] largest) {
        return Slice.compare(lower, largest) <= 0 && (upper == null || Slice.compare(smallest, upper) < 0);
    }

    public KeyRange intersect(KeyRange other) {
        byte[] newLower = Slice.compare(lower, other.lower) >= 0 ? lower : other.lower;
        byte[] newUpper = compareUpper(upper, other.upper) <= 0 ? upper : other.upper;
        return new KeyRange(newLower, newUpper);
    }

    /** Order of two upper ends, where null is behind everything. */
    public static int compareUpper(byte[] a, byte[] b) {
        if (a == null || b == null) {
            return a == b ? 0 : a == null ? 1 : -1;
        }
        return Slice.compare(a, b);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyRange range && Arrays.equals(lower, range.lower) && Arrays.equals(upper, range.upper);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(lower) + Arrays.hashCode(upper);
    }

    @Override
    public String toString() {
        return "[" + Slice.printable(lower) + ", " + (upper == null ? "end" : Slice.printable(upper)) + ")";
    }
}
