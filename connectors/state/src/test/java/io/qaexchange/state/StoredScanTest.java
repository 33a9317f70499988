package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Other threads read state as it is stored, in any range, order and number, as of now or as of a checkpoint. */
@Timeout(120)
class StoredScanTest {
    private static final String ROWS = OrderedMapStateTest.ROWS.name();
    private static final List<String> KEYS = List.of("", "a", "aa", "b", "instrument", "z\u00fc");
    private static final int TABLES = 3;

    @TempDir
    Path folder;

    private TestBackend open(KeyGroupRange keyGroups, Duration patience) throws Exception {
        Configuration config = new Configuration().set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString())
                .set(LsmStateOptions.MANAGED_MEMORY, false).set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1))
                .set(LsmStateOptions.READERS_PATIENCE, patience);
        return TestBackend.open(new LsmStateBackend().configure(config, getClass().getClassLoader()), keyGroups, List.of());
    }

    private TestBackend open() throws Exception {
        return open(TestBackend.ALL_KEY_GROUPS, Duration.ofSeconds(1));
    }

    private static LsmKeyedStateBackend<String> lsm(TestBackend backend) {
        return (LsmKeyedStateBackend<String>) backend.keyed;
    }

    private static StateReads<String> reads(TestBackend backend) {
        return lsm(backend).reads();
    }

    /** A row as a scan shows it. */
    private record Row(String key, TimedKey row, String value) {
    }

    /** The written values by stored key. */
    private static NavigableMap<byte[], Row> write(TestBackend backend, Random random, int rows) throws Exception {
        OrderedMapState<TimedKey, String> state = OrderedMapStates.open(backend.keyed, OrderedMapStateTest.ROWS);
        NavigableMap<byte[], Row> model = new TreeMap<>(Arrays::compareUnsigned);
        try (StateReadSession<String> session = reads(backend).open()) {
            for (int i = 0; i < rows; i++) {
                Row row = new Row(KEYS.get(random.nextInt(KEYS.size())), randomRow(random), "value " + i);
                backend.keyed.setCurrentKey(row.key);
                state.put(row.row, row.value);
                model.put(storedKey(session, row), row);
                if (i % 400 == 399) {
                    lsm(backend).store().engine().flush();
                }
            }
        }
        return model;
    }

    private static TimedKey randomRow(Random random) {
        return new TimedKey(random.nextInt(TABLES), random.nextInt(1_000), random.nextInt(3));
    }

    private static byte[] storedKey(StateReadSession<String> session, Row row) throws Exception {
        return session.storedRowsOf(ROWS, row.key, row.row, null).lower();
    }

    /** Everything that a scan shows, in blocks of that size; checks that values are those of the rows. */
    private static List<byte[]> readAll(StoredScan scan, int blockBytes, NavigableMap<byte[], Row> model) throws Exception {
        List<byte[]> keys = new ArrayList<>();
        StoredBlock block = new StoredBlock(blockBytes);
        while (scan.fill(block)) {
            for (int i = 0; i < block.count(); i++) {
                byte[] key = block.key(i);
                assertThat(Arrays.copyOfRange(block.bytes(), block.keyBegin(i), block.valueBegin(i))).isEqualTo(key);
                keys.add(key);
                String value = model.get(key).value;
                // Not null; the length of the text, plus one; the text.
                byte[] expected = ("\0" + (char) (value.length() + 1) + value).getBytes(StandardCharsets.ISO_8859_1);
                assertThat(block.value(i)).isEqualTo(expected);
            }
        }
        assertThat(scan.fill(block)).isFalse();
        return keys;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void rangesAreThoseOfAMap(long seed) throws Exception {
        Random random = new Random(seed);
        try (TestBackend backend = open()) {
            NavigableMap<byte[], Row> model = write(backend, random, 2_000);
            List<byte[]> stored = List.copyOf(model.keySet());
            try (StateReadSession<String> session = reads(backend).open()) {
                assertThat(readAll(session.scan(ROWS, StoredRange.ALL), 1 << 16, model)).containsExactlyElementsOf(stored);
                for (int i = 0; i < 60; i++) {
                    byte[] a = stored.get(random.nextInt(stored.size()));
                    byte[] b = stored.get(random.nextInt(stored.size()));
                    KeyRange keys = random.nextInt(5) == 0 ? session.storedKeysOf(ROWS, KEYS.get(random.nextInt(KEYS.size())))
                            : Arrays.compareUnsigned(a, b) <= 0 ? KeyRange.of(a, b) : KeyRange.of(b, random.nextBoolean() ? a : null);
                    TimeRange times = random.nextBoolean() ? TimeRange.ALL : new TimeRange(random.nextInt(1_000), random.nextInt(1_000));
                    long limit = random.nextInt(3) == 0 ? random.nextInt(40) : Long.MAX_VALUE;
                    StoredRange range = new StoredRange(keys, times, random.nextBoolean(), limit);
                    List<byte[]> expected = keys(range.descending() ? model.descendingMap() : model, keys, times).stream().limit(limit).toList();
                    assertThat(readAll(session.scan(ROWS, range), 1 + random.nextInt(500), model)).as("%s", range).containsExactlyElementsOf(expected);
                }
            }
        }
    }

    private static List<byte[]> keys(NavigableMap<byte[], Row> rows, KeyRange keys, TimeRange times) {
        return rows.entrySet().stream().filter(row -> keys.contains(row.getKey()) && times.contains(row.getValue().row.eventTimeNs()))
                .map(Map.Entry::getKey).toList();
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15})
    void rowsOfEachKeyAreThoseOfAMap(long seed) throws Exception {
        Random random = new Random(seed);
        try (TestBackend backend = open()) {
            NavigableMap<byte[], Row> model = write(backend, random, 2_000);
            try (StateReadSession<String> session = reads(backend).open()) {
                for (int i = 0; i < 80; i++) {
                    TimedKey lower = random.nextInt(4) == 0 ? null : randomRow(random);
                    TimedKey upper = random.nextInt(4) == 0 ? null : randomRow(random);
                    long perKey = random.nextInt(3) == 0 ? Long.MAX_VALUE : random.nextInt(5);
                    long limit = random.nextInt(3) == 0 ? random.nextInt(40) : Long.MAX_VALUE;
                    KeyRange keys = random.nextBoolean() ? KeyRange.ALL : KeyRange.of(session.storedKeysOf(KeyGroupRangeAssignment
                            .assignToKeyGroup(KEYS.get(random.nextInt(KEYS.size())), 128)).lower(), null);
                    StoredRange range = new StoredRange(keys, TimeRange.ALL, random.nextBoolean(), limit);
                    Map<String, Integer> shown = new HashMap<>();
                    List<byte[]> expected = (range.descending() ? model.descendingMap() : model).entrySet().stream()
                            .filter(row -> keys.contains(row.getKey()) && (lower == null || row.getValue().row.compareTo(lower) >= 0)
                                    && (upper == null || row.getValue().row.compareTo(upper) < 0))
                            .filter(row -> shown.merge(row.getValue().key, 1, Integer::sum) <= perKey)
                            .map(Map.Entry::getKey).limit(limit).toList();
                    assertThat(readAll(session.scanEachKey(ROWS, range, lower, upper, perKey), 1 + random.nextInt(500), model))
                            .as("%s from %s to %s, %s per key", range, lower, upper, perKey).containsExactlyElementsOf(expected);
                }
            }
        }
    }

    @Test
    void sessionKeepsItsMomentWhateverIsDoneToTheRowsMeanwhile() throws Exception {
        try (TestBackend backend = open()) {
            NavigableMap<byte[], Row> model = write(backend, new Random(7), 3_000);
            try (StateReadSession<String> session = reads(backend).open()) {
                StoredScan scan = session.scan(ROWS, StoredRange.ALL);
                StoredBlock first = new StoredBlock(100);
                assertThat(scan.fill(first)).isTrue();
                OrderedMapState<TimedKey, String> rows = OrderedMapStates.open(backend.keyed, OrderedMapStateTest.ROWS);
                for (String key : KEYS) {
                    backend.keyed.setCurrentKey(key);
                    rows.dropBefore(600);
                    lsm(backend).store().engine().flush();
                    rows.dropRange(new TimedKey(0, 0, 0), new TimedKey(1, 500, 0));
                    rows.put(new TimedKey(2, 700, 0), "later");
                }
                lsm(backend).store().engine().flush();
                lsm(backend).store().engine().compact(lsm(backend).store().family(ROWS), KeyRange.ALL);
                StoredBlock rest = new StoredBlock(1 << 20);
                assertThat(scan.fill(rest)).isTrue();
                assertThat(first.count() + rest.count()).isEqualTo(model.size());
                try (StateReadSession<String> same = session.another()) {
                    assertThat(same.sequence()).isEqualTo(session.sequence());
                    assertThat(readAll(same.scan(ROWS, StoredRange.ALL), 1 << 16, model)).containsExactlyElementsOf(model.keySet());
                }
            }
        }
    }

    @Test
    void otherKindsOfStateAreScannedToo() throws Exception {
        try (TestBackend backend = open()) {
            MapState<Long, Long> map = backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                    new MapStateDescriptor<>("map", LongSerializer.INSTANCE, LongSerializer.INSTANCE));
            ValueState<Long> value = backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                    new ValueStateDescriptor<>("value", LongSerializer.INSTANCE));
            for (String key : KEYS) {
                backend.keyed.setCurrentKey(key);
                value.update((long) key.length());
                for (long i = 0; i < 10; i++) {
                    map.put(i, i);
                }
            }
            try (StateReadSession<String> session = reads(backend).open()) {
                StoredBlock block = new StoredBlock(1 << 16);
                assertThat(session.scan("map", StoredRange.of(session.storedKeysOf("map", "aa")).reversed().limitedTo(3)).fill(block)).isTrue();
                assertThat(block.count()).isEqualTo(3);
                assertThat(block.key(0)).endsWith(0, 0, 0, 0, 0, 0, 0, 9);
                assertThat(block.value(2)).containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 7);
                assertThat(session.scan("value", StoredRange.ALL).fill(block)).isTrue();
                assertThat(block.count()).isEqualTo(KEYS.size());
                block.clear();
                assertThat(session.get("value", session.storedKeysOf("value", "aa").lower(), block)).isTrue();
                assertThat(block.value(0)).containsExactly(0, 0, 0, 0, 0, 0, 0, 2);
                assertThat(session.get("value", session.storedKeysOf("value", "none").lower(), block)).isFalse();
                assertThat(block.count()).isEqualTo(1);
                assertThatThrownBy(() -> session.scan("map", StoredRange.ALL.at(new TimeRange(0, 1)))).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("no event times");
            }
        }
    }

    @Test
    void mistakesAreNamed() throws Exception {
        try (TestBackend backend = open(KeyGroupRange.of(0, 63), Duration.ofSeconds(1))) {
            OrderedMapStates.open(backend.keyed, OrderedMapStateTest.ROWS);
            try (StateReadSession<String> session = reads(backend).open()) {
                assertThatThrownBy(() -> session.scan("unknown", StoredRange.ALL)).hasMessageContaining("has registered no state unknown");
                assertThatThrownBy(() -> session.storedKeysOf(64)).hasMessageContaining("key group 64").hasMessageContaining("subtask");
                assertThatThrownBy(() -> session.scanEachKey(ROWS, StoredRange.ALL, new TimedKey(0, -500, 0), null, 1))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("negative");
                String foreign = KEYS.stream().filter(key -> !session.owns(key)).findFirst().orElseThrow();
                assertThatThrownBy(() -> session.storedKeysOf(ROWS, foreign)).hasMessageContaining("subtask");
                assertThatThrownBy(() -> StoredRange.ALL.limitedTo(-1)).hasMessageContaining("-1");
            }
        }
    }

    @Test
    void completedCheckpointsAreHeldAndShownAsOfTheirBarrier() throws Exception {
        try (TestBackend backend = open()) {
            ValueState<Long> value = backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                    new ValueStateDescriptor<>("value", LongSerializer.INSTANCE));
            StateReads<String> reads = reads(backend);
            backend.keyed.setCurrentKey("key");
            value.update(0L);
            backend.finish(1, backend.beginCheckpoint(1));
            assertThat(reads.heldCheckpoints()).as("not asked for").isEmpty();
            reads.keepCheckpoints(2);
            StateReadSession<String> second = null;
            for (long id = 2; id <= 5; id++) {
                value.update(id);
                var begun = backend.beginCheckpoint(id);
                value.update(-id);
                lsm(backend).store().engine().flush();
                assertThat(reads.heldCheckpoints()).doesNotContain(id);
                backend.finish(id, begun);
                if (id == 2) {
                    second = reads.openCheckpoint(2);
                }
            }
            assertThat(reads.heldCheckpoints()).containsExactly(4L, 5L);
            try (StateReadSession<String> now = reads.open(); StateReadSession<String> fourth = reads.openCheckpoint(4);
                    StateReadSession<String> fifth = reads.openCheckpoint(5); StateReadSession<String> released = second) {
                assertThat(now.<Long>value("value", "key")).isEqualTo(-5);
                assertThat(now.checkpoint()).isEmpty();
                assertThat(fourth.<Long>value("value", "key")).isEqualTo(4);
                assertThat(fourth.checkpoint()).hasValue(4);
                assertThat(fifth.<Long>value("value", "key")).isEqualTo(5);
                assertThat(released.<Long>value("value", "key")).as("held by its reader").isEqualTo(2);
                try (StateReadSession<String> another = released.another()) {
                    assertThat(another.checkpoint()).hasValue(2);
                    assertThat(another.<Long>value("value", "key")).isEqualTo(2);
                }
            }
            assertThatThrownBy(() -> reads.openCheckpoint(3)).isInstanceOf(CheckpointNotHeldException.class)
                    .hasMessageContaining("checkpoint 3").hasMessageContaining("[4, 5]");
            // One that is aborted, one that is overtaken, and a savepoint are not held.
            value.update(6L);
            backend.beginCheckpoint(6).cancel(true);
            backend.keyed.notifyCheckpointAborted(6);
            backend.beginCheckpoint(7, SavepointType.savepoint(SavepointFormatType.NATIVE), new MemCheckpointStreamFactory(1 << 20)).run();
            var overtaken = backend.beginCheckpoint(8);
            backend.finish(9, backend.beginCheckpoint(9));
            overtaken.cancel(true);
            reads.completeCheckpoint(8);
            assertThat(reads.heldCheckpoints()).containsExactly(5L, 9L);
            reads.restoredFrom(10);
            assertThat(reads.heldCheckpoints()).containsExactly(9L, 10L);
            reads.keepCheckpoints(0);
            assertThat(reads.heldCheckpoints()).isEmpty();
            assertThat(lsm(backend).store().engine().statistics().get(StoreMetric.SNAPSHOTS)).as("pins that are left").isZero();
        }
        Leftovers.requireNone(folder);
    }

    @Test
    void theEndOfTheTaskWaitsForARunAndEndsTheScan() throws Exception {
        TestBackend backend = open(TestBackend.ALL_KEY_GROUPS, Duration.ofMillis(20));
        write(backend, new Random(1), 500);
        StateReads<String> reads = reads(backend);
        reads.keepCheckpoints(1);
        backend.finish(1, backend.beginCheckpoint(1));
        StateReadSession<String> session = reads.openCheckpoint(1);
        StoredScan scan = session.scan(ROWS, StoredRange.ALL);
        CountDownLatch inRun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<Boolean> run = threads.submit(() -> scan.run((key, value) -> {
                inRun.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                // Bytes of a memtable or mapped file, which must still be there.
                return key.toByteArray().length + value.toByteArray().length > 0;
            }));
            inRun.await();
            Future<?> ended = threads.submit(() -> backend.keyed.dispose());
            assertThat(ended.isDone()).isFalse();
            goOn.countDown();
            assertThat(run.get()).isFalse();
            ended.get();
        } finally {
            threads.shutdown();
        }
        backend.environment.close();
        assertThatThrownBy(() -> scan.run((key, value) -> true)).isInstanceOf(StoreClosedException.class).hasMessageContaining("task has ended");
        assertThatThrownBy(session::another).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(() -> reads.openCheckpoint(1)).isInstanceOf(StoreClosedException.class);
        session.close();
        Leftovers.requireNone(folder);
    }

    /** Many threads scan one moment each while the task writes, flushes, drops and takes checkpoints. */
    @Test
    void scansInOtherThreadsSeeWholeMoments() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (TestBackend backend = open(TestBackend.ALL_KEY_GROUPS, Duration.ofSeconds(20))) {
            OrderedMapState<TimedKey, String> rows = OrderedMapStates.open(backend.keyed, OrderedMapStateTest.ROWS);
            StateReads<String> reads = reads(backend);
            reads.keepCheckpoints(3);
            CountDownLatch written = new CountDownLatch(1);
            List<Future<Integer>> readers = new ArrayList<>();
            for (int reader = 0; reader < 3; reader++) {
                readers.add(threads.submit(() -> {
                    int scans = 0;
                    for (; written.getCount() > 0 || scans == 0; scans++) {
                        List<Long> held = reads.heldCheckpoints();
                        if (scans % 2 == 1 && !held.isEmpty()) {
                            try (StateReadSession<String> session = reads.openCheckpoint(held.get(held.size() - 1))) {
                                long rounds = countRows(session);
                                assertThat(rounds).as("rows as of a barrier").isEqualTo(10 * session.checkpoint().getAsLong() * KEYS.size());
                            } catch (CheckpointNotHeldException e) {
                                assertThat(e.held()).hasSize(3);
                            }
                        } else {
                            try (StateReadSession<String> session = reads.open()) {
                                assertThat(countRows(session)).isEqualTo(countRows(session));
                            }
                        }
                    }
                    return scans;
                }));
            }
            for (int round = 0; round < 400; round++) {
                for (String key : KEYS) {
                    backend.keyed.setCurrentKey(key);
                    rows.put(new TimedKey(1, round, 0), "round " + round);
                }
                if (round % 10 == 9) {
                    long id = round / 10 + 1;
                    backend.finish(id, backend.beginCheckpoint(id));
                }
                if (round % 50 == 0) {
                    lsm(backend).store().engine().flush();
                }
            }
            written.countDown();
            for (Future<Integer> reader : readers) {
                assertThat(reader.get()).isPositive();
            }
        } finally {
            threads.shutdown();
        }
    }

    private static long countRows(StateReadSession<String> session) throws Exception {
        long[] count = new long[1];
        StoredScan scan = session.scan(ROWS, StoredRange.ALL);
        boolean more = true;
        while (more) {
            more = scan.run((key, value) -> ++count[0] % 100 != 0);
        }
        return count[0];
    }
}
