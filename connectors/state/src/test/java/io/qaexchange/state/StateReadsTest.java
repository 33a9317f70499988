package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.StoreLevel;
import io.qaexchange.storage.error.StoreClosedException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Other threads read the state of a task that goes on: each session sees one moment, and none outlives the state. */
@Timeout(120)
class StateReadsTest {
    private static final int KEYS = 50;
    private static final int MAP_ENTRIES = 100;
    private static final ValueStateDescriptor<Long> FIRST = new ValueStateDescriptor<>("first", LongSerializer.INSTANCE);
    private static final MapStateDescriptor<Long, Long> MAP = new MapStateDescriptor<>("map", LongSerializer.INSTANCE, LongSerializer.INSTANCE);
    private static final ListStateDescriptor<Long> LIST = new ListStateDescriptor<>("list", LongSerializer.INSTANCE);
    private static final ValueStateDescriptor<Long> LAST = new ValueStateDescriptor<>("last", LongSerializer.INSTANCE);

    @TempDir
    Path folder;
    private final AtomicLong clock = new AtomicLong(1_000);

    private TestBackend open(Duration patience, KeyGroupRange keyGroups) throws Exception {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        config.set(LsmStateOptions.READERS_PATIENCE, patience);
        TtlTimeProvider time = clock::get;
        return TestBackend.open(new LsmStateBackend().configure(config, getClass().getClassLoader()), keyGroups, time,
                new MockEnvironmentBuilder().build(), List.of());
    }

    private TestBackend open(Duration patience) throws Exception {
        return open(patience, TestBackend.ALL_KEY_GROUPS);
    }

    private static <S extends State> S state(TestBackend backend, StateDescriptor<S, ?> descriptor) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private static StateReads<String> reads(TestBackend backend) {
        return ((LsmKeyedStateBackend<String>) backend.keyed).reads();
    }

