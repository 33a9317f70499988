package io.qaexchange.storage.sstable;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.memory.Slice;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Where blocks of narrow records end: keys are a key group of two bytes and a number of eight, as those of state are. */
class DataBlockBuilderTest {

    private static final int BLOCK_BYTES = 16 << 10;
    private static final Slice VALUE = Slice.of(new byte[20]);

    private final DataBlockBuilder block = new DataBlockBuilder(16);

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
}
