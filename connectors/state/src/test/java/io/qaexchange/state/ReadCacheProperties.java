package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The cache against a map: it may know nothing of a key, and all that it knows is true. */
class ReadCacheProperties {

    private record Place(ReadCache.Owner owner, Object key, Object namespace) {
    }

    @Property(tries = 60)
    void whatItKnowsIsTrue(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long budget = 8_192 << random.nextInt(6);
        ReadCache cache = new ReadCache(budget);
        List<ReadCache.Owner> owners = List.of(new ReadCache.Owner(), new ReadCache.Owner());
        Map<Place, Object> truth = new HashMap<>();
        int known = 0;
        for (int step = 0; step < 5_000; step++) {
            Place place = new Place(owners.get(random.nextInt(2)), random.nextInt(4) == 0 ? random.nextInt(5_000) : random.nextInt(20), "n" + random.nextInt(3));
            switch (random.nextInt(4)) {
                case 0 -> {
                    Object value = random.nextInt(5) == 0 ? ReadCache.ABSENT : "value " + step;
                    cache.put(place.owner(), place.key(), place.namespace(), value, random.nextInt(ReadCache.LONGEST_VALUE + 1));
                    truth.put(place, value);
                }
                case 1 -> {
                    if (random.nextInt(4) == 0) {
                        cache.forget(place.owner(), place.key(), place.namespace());
                        assertThat(cache.get(place.owner(), place.key(), place.namespace())).isNull();
                    }
                }
                default -> {
                    Object found = cache.get(place.owner(), place.key(), place.namespace());
                    if (found != null) {
                        assertThat(found).isSameAs(truth.get(place));
                        known++;
                    }
                }
            }
            assertThat(cache.usedBytes()).isBetween(0L, budget);
        }
        assertThat(known).as("values that were found").isPositive();
    }

    @Test
    void hotKeysStayWhileOthersComeAndGo() {
        ReadCache cache = new ReadCache(1 << 20);
        ReadCache.Owner owner = new ReadCache.Owner();
        int found = 0;
        int asked = 0;
        for (long round = 0; round < 2_000; round++) {
            for (long key = 0; key < 50; key++) {
                asked++;
                if (cache.get(owner, key, "n") == null) {
                    cache.put(owner, key, "n", "hot", 10);
                } else {
                    found++;
                }
            }
            for (long i = 0; i < 20; i++) {
                cache.put(owner, 1_000 + 20 * round + i, "n", "cold", 100);
            }
        }
        assertThat((double) found / asked).isGreaterThan(0.9);
    }

    /** Nearly all keys are new for a while, then few come again and again: a sample has to find that out. */
    @Test
    void keysThatComeAgainAreFoundAfterAnyThatDidNot() {
        ReadCache cache = new ReadCache(1 << 20);
        ReadCache.Owner owner = new ReadCache.Owner();
        for (long key = 0; key < 1_000_000; key++) {
            assertThat(cache.get(owner, key, "n")).isNull();
            cache.put(owner, key, "n", "new", 10);
            // A change that it must not forget, whether or not it looks at this key now.
            cache.put(owner, -(key % 100), "n", key, 10);
        }
        int found = 0;
        for (long i = 0; i < 3_000_000; i++) {
            long key = -(i % 100);
            Object known = cache.get(owner, key, "n");
            if (known == null) {
                cache.put(owner, key, "n", 1_000_000 - 100 + i % 100, 10);
            } else {
                assertThat(((Number) known).longValue()).isEqualTo(1_000_000 - 100 + i % 100);
                found++;
            }
        }
        assertThat(found).isGreaterThan(1_000_000);
    }

    /** Whoever writes a new key looks for it and finds nothing, which says nothing of reads. */
    @Test
    void writesDoNotTellWhetherReadsPay() {
        ReadCache cache = new ReadCache(1 << 20);
        ReadCache.Owner owner = new ReadCache.Owner();
        int asked = 0;
        int found = 0;
        for (long i = 0; i < 2_000_000; i++) {
            assertThat(cache.peek(owner, 1_000 + i, "n")).isNull();
            if (i % 20 == 0) {
                asked++;
                long key = asked % 50;
                if (cache.get(owner, key, "n") == null) {
                    cache.put(owner, key, "n", "hot", 10);
                } else {
                    found++;
                }
            }
        }
        // A sample would find one in eight.
        assertThat((double) found / asked).isGreaterThan(0.5);
    }

    /** A sample sees one key in eight, so it must not wait for as many looks as the whole cache. */
    @Test
    void aSampleIsJudgedSoon() {
        ReadCache cache = new ReadCache(1 << 20);
        ReadCache.Owner owner = new ReadCache.Owner();
        for (long key = 0; key < 1_000_000; key++) {
            assertThat(cache.get(owner, key, "n")).isNull();
            cache.put(owner, key, "n", "new", 10);
        }
        int found = 0;
        for (long i = 0; i < 300_000; i++) {
            long key = -1 - i % 1_000;
            if (cache.get(owner, key, "n") == null) {
                cache.put(owner, key, "n", "again", 10);
            } else {
                found++;
            }
        }
        assertThat(found).isGreaterThan(150_000);
    }

    /** Once the sample has found that keys come again, the table grows until it holds most of them. It misses keys of which three have the same two places. */
    @Test
    void keepsAsManyAsItsMemoryAllows() {
        ReadCache cache = new ReadCache(16 << 20);
        ReadCache.Owner owner = new ReadCache.Owner();
        int keys = 100_000;
        for (int round = 0; round < 10; round++) {
            int found = 0;
            for (long key = 0; key < keys; key++) {
                Object known = cache.get(owner, key, "n");
                if (known == null) {
                    cache.put(owner, key, "n", key, 8);
                } else {
                    assertThat(known).isEqualTo(key);
                    found++;
                }
            }
            assertThat(found).as("found in round %d", round).isGreaterThanOrEqualTo(round < 9 ? 0 : keys * 8 / 10);
        }
        assertThat(cache.usedBytes()).isBetween(9L << 20, 16L << 20);
    }

    @Test
    void withoutMemoryItKeepsNothing() {
        ReadCache cache = new ReadCache(0);
        ReadCache.Owner owner = new ReadCache.Owner();
        cache.put(owner, 1, "n", "value", 1);
        assertThat(cache.isEnabled()).isFalse();
        assertThat(cache.get(owner, 1, "n")).isNull();
        cache.forget(owner, 1, "n");
    }
}
