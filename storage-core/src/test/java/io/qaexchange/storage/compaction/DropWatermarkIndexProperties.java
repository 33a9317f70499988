package io.qaexchange.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.memory.Slice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Dropped keys, against a look at every drop watermark: ranges that are apart, the same, or overlap, all at once or one after the other. */
class DropWatermarkIndexProperties {
    private static final int TIME_FROM_END = 8;

    @Property(tries = 400)
    void hidesWhatAnyDropWatermarkHides(@ForAll long seed) {
        Random random = new Random(seed);
        boolean overlapping = random.nextInt(3) == 0;
        List<DropWatermark> all = new ArrayList<>();
        DropWatermarkIndex grown = DropWatermarkIndex.NONE;
        for (int i = random.nextInt(30); i >= 0; i--) {
            int lower = random.nextInt(20);
            int upper = lower + 1 + (overlapping ? random.nextInt(4) : 0);
            DropWatermark added = new DropWatermark(3, new KeyRange(new byte[] {(byte) lower}, new byte[] {(byte) upper}), random.nextInt(50), all.size() + 1);
            all.add(added);
            grown = grown.plus(added, TIME_FROM_END);
        }
        DropWatermarkIndex whole = DropWatermarkIndex.of(all, TIME_FROM_END);
        assertThat(grown.highest()).isEqualTo(whole.highest());
        for (int look = 0; look < 100; look++) {
            int key = random.nextInt(25);
            long time = random.nextInt(55);
            long snapshot = random.nextInt(all.size() + 2);
            Slice stored = Slice.of(ByteBuffer.allocate(9).put((byte) key).putLong(time ^ Long.MIN_VALUE).array());
            boolean expected = all.stream().anyMatch(one -> one.sequence() <= snapshot && time < one.eventTime() && one.range().contains(stored));
            assertThat(grown.hides(stored, snapshot)).as("key %d, time %d, snapshot %d", key, time, snapshot).isEqualTo(expected);
            assertThat(whole.hides(stored, snapshot)).isEqualTo(expected);
        }
    }
}
