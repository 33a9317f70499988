package io.qaexchange.storage.sstable;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Where blocks of narrow records end: keys are a key group of two bytes and a number of eight, as those of state are. */
class DataBlockBuilderTest {

    private static final int BLOCK_BYTES = 16 << 10;
    private static final Slice VALUE = Slice.of(new byte[20]);

    private final DataBlockBuilder block = new DataBlockBuilder(16, false);

    private static Slice key(int group, long number) {
        return Slice.of(ByteBuffer.allocate(10).putShort((short) group).putLong(number).array());
    }

    /** Adds keys of group 1 until the block has that size; numbers spread over all bits, as hashes do, or follow each other. */
    private long fill(int bytes, long step) {
        long number = 0;
        while (block.estimatedSize() < bytes) {
            assertThat(block.isFullFor(key(1, number), VALUE.length(), BLOCK_BYTES)).isFalse();
            block.add(key(1, number), 1, VALUE);
            number += step;
        }
        return number;
    }

    @Test
    void aBlockThatIsAQuarterFullEndsBeforeAnotherKeyGroup() {
        long next = fill(BLOCK_BYTES / 4, 3);
        assertThat(block.isFullFor(key(1, next), VALUE.length(), BLOCK_BYTES)).isFalse();
        assertThat(block.isFullFor(key(2, 0), VALUE.length(), BLOCK_BYTES)).isTrue();
    }

    @Test
    void aSmallerBlockTakesInTheNextKeyGroup() {
        fill(BLOCK_BYTES / 8, 3);
        assertThat(block.isFullFor(key(2, 0), VALUE.length(), BLOCK_BYTES)).isFalse();
    }

    /** A carry into higher bits costs the column a few of its bits. */
    @Test
    void keysThatFollowEachOtherFillABlock() {
        fill(BLOCK_BYTES - 100, 255);
        assertThat(block.isFullFor(key(1, 1L << 20), VALUE.length(), BLOCK_BYTES)).isFalse();
    }

    private static final Slice LONG_VALUE = Slice.of(new byte[60]);

    private int columnWidth(long step, int count) {
        return columnWidth(block, step, count);
    }

    private static int columnWidth(DataBlockBuilder block, long step, int count) {
        block.clear();
        for (int i = 0; i < count; i++) {
            block.add(key(1, i * step), 1, LONG_VALUE);
        }
        ByteWriter out = new ByteWriter();
        block.encode(out);
        return SstableFormat.columnWidth(out.array()[SstableFormat.BLOCK_TRAILER_WIDTH]);
    }

    @Test
    void aColumnIsNarrowIfThatTellsItsKeysApart() {
        assertThat(columnWidth(1, 200)).isEqualTo(2);
        assertThat(columnWidth(1L << 40, 200)).isEqualTo(2);
        block.clear();
        block.add(key(1, 0), 1, LONG_VALUE);
        for (int i = 1; i < 100; i++) {
            block.add(key(1, (1L << 30) + i), 1, LONG_VALUE);
        }
        ByteWriter out = new ByteWriter();
        block.encode(out);
        assertThat(SstableFormat.columnWidth(out.array()[SstableFormat.BLOCK_TRAILER_WIDTH])).as("keys close together, and one far off").isEqualTo(4);
    }

    @Test
    void aColumnOfACompressedBlockHasOneByteWhereThatTellsNearlyAllKeysApart() {
        DataBlockBuilder compressed = new DataBlockBuilder(16, true);
        assertThat(columnWidth(compressed, 1, 200)).isEqualTo(1);
        assertThat(columnWidth(compressed, 1L << 40, 250)).isEqualTo(1);
        assertThat(columnWidth(compressed, 1L << 40, 600)).isEqualTo(2);
        assertThat(columnWidth(block, 1L << 40, 200)).as("not compressed").isEqualTo(2);
    }

    /** A key that is here, one right before and one right behind it, whatever their distances: so of each width, with and without equal entries. */
    @Test
    void everyKeyIsFoundByColumnsOfEachWidth() {
        Random random = new Random(7);
        Set<Integer> widths = new TreeSet<>();
        for (int round = 0; round < 300; round++) {
            DataBlockBuilder builder = new DataBlockBuilder(16, random.nextInt(4) > 0);
            TreeSet<Long> numbers = new TreeSet<>();
            int count = 8 + random.nextInt(200);
            long spread = 4L << random.nextInt(60);
            while (numbers.size() < count) {
                numbers.add(random.nextInt(8) == 0 ? (long) random.nextInt(2 * count) : random.nextLong() >>> 1 & spread - 1 | random.nextInt(4 * count));
            }
            numbers.forEach(number -> builder.add(key(1, number), 1, LONG_VALUE));
            ByteWriter out = new ByteWriter();
            builder.encode(out);
            byte[] exact = out.toByteArray();
            widths.add(SstableFormat.columnWidth(exact[SstableFormat.BLOCK_TRAILER_WIDTH]));
            Slice found = new Slice();
            DataBlock read = new DataBlock(found, new Slice());
            read.load(exact, Memory.ARRAY_BASE, exact.length);
            for (long number : numbers) {
                for (long target = Math.max(0, number - 1); target <= number + 1; target++) {
                    Long expected = numbers.ceiling(target);
                    assertThat(read.seek(key(1, target), Trailer.NEWEST)).isEqualTo(expected != null);
                    if (expected != null) {
                        assertThat(found).isEqualTo(key(1, expected));
                    }
                }
            }
        }
        assertThat(widths).containsExactly(1, 2, 4);
    }

    /** Trailers of each width, of one kind and of two, read as they were written, in both layouts. */
    @Test
    void trailersOfAnyWidthAreReadAsTheyWere() {
        long[] spreads = {0, 1, 0xffff, 0x10000, 0xffffff, 0x1000000, 1L << 40, Trailer.MAX_SEQUENCE - 1};
        for (long spread : spreads) {
            for (boolean mixed : new boolean[] {false, true}) {
                for (boolean prefix : new boolean[] {false, true}) {
                    List<Long> trailers = List.of(Trailer.of(1, ValueKind.PUT), Trailer.of(1 + spread, mixed ? ValueKind.DELETE : ValueKind.PUT),
                            Trailer.of(1 + spread / 2, ValueKind.PUT));
                    assertThat(written(trailers, prefix)).as("spread %d, mixed %s, prefix %s", spread, mixed, prefix).isEqualTo(trailers);
                }
            }
        }
    }

    private List<Long> written(List<Long> trailers, boolean prefix) {
        block.clear();
        for (int i = 0; i < trailers.size(); i++) {
            block.add(key(1, i), trailers.get(i), Slice.of(new byte[prefix ? i : 9]));
        }
        ByteWriter out = new ByteWriter();
        block.encode(out);
        assertThat(block.layout()).isEqualTo(prefix ? SstableFormat.LAYOUT_PREFIX : SstableFormat.LAYOUT_FIXED);
        // Nothing is read behind the block.
        byte[] exact = out.toByteArray();
        DataBlock read = new DataBlock(new Slice(), new Slice());
        read.load(exact, Memory.ARRAY_BASE, exact.length);
        List<Long> found = new ArrayList<>();
        for (boolean there = read.first(); there; there = read.next()) {
            found.add(read.trailer());
        }
        return found;
    }
}
