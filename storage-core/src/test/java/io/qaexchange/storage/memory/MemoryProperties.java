package io.qaexchange.storage.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** The word-at-a-time loops against the JDK's array methods, at every alignment and on and off the heap. */
class MemoryProperties {
    @Property(tries = 3000)
    void comparesLikeArrays(@ForAll("runs") byte[] a, @ForAll("runs") byte[] b, @ForAll boolean direct) {
        Slice left = at(a, 3, direct);
        Slice right = at(b, 5, !direct);
        assertThat(Integer.signum(left.compareTo(right))).isEqualTo(Integer.signum(Arrays.compareUnsigned(a, b)));
        assertThat(left.contentEquals(right)).isEqualTo(Arrays.equals(a, b));
        int common = Math.min(a.length, b.length);
        int mismatch = Arrays.mismatch(Arrays.copyOf(a, common), Arrays.copyOf(b, common));
        assertThat(Memory.mismatch(left.base(), left.address(), right.base(), right.address(), common)).isEqualTo(mismatch < 0 ? common : mismatch);
        assertThat(at(a, 1, direct).contentEquals(left)).isTrue();
        assertThat(at(a, 7, !direct).hashCode()).isEqualTo(left.hashCode());
    }

    @Property(tries = 1000)
    void copiesExactlyTheRun(@ForAll("runs") byte[] bytes, @ForAll @IntRange(max = 20) int offset) {
        byte[] target = new byte[bytes.length + 40];
        Arrays.fill(target, (byte) 0x5a);
        at(bytes, 2, true).copyTo(target, offset);
        byte[] expected = new byte[target.length];
        Arrays.fill(expected, (byte) 0x5a);
        System.arraycopy(bytes, 0, expected, offset, bytes.length);
        assertThat(target).isEqualTo(expected);
    }

    private static Slice at(byte[] bytes, int offset, boolean direct) {
        Chunk chunk = direct ? Chunk.direct(bytes.length + 16) : Chunk.heap(bytes.length + 16);
        Slice slice = chunk.slice(offset, bytes.length);
        Memory.copy(bytes, Memory.ARRAY_BASE, slice.base(), slice.address(), bytes.length);
        // A slice does not keep direct memory alive: the last few chunks are held here.
        KEEP_MORE[keeping++ % KEEP_MORE.length] = chunk;
        return slice;
    }

    private static final Chunk[] KEEP_MORE = new Chunk[16];
    private static int keeping;

    /** Mostly equal runs that differ in one place, of lengths around the word size. */
    @Provide
    Arbitrary<byte[]> runs() {
        return Arbitraries.integers().between(0, 80).flatMap(length -> Arbitraries.integers().between(0, Math.max(0, length)).map(changed -> {
            byte[] run = new byte[length];
            Arrays.fill(run, (byte) 0x80);
            if (changed < length) {
                run[changed] = (byte) (0x7f + changed % 3);
            }
            return run;
        }));
    }
}