    @Test
    void statesOfWindowsAreReadByWindow() throws Exception {
        TimeWindow first = new TimeWindow(0, 10);
        TimeWindow second = new TimeWindow(10, 20);
        try (TestBackend backend = open(Duration.ofSeconds(2))) {
            ValueState<Long> byDefault = state(backend, FIRST);
            backend.keyed.setCurrentKey("key");
            byDefault.update(7L);
            for (TimeWindow window : List.of(first, second)) {
                backend.keyed.getPartitionedState(window, new TimeWindow.Serializer(), LAST).update(window.getStart());
                backend.keyed.getPartitionedState(window, new TimeWindow.Serializer(), LIST).add(window.getEnd());
                backend.keyed.getPartitionedState(window, new TimeWindow.Serializer(), MAP).put(1L, window.getEnd());
            }
            try (StateReadSession<String> session = reads(backend).open()) {
                assertThatThrownBy(() -> session.value("last", "key")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("inNamespace");
                assertThat(session.<Long>value("first", "key")).isEqualTo(7);
                for (TimeWindow window : List.of(second, first)) {
                    session.inNamespace(window);
                    assertThat(session.<Long>value("last", "key")).isEqualTo(window.getStart());
                    assertThat(session.<Long>list("list", "key")).containsExactly(window.getEnd());
                    assertThat(session.<Long, Long>mapValue("map", "key", 1L)).isEqualTo(window.getEnd());
                    assertThat(session.<Long, Long>mapEntries("map", "key").next().getValue()).isEqualTo(window.getEnd());
                }
                assertThat(session.inNamespace(new TimeWindow(20, 30)).<Long>value("last", "key")).isNull();
                assertThatThrownBy(() -> session.value("first", "key")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("default namespace");
                assertThatThrownBy(() -> session.inNamespace("window").value("last", "key")).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("not kept by namespaces like window");
                assertThat(session.inNamespace(VoidNamespace.INSTANCE).<Long>value("first", "key")).isEqualTo(7);
            }
        }
    }

    /** The task's states, each of which holds the number of the last round of a key. */
    private record Rounds(TestBackend backend, ValueState<Long> first, MapState<Long, Long> map, ListState<Long> list, ValueState<Long> last) {

        static Rounds of(TestBackend backend) throws Exception {
            return new Rounds(backend, state(backend, FIRST), state(backend, MAP), state(backend, LIST), state(backend, LAST));
        }

        void write(long round) throws Exception {
            for (int key = 0; key < KEYS; key++) {
                backend.keyed.setCurrentKey("key " + key);
                first.update(round);
                map.put(round % MAP_ENTRIES, round);
                if (round % 20 == 0) {
                    list.clear();
                }
                list.add(round);
                last.update(round);
            }
        }
    }

    /** The expected view of a key: the rounds of one moment, written in the order first, map, list, last. */
    private static void check(StateReadSession<String> session, String key) throws Exception {
        Long first = session.value("first", key);
        Long last = session.value("last", key);
        if (first == null) {
            assertThat(last).isNull();
            return;
        }
        assertThat(first - (last == null ? -1 : last)).as("first %s, last %s", first, last).isBetween(0L, 1L);
        List<Long> list = session.list("list", key);
        assertThat(list.isEmpty() ? first - 1 : list.get(list.size() - 1)).isBetween(first - 1, first);
        for (int i = 1; i < list.size(); i++) {
            assertThat(list.get(i)).isEqualTo(list.get(i - 1) + 1);
        }
        long entries = 0;
        for (Iterator<Map.Entry<Long, Long>> all = session.mapEntries("map", key); all.hasNext();) {
            Map.Entry<Long, Long> entry = all.next();
            assertThat(entry.getValue() % MAP_ENTRIES).isEqualTo(entry.getKey());
            assertThat(entry.getValue()).isBetween(first - MAP_ENTRIES, first);
            entries++;
        }
        assertThat(entries).isBetween(Math.min(first, MAP_ENTRIES), Math.min(first + 1, MAP_ENTRIES));
        if (last != null && last > 0) {
            assertThat((Long) session.mapValue("map", key, (last - 1) % MAP_ENTRIES)).isEqualTo(last - 1);
        }
        assertThat((Long) session.value("first", key)).as("read again").isEqualTo(first);
    }

    @Test
    void everySessionSeesOneMomentWhileTheTaskWritesTakesCheckpointsAndEnds() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Long>> readers = new ArrayList<>();
            try (TestBackend backend = open(Duration.ofSeconds(1))) {
                Rounds rounds = Rounds.of(backend);
                StateReads<String> reads = reads(backend);
                for (int reader = 0; reader < 3; reader++) {
                    readers.add(threads.submit(readUntilTheEnd(reads)));
                }
                Future<?> written = null;
                long id = 0;
                for (long round = 0; round < 1_500; round++) {
                    rounds.write(round);
                    backend.keyed.setCurrentKey("key 7");
                    assertThat(rounds.last().value()).as("the task's own view").isEqualTo(round);
                    if (round % 50 == 0 && (written == null || written.isDone())) {
                        RunnableFuture<SnapshotResult<KeyedStateHandle>> checkpoint = backend.beginCheckpoint(++id);
                        written = threads.submit(checkpoint);
                    }
                }
                assertThat(id).isGreaterThan(2);
            }
            for (Future<Long> reader : readers) {
                assertThat(reader.get()).as("sessions of a reader").isGreaterThan(1);
            }
        } finally {
            threads.shutdown();
        }
        Leftovers.requireNone(folder);
    }

    private static Callable<Long> readUntilTheEnd(StateReads<String> reads) {
        return () -> {
            long sessions = 0;
            long sequence = -1;
            while (true) {
                try (StateReadSession<String> session = reads.open()) {
                    assertThat(session.sequence()).isGreaterThanOrEqualTo(sequence);
                    sequence = session.sequence();
                    for (int i = 0; i < 5; i++) {
                        check(session, "key " + ThreadLocalRandom.current().nextInt(KEYS));
                    }
                    sessions++;
                } catch (StoreClosedException e) {
                    return sessions;
                } catch (UncheckedIOException e) {
                    assertThat(e).hasCauseInstanceOf(StoreClosedException.class);
                    return sessions;
                } catch (IllegalArgumentException e) {
                    // Before the task has registered its states.
                    assertThat(e).hasMessageContaining("has registered no state");
                }
            }
        };
    }

