package io.qaexchange.storage.key;

import static io.qaexchange.storage.key.RandomDeletions.key;
import static io.qaexchange.storage.key.RandomDeletions.oneByOne;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.memory.Slice;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Fragmented tombstones against asking each tombstone by itself. */
class RangeTombstoneListProperties {
    private static List<RangeTombstone> random(Random random, int count) {
        List<RangeTombstone> tombstones = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tombstones.add(new RangeTombstone(KeyRange.of(key(random), key(random)), 1 + random.nextInt(12)));
        }
        return tombstones;
    }

    @Property(tries = 500)
    void newestCoveringIsWhatTheTombstonesSayOneByOne(@ForAll long seed, @ForAll @IntRange(min = 0, max = 15) int count) {
        Random random = new Random(seed);
        List<RangeTombstone> tombstones = random(random, count);
        RangeTombstoneList list = RangeTombstoneList.of(tombstones);
        RangeTombstoneList.Cursor cursor = list.cursor();
        for (int i = 0; i < 50; i++) {
            Slice key = Slice.of(key(random));
            long snapshot = random.nextInt(14);
            long expected = oneByOne(tombstones, key, snapshot);
            assertThat(list.newestCovering(key, snapshot)).as("%s at %d in %s", key, snapshot, list).isEqualTo(expected);
            assertThat(cursor.newestCovering(key, snapshot)).isEqualTo(expected);
            cursor.seek(key);
            if (cursor.covers(key)) {
                assertThat(oneByOne(tombstones, Slice.of(cursor.lower()), snapshot)).isEqualTo(expected);
                assertThat(Slice.compare(key.toByteArray(), cursor.upper())).isNegative();
            } else {
                assertThat(oneByOne(tombstones, key, Long.MAX_VALUE)).isZero();
                assertThat(!cursor.valid() || key.compareTo(cursor.lower()) < 0).isTrue();
            }
        }
    }

    @Property(tries = 300)
    void narrowTombstonesCoverWhatTheySayOneByOne(@ForAll long seed, @ForAll @IntRange(min = 0, max = 60) int count,
            @ForAll @IntRange(min = 0, max = 4) int wide) {
        Random random = new Random(seed);
        List<RangeTombstone> tombstones = random(random, wide / 3);
        for (int i = 0; i < count; i++) {
            String prefix = String.format("%03d/", random.nextInt(90));
            tombstones.add(new RangeTombstone(KeyRange.of(inside(prefix, random), inside(prefix, random)), 1 + random.nextInt(12)));
        }
        RangeTombstoneList list = RangeTombstoneList.of(tombstones);
        for (int i = 0; i < 200; i++) {
            byte[] bytes = inside(String.format("%03d/", random.nextInt(100)), random);
            Slice key = Slice.of(Arrays.copyOf(bytes, Math.min(bytes.length, 1 + random.nextInt(8))));
            long snapshot = random.nextInt(14);
            assertThat(list.newestCovering(key, snapshot)).as("%s at %d in %s", key, snapshot, list).isEqualTo(oneByOne(tombstones, key, snapshot));
        }
    }

    private static byte[] inside(String prefix, Random random) {
        return (prefix + new String(key(random), StandardCharsets.US_ASCII)).getBytes(StandardCharsets.US_ASCII);
    }

    @Property(tries = 300)
    void fragmentsAreAscendingDisjointAndJoined(@ForAll long seed, @ForAll @IntRange(min = 0, max = 15) int count) {
        RangeTombstoneList list = RangeTombstoneList.of(random(new Random(seed), count));
        for (int i = 0; i < list.size(); i++) {
            assertThat(list.range(i).isEmpty()).isFalse();
            assertThat(list.sequences(i)).isNotEmpty();
            for (int s = 1; s < list.sequences(i).length; s++) {
                assertThat(list.sequences(i)[s]).isLessThan(list.sequences(i)[s - 1]);
            }
            if (i > 0) {
                int order = Slice.compare(list.range(i - 1).upper(), list.range(i).lower());
                assertThat(order).isNotPositive();
                assertThat(order == 0 && Arrays.equals(list.sequences(i - 1), list.sequences(i))).isFalse();
            }
        }
    }

    @Property(tries = 300)
    void orderOfTombstonesTextAndTombstonesAgainMakeTheSameList(@ForAll long seed, @ForAll @IntRange(min = 0, max = 12) int count) {
        Random random = new Random(seed);
        List<RangeTombstone> tombstones = random(random, count);
        RangeTombstoneList list = RangeTombstoneList.of(tombstones);
        assertThat(RangeTombstoneList.of(list.tombstones())).isEqualTo(list);
        assertThat(RangeTombstoneList.parse(list.toString())).isEqualTo(list);
        Collections.shuffle(tombstones, random);
        assertThat(RangeTombstoneList.of(tombstones)).isEqualTo(list).hasSameHashCodeAs(list);
        assertThat(list.newest()).isEqualTo(list.tombstones().stream().mapToLong(RangeTombstone::sequence).max().orElse(0));
        assertThat(list.oldest()).isEqualTo(list.tombstones().stream().mapToLong(RangeTombstone::sequence).min().orElse(0));
    }

    @Property(tries = 300)
    void clipAndMergeSayWhatTheirPartsSay(@ForAll long seed, @ForAll @IntRange(min = 0, max = 12) int count) {
        Random random = new Random(seed);
        List<RangeTombstone> tombstones = random(random, count);
        RangeTombstoneList list = RangeTombstoneList.of(tombstones);
        KeyRange range = KeyRange.of(key(random), random.nextBoolean() ? null : key(random));
        RangeTombstoneList clipped = list.clip(range);
        int split = random.nextInt(count + 1);
        RangeTombstoneList merged = RangeTombstoneList.merge(List.of(RangeTombstoneList.of(tombstones.subList(0, split)),
                RangeTombstoneList.of(tombstones.subList(split, count)), RangeTombstoneList.EMPTY));
        assertThat(merged).isEqualTo(list);
        for (int i = 0; i < 50; i++) {
            Slice key = Slice.of(key(random));
            long snapshot = random.nextInt(14);
            assertThat(clipped.newestCovering(key, snapshot))
                    .isEqualTo(range.contains(key) ? list.newestCovering(key, snapshot) : 0);
        }
    }

    @Example
    void overlappingTombstonesAreCutWhereTheyBeginAndEnd() {
        assertThat(RangeTombstoneList.parse("[c,g)#7 [a,e)#5 [e,f)#5 [x,x)#9"))
                .hasToString("[a,c)#5 [c,f)#7#5 [f,g)#7");
        assertThat(RangeTombstoneList.parse("[a,c)#5 [c,f)#5")).hasToString("[a,f)#5");
        assertThat(RangeTombstoneList.parse("[\\x00\\xff,b)#1").range(0).lower()).containsExactly(0, -1);
        assertThatThrownBy(() -> RangeTombstoneList.parse("a-b#5")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[lower,upper)#sequence");
    }
}
