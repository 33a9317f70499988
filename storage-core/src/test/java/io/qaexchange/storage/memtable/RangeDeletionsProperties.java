package io.qaexchange.storage.memtable;

import static io.qaexchange.storage.key.RandomDeletions.key;
import static io.qaexchange.storage.key.RandomDeletions.oneByOne;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.memory.Slice;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Deletions and reads in turn, against asking each deletion by itself. */
class RangeDeletionsProperties {
    @Property(tries = 200)
    void everyReadBetweenDeletionsSeesWhatWasDeletedSoFar(@ForAll long seed) {
        Random random = new Random(seed);
        RangeDeletions deletions = new RangeDeletions();
        List<RangeTombstone> written = new ArrayList<>();
        int most = 1 + random.nextInt(60);
        for (int step = 0; step < 150; step++) {
            if (written.size() < most && random.nextInt(3) == 0) {
                RangeTombstone tombstone = new RangeTombstone(KeyRange.of(key(random), key(random)), written.size() + 1L);
                deletions.add(tombstone);
                written.add(tombstone);
            }
            Slice key = Slice.of(key(random));
            long snapshot = random.nextInt(written.size() + 2);
            assertThat(deletions.newestCovering(key, snapshot)).isEqualTo(oneByOne(written, key, snapshot));
            KeyRange range = random.nextInt(5) == 0 ? KeyRange.ALL : KeyRange.of(key(random), random.nextBoolean() ? null : key(random));
            if (range.contains(key)) {
                assertThat(deletions.within(range).newestCovering(key, snapshot)).isEqualTo(oneByOne(written, key, snapshot));
            }
        }
        assertThat(deletions.all()).isEqualTo(written);
        assertThat(deletions.within(KeyRange.ALL)).isEqualTo(RangeTombstoneList.of(written));
    }

    private static byte[] numbered(int i) {
        return String.format("key-%08d", i).getBytes(StandardCharsets.US_ASCII);
    }

    /** With one list, made anew after each deletion, this took half an hour. */
    @Example
    void readsAndDeletionsInTurnCostALogarithmEach() {
        RangeDeletions deletions = new RangeDeletions();
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (int i = 0; i < 50_000; i++) {
                int at = i * 7919 % 50_000;
                deletions.add(new RangeTombstone(KeyRange.of(numbered(2 * at), numbered(2 * at + 1)), i + 1L));
                assertThat(deletions.newestCovering(Slice.of(numbered(2 * at)), Long.MAX_VALUE)).isEqualTo(i + 1L);
                assertThat(deletions.within(KeyRange.prefix(numbered(2 * at))).size()).isEqualTo(1);
                assertThat(deletions.within(KeyRange.prefix(numbered(2 * at + 1)))).isSameAs(RangeTombstoneList.EMPTY);
            }
        });
    }
}
