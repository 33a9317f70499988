package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreEvent.FilesDroppedEvent;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Expired data leaves the files, and nothing older comes back for it. Times to live are 100 ms, by a clock that the tests set. */
class TimeToLiveTest {
    @TempDir
    Path directory;

    private final AtomicLong now = new AtomicLong(0);
    private LsmStore store;
    private ColumnFamily family;

    @BeforeEach
    void begin() {
        now.set(0);
    }

    private void open(CompactionStyle style) throws Exception {
        FamilyOptions.Builder options = FamilyOptions.builder("cached").compactionStyle(style).eventTimeFromEnd(8).timeToLive(100, 2);
        store = LsmStore.open(directory, StoreOptions.builder().durability(Durability.NO_LOG).executor(Runnable::run).clock(now::get).build());
        family = store.createFamily(style == CompactionStyle.TIME_WINDOW ? options.windowNanos(1_000_000).build() : options.build());
    }

    @ParameterizedTest
    @EnumSource(CompactionStyle.class)
    void aFileGoesUnreadWhenItsYoungestValueHasExpired(CompactionStyle style) throws Exception {
        open(style);
        put(1, 10);
        put(2, 20);
        store.flush();
        now.set(119);
        store.awaitIdle();
        assertThat(files()).isEqualTo(1);
        now.set(120);
        store.awaitIdle();
        assertThat(files()).isZero();
        assertThat(store.statistics().get(StoreMetric.FILES_DROPPED)).isEqualTo(1);
        assertThat(store.statistics().get(StoreMetric.COMPACTION_READ_BYTES)).isZero();
        store.close();
    }

    @ParameterizedTest
    @EnumSource(CompactionStyle.class)
    void anExpiredFileStaysWhileItHidesAnOlderValueThatHasNot(CompactionStyle style) throws Exception {
        open(style);
        put(1, 500);
        store.flush();
        put(1, 10);
        store.flush();
        now.set(200);
        store.awaitIdle();
        assertThat(value(1)).isIn(null, 10L);
        store.compact(family, KeyRange.ALL);
        assertThat(value(1)).isNull();
        now.set(1_000);
        store.awaitIdle();
        store.compact(family, KeyRange.ALL);
        assertThat(files()).isZero();
        store.close();
    }

    @Test
    void filesThatHideOnlyWhatHasExpiredTooGoTogether() throws Exception {
        open(CompactionStyle.LEVELED);
        put(1, 10);
        put(3, 10);
        store.flush();
        put(2, 20);
        put(4, 20);
        store.flush();
        now.set(120);
        store.awaitIdle();
        assertThat(files()).isZero();
        assertThat(store.statistics().get(StoreMetric.COMPACTIONS)).isZero();
        store.close();
    }

    @ParameterizedTest
    @EnumSource(CompactionStyle.class)
    void aFileGivesBackTheHalfThatHasExpired(CompactionStyle style) throws Exception {
        open(style);
        for (int i = 0; i < 100; i++) {
            put(i, i);
        }
        store.flush();
        if (style == CompactionStyle.LEVELED) {
            store.compact(family, KeyRange.ALL);
        }
        now.set(140);
        store.awaitIdle();
        assertThat(entries()).isEqualTo(100);
        now.set(151);
        store.awaitIdle();
        assertThat(entries()).isEqualTo(48);
        assertThat(value(51)).isNull();
        assertThat(value(52)).isEqualTo(52L);
        now.set(190);
        store.awaitIdle();
        assertThat(entries()).as("a tenth of a life is not worth writing").isEqualTo(48);
        now.set(199);
        store.awaitIdle();
        assertThat(files()).isZero();
        store.close();
    }

    @Test
    void valuesThatTellNoTimeOfWritingNeverExpire() throws Exception {
        open(CompactionStyle.LEVELED);
        put(1, 10);
        store.put(family, Slice.of(key(2)), Slice.of(new byte[9]));
        store.flush();
        store.compact(family, KeyRange.ALL);
        now.set(Long.MAX_VALUE);
        store.awaitIdle();
        assertThat(entries()).isEqualTo(1);
        assertThat(store.get(family, key(2))).hasSize(9);
        store.close();
    }

    @Test
    void aTimeOfWritingFarAheadDoesNotOverflow() throws Exception {
        open(CompactionStyle.LEVELED);
        put(1, Long.MAX_VALUE - 1);
        put(2, Long.MIN_VALUE);
        store.flush();
        store.compact(family, KeyRange.ALL);
        assertThat(value(1)).isEqualTo(Long.MAX_VALUE - 1);
        assertThat(value(2)).isNull();
        store.close();
    }

    @Test
    void anIdleStoreLooksForExpiredFilesByItself() throws Exception {
        open(CompactionStyle.LEVELED);
        put(1, 10);
        store.flush();
        store.close();
        CountDownLatch dropped = new CountDownLatch(1);
        StoreOptions ownThreads = StoreOptions.builder().durability(Durability.NO_LOG).clock(now::get).listener(event -> {
            if (event instanceof FilesDroppedEvent) {
                dropped.countDown();
            }
        }).build();
        store = LsmStore.open(directory, ownThreads);
        store.awaitIdle();
        assertThat(files()).isEqualTo(1);
        now.set(110);
        assertThat(dropped.await(60, TimeUnit.SECONDS)).isTrue();
        store.close();
    }

    @Test
    void aFamilyCreatedLaterIsLookedAtWithinAMinute() throws Exception {
        ManualTimer timer = new ManualTimer();
        List<Long> droppedAt = new ArrayList<>();
        store = LsmStore.open(directory, StoreOptions.builder().durability(Durability.NO_LOG).executor(timer).clock(timer::nowMillis).listener(event -> {
            if (event instanceof FilesDroppedEvent) {
                droppedAt.add(timer.nowMillis());
            }
        }).build());
        timer.advance(5_000);
        family = store.createFamily(FamilyOptions.builder("late").timeToLive(1_000, 2).build());
        put(1, 5_000);
        store.flush();
        timer.advance(54_999);
        assertThat(droppedAt).isEmpty();
        timer.advance(1);
        assertThat(droppedAt).containsExactly(60_000L);
        put(1, 60_000);
        store.flush();
        timer.advance(3_000);
        assertThat(droppedAt).as("from now on every second").containsExactly(60_000L, 61_000L);
        store.close();
        timer.advance(300_000);
        assertThat(timer.isIdle()).as("a closed store times nothing").isTrue();
    }

    private int files() throws Exception {
        return Math.toIntExact(store.statistics().get(StoreMetric.FILES));
    }

    private long entries() throws Exception {
        return store.approximateSize(family, KeyRange.ALL).entries();
    }

    private void put(int key, long writtenAt) throws Exception {
        byte[] value = new byte[12];
        Memory.putLong(value, Memory.ARRAY_BASE + 2, Long.reverseBytes(writtenAt));
        store.put(family, Slice.of(key(key)), Slice.of(value));
    }

    /** The time at which the key's value was written; null if it has none. */
    private Long value(int key) throws Exception {
        byte[] value = store.get(family, key(key));
        return value == null ? null : Slice.of(value).getLongBigEndian(2);
    }

    private static byte[] key(int i) {
        byte[] key = new byte[9];
        Memory.putLong(key, Memory.ARRAY_BASE + 1, Long.reverseBytes(i ^ Long.MIN_VALUE));
        return key;
    }
}