    @Test
    void anIteratorKeepsItsMomentHoweverMuchIsWrittenMeanwhile() throws Exception {
        try (TestBackend backend = open(Duration.ofSeconds(1))) {
            MapState<Long, Long> map = state(backend, MAP);
            backend.keyed.setCurrentKey("key");
            for (long entry = 0; entry < 5_000; entry++) {
                map.put(entry, entry);
            }
            try (StateReadSession<String> session = reads(backend).open()) {
                Iterator<Map.Entry<Long, Long>> entries = session.mapEntries("map", "key");
                for (long entry = 0; entry < 5_000; entry++) {
                    assertThat(entries.next()).isEqualTo(Map.entry(entry, entry));
                    map.put(entry, -1L);
                    map.remove(4_999 - entry);
                    if (entry % 1_000 == 0) {
                        ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
                    }
                }
                assertThat(entries.hasNext()).isFalse();
            }
        }
    }

    @Test
    void orderedRowsAreReadInRangesBothWays() throws Exception {
        OrderedMapStateDescriptor<TimedKey, String> descriptor = OrderedMapStateTest.ROWS;
        try (TestBackend backend = open(Duration.ofSeconds(1))) {
            OrderedMapState<TimedKey, String> rows = OrderedMapStates.open(backend.keyed, descriptor);
            backend.keyed.setCurrentKey("key");
            TreeMap<TimedKey, String> model = new TreeMap<>();
            for (int i = 0; i < 3_000; i++) {
                TimedKey key = new TimedKey(i % 3, i * 7 % 3_000, i);
                rows.put(key, "row " + i);
                model.put(key, "row " + i);
            }
            try (StateReadSession<String> session = reads(backend).open()) {
                rows.dropRange(null, null);
                TimedKey lower = new TimedKey(1, 100, 0);
                TimedKey upper = new TimedKey(2, 2_000, 0);
                assertRows(session.range(descriptor.name(), "key", null, null, false), model);
                assertRows(session.range(descriptor.name(), "key", lower, upper, false), model.subMap(lower, upper));
                assertRows(session.range(descriptor.name(), "key", lower, upper, true), model.subMap(lower, true, upper, false).descendingMap());
                assertRows(session.range(descriptor.name(), "another key", null, null, true), new TreeMap<>());
                assertThatThrownBy(() -> session.mapEntries(descriptor.name(), "key")).hasMessageContaining("ordered map");
            }
        }
    }

    private static void assertRows(Iterator<Map.Entry<TimedKey, String>> rows, Map<TimedKey, String> expected) {
        List<Map.Entry<TimedKey, String>> found = new ArrayList<>();
        rows.forEachRemaining(found::add);
        assertThat(found).isEqualTo(List.copyOf(expected.entrySet()));
    }

