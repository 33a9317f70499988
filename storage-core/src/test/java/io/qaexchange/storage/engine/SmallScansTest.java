package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scans of a few rows, which take over what the scan before them walked with, and of keys that were overwritten very often. */
class SmallScansTest {
    private static final int PREFIXES = 500;
    private static final int PER_PREFIX = 10;

    @TempDir
    Path directory;

    private LsmStore store;
    private ColumnFamily family;

    @BeforeEach
    void open() throws IOException {
        store = LsmStore.open(directory, StoreOptions.builder().durability(Durability.NO_LOG).executor(Runnable::run).build());
        family = store.createFamily(FamilyOptions.builder("state").build());
    }

    @AfterEach
    void close() throws IOException {
        store.discard();
    }

    private static byte[] key(int prefix, int i) {
        byte[] key = new byte[8];
        Memory.putInt(key, Memory.ARRAY_BASE, Integer.reverseBytes(prefix));
        Memory.putInt(key, Memory.ARRAY_BASE + 4, Integer.reverseBytes(i));
        return key;
    }

    private static KeyRange range(int prefix) {
        return KeyRange.of(key(prefix, 0), key(prefix + 1, 0));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Into a deep level, level 0 and memory. */
    private void fill() throws IOException {
        for (int i = 0; i < PER_PREFIX; i++) {
            for (int prefix = 0; prefix < PREFIXES; prefix++) {
                store.put(family, key(prefix, i), bytes(prefix + "/" + i));
            }
            if (i == 3) {
                store.compact(family, KeyRange.ALL);
            } else if (i == 5) {
                store.flush();
            }
        }
    }

    private static List<String> rest(StoreIterator iterator) throws IOException {
        List<String> rows = new ArrayList<>();
        for (; iterator.valid(); iterator.next()) {
            rows.add(new String(iterator.value().toByteArray(), StandardCharsets.UTF_8));
        }
        return rows;
    }

    private static List<String> rows(int prefix) {
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < PER_PREFIX; i++) {
            rows.add(prefix + "/" + i);
        }
        return rows;
    }

    @Test
    void iteratorsThatAreOpenTogetherDoNotMeet() throws Exception {
        fill();
        StoreIterator first = store.iterator(family, range(7), null);
        first.seekToFirst();
        StoreIterator second = store.iterator(family, range(8), null);
        second.seekToLast();
        first.next();
        second.previous();
        second.close();
        StoreIterator third = store.iterator(family, range(9), null);
        third.seekToFirst();
        assertThat(rest(first)).isEqualTo(rows(7).subList(1, PER_PREFIX));
        first.close();
        assertThat(rest(third)).isEqualTo(rows(9));
        third.close();
    }

    @Test
    void aClosedIteratorDoesNotReachIntoTheNextOne() throws Exception {
        fill();
        StoreIterator closed = store.iterator(family, range(3), null);
        closed.seekToFirst();
        closed.close();
        try (StoreIterator next = store.iterator(family, range(4), null)) {
            next.seekToFirst();
            assertThat(closed.valid()).isFalse();
            assertThatThrownBy(closed::next).isInstanceOf(IllegalStateException.class).hasMessage("the iterator is closed");
            assertThatThrownBy(closed::seekToFirst).isInstanceOf(IllegalStateException.class).hasMessage("the iterator is closed");
            closed.close();
            assertThat(rest(next)).isEqualTo(rows(4));
        }
    }

    @Test
    void aScanSeesWhatIsWrittenFlushedAndMergedBetweenScans() throws Exception {
        fill();
        for (int round = 0; round < 4; round++) {
            store.put(family, key(5, PER_PREFIX + round), bytes("new" + round));
            if (round == 1) {
                store.flush();
            } else if (round == 2) {
                store.compact(family, KeyRange.ALL);
            }
            try (StoreIterator iterator = store.iterator(family, range(5), null)) {
                iterator.seekToFirst();
                assertThat(rest(iterator)).hasSize(PER_PREFIX + round + 1).endsWith("new" + round);
            }
            store.deleteRange(family, range(6 + round));
            try (StoreIterator iterator = store.iterator(family, KeyRange.of(key(6, 0), key(11, 0)), null)) {
                iterator.seekToFirst();
                assertThat(rest(iterator)).hasSize((4 - round) * PER_PREFIX);
            }
        }
    }

    @Test
    void aScanAllocatesNoMoreThanItsIterator() throws Exception {
        fill();
        KeyRange[] ranges = new KeyRange[PREFIXES];
        for (int i = 0; i < PREFIXES; i++) {
            ranges[i] = range(i);
        }
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long perScan = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            long before = threads.getThreadAllocatedBytes(thread);
            for (KeyRange range : ranges) {
                try (StoreIterator iterator = store.iterator(family, range, null)) {
                    int rows = 0;
                    for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                        rows++;
                    }
                    assertThat(rows == PER_PREFIX).isTrue();
                }
            }
            perScan = Math.min(perScan, (threads.getThreadAllocatedBytes(thread) - before) / PREFIXES);
        }
        // The iterator, its two views, its bounds; assertThat's own object. Sources made anew would be kilobytes.
        assertThat(perScan).isLessThan(512);
    }

    @Test
    void anEmptyRangeIsKnownFromWhicheverSourceHoldsTheNewest() throws Exception {
        fill();
        assertThat(store.isEmpty(family, range(5))).isFalse();
        assertThat(store.isEmpty(family, range(PREFIXES))).isTrue();
        for (int i = 0; i < PER_PREFIX - 1; i++) {
            store.delete(family, key(5, i));
        }
        assertThat(store.isEmpty(family, range(5))).isFalse();
        store.flush();
        store.delete(family, key(5, PER_PREFIX - 1));
        assertThat(store.isEmpty(family, range(5))).isTrue();
        store.deleteRange(family, range(6));
        assertThat(store.isEmpty(family, range(6))).isTrue();
        store.put(family, key(6, 3), bytes("again"));
        assertThat(store.isEmpty(family, range(6))).isFalse();
    }

    /** Were old versions walked one by one, each of these loops would make 10^10 steps. */
    @Test
    void versionsThatAreNotSeenAreNotWalked() throws Exception {
        store.put(family, key(1, 0), bytes("before"));
        store.put(family, key(1, 1), bytes("first"));
        try (Snapshot early = store.snapshot()) {
            for (int i = 0; i < 200_000; i++) {
                store.put(family, key(1, 1), bytes("v" + i));
            }
            store.put(family, key(1, 2), bytes("behind"));
            for (int scan = 0; scan < 50_000; scan++) {
                try (StoreIterator iterator = store.iterator(family, range(1), null)) {
                    iterator.seekToFirst();
                    iterator.next();
                    iterator.next();
                    assertThat(iterator.valid()).isTrue();
                }
            }
            for (int scan = 0; scan < 50_000; scan++) {
                try (StoreIterator iterator = store.iterator(family, range(1), scan % 2 == 0 ? null : early)) {
                    iterator.seekToLast();
                    iterator.previous();
                    assertThat(iterator.valid()).isTrue();
                }
            }
            for (int scan = 0; scan < 50_000; scan++) {
                try (StoreIterator iterator = store.iterator(family, range(1), early)) {
                    iterator.seekToFirst();
                    assertThat(rest(iterator)).containsExactly("before", "first");
                }
            }
            try (StoreReader reader = store.reader(early)) {
                for (int read = 0; read < 50_000; read++) {
                    assertThat(reader.get(family, Slice.of(key(1, 1)))).isTrue();
                }
                assertThat(reader.value()).isEqualTo(Slice.of(bytes("first")));
            }
        }
    }
}