    @Test
    void whatHasExpiredIsNotRead() throws Exception {
        ValueStateDescriptor<String> descriptor = new ValueStateDescriptor<>("timed", StringSerializer.INSTANCE);
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofMillis(500)).build());
        try (TestBackend backend = open(Duration.ofSeconds(1)); StateReadSession<String> session = writeTimed(backend, descriptor)) {
            assertThat((String) session.value("timed", "key")).isEqualTo("value");
            clock.addAndGet(501);
            assertThat((String) session.value("timed", "key")).isNull();
        }
    }

    private static StateReadSession<String> writeTimed(TestBackend backend, ValueStateDescriptor<String> descriptor) throws Exception {
        backend.keyed.setCurrentKey("key");
        state(backend, descriptor).update("value");
        return reads(backend).open();
    }

    @Test
    void theEndOfTheTaskWaitsForASessionThatIsClosedInTime() throws Exception {
        TestBackend backend = open(Duration.ofSeconds(60));
        Rounds.of(backend).write(0);
        StateReadSession<String> session = reads(backend).open();
        Thread ending = new Thread(() -> backend.keyed.dispose());
        ending.start();
        for (int i = 0; i < 2_000; i++) {
            assertThat((Long) session.value("last", "key 1")).isZero();
        }
        assertThat(ending.isAlive()).isTrue();
        session.close();
        ending.join();
        backend.environment.close();
        assertThatThrownBy(() -> reads(backend).open()).isInstanceOf(StoreClosedException.class).hasMessageContaining("operator");
        Leftovers.requireNone(folder);
    }

    @Test
    void aSessionThatIsLeftOpenIsEndedWithAnErrorThatSaysSo() throws Exception {
        StateReadSession<String> session;
        Iterator<Map.Entry<Long, Long>> entries;
        try (TestBackend backend = open(Duration.ofMillis(50))) {
            Rounds.of(backend).write(0);
            session = reads(backend).open();
            entries = session.mapEntries("map", "key 1");
        }
        Leftovers.requireNone(folder);
        assertThatThrownBy(() -> session.value("last", "key 1")).isInstanceOf(StoreClosedException.class).hasMessageContaining("operator")
                .hasMessageContaining("task has ended");
        assertThatThrownBy(entries::hasNext).hasCauseInstanceOf(StoreClosedException.class);
        session.close();
    }

    @Test
    void theStoreIsLookedAtAndCompactedWhileTheTaskGoesOn() throws Exception {
        TestBackend backend = open(Duration.ofSeconds(2));
        ValueState<Long> first = state(backend, FIRST);
        for (int key = 0; key < KEYS; key++) {
            backend.keyed.setCurrentKey("key" + key);
            first.update((long) key);
        }
        StateReads<String> reads = reads(backend);
        assertThat(reads.view().levels()).as("all is in memory").isEmpty();

        reads.compact("key7");
        assertThat(reads.view().levels()).as("all of the memtable is flushed").isNotEmpty();
        reads.compact();

        StateReads.StoreView view = reads.view();
        assertThat(view.levels()).isNotEmpty().allSatisfy(level -> assertThat(level.fileBytes()).isNotEmpty());
        assertThat(view.levels().stream().filter(level -> level.family().equals("first")).mapToLong(StoreLevel::entries).sum()).isEqualTo(KEYS);
        assertThat(view.nextCompaction()).contains("first: nothing is due", "level=0");
        assertThat(view.statistics().get("flushes")).isPositive();
        backend.keyed.setCurrentKey("key7");
        assertThat(first.value()).isEqualTo(7);
        backend.close();
        assertThatThrownBy(reads::compact).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(() -> reads.compact("key7")).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(reads::view).isInstanceOf(StoreClosedException.class);
    }

    @Test
    void theEndOfTheTaskEndsACompaction() throws Exception {
        TestBackend backend = open(Duration.ofSeconds(30));
        ValueState<Long> first = state(backend, FIRST);
        for (int key = 0; key < KEYS; key++) {
            backend.keyed.setCurrentKey("key" + key);
            first.update((long) key);
        }
        StateReads<String> reads = reads(backend);
        AtomicLong compactions = new AtomicLong();
        AtomicReference<Exception> ended = new AtomicReference<>();
        Thread compacting = new Thread(() -> {
            try {
                while (true) {
                    reads.compact();
                    compactions.incrementAndGet();
                }
            } catch (Exception e) {
                ended.set(e);
            }
        });
        compacting.start();
        while (compactions.get() < 3) {
            Thread.onSpinWait();
        }

        backend.close();

        compacting.join();
        assertThat(ended.get()).isInstanceOfAny(InterruptedIOException.class, StoreClosedException.class);
    }

    @Test
    void mistakesAreNamed() throws Exception {
        try (TestBackend backend = open(Duration.ofSeconds(1), KeyGroupRange.of(0, 63))) {
            state(backend, FIRST);
            try (StateReadSession<String> session = reads(backend).open()) {
                assertThatThrownBy(() -> session.value("unknown", "key")).hasMessageContaining("unknown").hasMessageContaining("[first]");
                assertThatThrownBy(() -> session.list("first", "key")).hasMessageContaining("VALUE").hasMessageContaining("LIST");
                String elsewhere = "key";
                for (int i = 0; session.owns(elsewhere); i++) {
                    elsewhere = "key " + i;
                }
                String foreign = elsewhere;
                assertThatThrownBy(() -> session.value("first", foreign)).hasMessageContaining(foreign).hasMessageContaining("subtask")
                        .hasMessageContaining("key group");
            }
        }
    }
}
