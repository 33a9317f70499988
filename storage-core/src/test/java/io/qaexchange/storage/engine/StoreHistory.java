package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/**
 * A random history of a store, made from a seed and checked step by step against sorted maps. Two families: one leveled with appends,
 * one in time windows.
 */
final class StoreHistory implements AutoCloseable {
    private static final byte DELIMITER = ',';

    private final SplittableRandom random;
    private final long seed;
    private final Path directory;
    private final Vfs vfs;
    private final boolean deleteAfter;
    private final StoreOptions options;
    private final FamilyOptions stateOptions;
    private final FamilyOptions eventOptions;
    /** Null unless the history is held against RocksDB as well. */
    private final RocksOracle oracle;
    private LsmStore store;
    private ColumnFamily state;
    private ColumnFamily events;
    private Model now = new Model(new HashMap<>());
    private final List<Map.Entry<Snapshot, Model>> snapshots = new ArrayList<>();

    /** The expected content of the store, by family name. */
    record Model(Map<String, NavigableMap<byte[], byte[]>> families) {
        NavigableMap<byte[], byte[]> of(ColumnFamily family) {
            return families.computeIfAbsent(family.name(), name -> new TreeMap<>(Arrays::compareUnsigned));
        }

        Model copy() {
            Map<String, NavigableMap<byte[], byte[]>> copy = new HashMap<>();
            families.forEach((name, map) -> copy.put(name, new TreeMap<>(map)));
            return new Model(copy);
        }
    }

    static StoreHistory onDisk(long seed) throws IOException {
        return new StoreHistory(seed, Files.createTempDirectory("store-history").resolve("store"), NioVfs.INSTANCE, true, null);
    }

    /** On a file system that tests bring, with RocksDB on the real one that does the same. */
    static StoreHistory besideRocksDb(Vfs vfs, Path oracleFolder, long seed) throws Exception {
        RocksOracle oracle = new RocksOracle(oracleFolder, (char) DELIMITER, List.of("state", "events"));
        return new StoreHistory(seed, Path.of("/store-history"), vfs, false, oracle);
    }

    /** On a file system that tests bring, which has no folder yet. */
    static StoreHistory on(Vfs vfs, long seed) throws IOException {
        return new StoreHistory(seed, Path.of("/store-history"), vfs, false, null);
    }

    private StoreHistory(long seed, Path directory, Vfs vfs, boolean deleteAfter, RocksOracle oracle) throws IOException {
        this.oracle = oracle;
        this.seed = seed;
        this.directory = directory;
        this.vfs = vfs;
        this.deleteAfter = deleteAfter;
        random = new SplittableRandom(seed);
        Executor executor = random.nextBoolean() ? null : Runnable::run;
        options = StoreOptions.builder().vfs(vfs).arenaChunkBytes(4096).memtableBytes(16384 + random.nextInt(60_000))
                .durability(pick(Durability.values())).walSegmentBytes(4096 + random.nextInt(20_000))
                .readMode(pick(StoreOptions.ReadMode.values())).blockCacheBytes(random.nextBoolean() ? 1 << 20 : 20_000)
                .level0(1 + random.nextInt(4), 20, 40).levelMultiplier(2 + random.nextInt(4)).executor(executor)
                .maxFrozenMemtables(1 + random.nextInt(3)).build();
        stateOptions = FamilyOptions.builder("state").appendDelimiter(DELIMITER).blockBytes(64 + random.nextInt(2000))
                .bloomBitsPerKey(random.nextBoolean() ? 10 : 0).levelBaseBytes(2000 + random.nextInt(20_000)).fileBytes(1000 + random.nextInt(10_000))
                .compression(pick(BlockCompression.values()), pick(BlockCompression.values())).memtableHashIndex(random.nextBoolean()).build();
        eventOptions = FamilyOptions.builder("events").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(9).windowNanos(1 + random.nextInt(40))
                .blockBytes(64 + random.nextInt(2000)).fileBytes(1000 + random.nextInt(10_000)).compression(pick(BlockCompression.values())).build();
        open();
    }

    private <T> T pick(T[] from) {
        return from[random.nextInt(from.length)];
    }

    private void open() throws IOException {
        store = LsmStore.open(directory, options);
        state = store.createFamily(stateOptions);
        events = store.createFamily(eventOptions);
    }

    void run(int steps) throws Exception {
        try {
            for (int step = 0; step < steps; step++) {
                step();
            }
            checkAll();
        } catch (Throwable e) {
            throw new AssertionError("history with seed " + seed + " failed\n" + (store == null ? "" : store.describe()), e);
        }
    }

    private void step() throws Exception {
        int what = random.nextInt(1000);
        if (what < 330) {
            put();
        } else if (what < 420) {
            delete();
        } else if (what < 520) {
            append();
        } else if (what < 540) {
            deleteRange();
        } else if (what < 555) {
            dropBefore();
        } else if (what < 640) {
            batch();
        } else if (what < 800) {
            get();
        } else if (what < 850) {
            scan(null, now);
        } else if (what < 870) {
            snapshot();
        } else if (what < 900) {
            checkSnapshot();
        } else if (what < 940) {
            store.flush();
        } else if (what < 960) {
            store.compact(random.nextBoolean() ? state : events, range());
        } else if (what < 975) {
            store.awaitIdle();
        } else if (what < 980) {
            store.sync();
        } else if (what < 992) {
            checkpointAndRestore();
        } else {
            reopen();
        }
    }

    private void put() throws IOException {
        if (random.nextBoolean()) {
            byte[] key = key();
            byte[] value = value();
            store.put(state, key, value);
            putState(key, value);
        } else {
            byte[] key = eventKey();
            byte[] value = value();
            store.put(events, key, value);
            putEvent(key, value);
        }
    }

    private void putState(byte[] key, byte[] value) {
        now.of(state).put(key, value);
        if (oracle != null) {
            oracle.put("state", key, value);
        }
    }

    private void remove(ColumnFamily family, byte[] key) {
        now.of(family).remove(key);
        if (oracle != null) {
            oracle.delete(family.name(), key);
        }
    }

    private final Map<byte[], Long> dropWatermarks = new TreeMap<>(Arrays::compareUnsigned);

    /** Below a drop watermark a write has no effect that anyone sees. */
    private void putEvent(byte[] key, byte[] value) {
        long dropWatermark = dropWatermarks.getOrDefault(Arrays.copyOf(key, 1), Long.MIN_VALUE);
        if (time(key) >= dropWatermark) {
            now.of(events).put(key, value);
            if (oracle != null) {
                oracle.put("events", key, value);
            }
        }
    }

    private void delete() throws IOException {
        ColumnFamily family = random.nextBoolean() ? state : events;
        byte[] key = family == state ? key() : eventKey();
        store.delete(family, key);
        remove(family, key);
    }

    private void append() throws IOException {
        byte[] key = key();
        byte[] value = value();
        store.append(state, Slice.of(key), Slice.of(value));
        append(key, value);
    }

    private void append(byte[] key, byte[] value) {
        now.of(state).merge(key, value, (old, more) -> {
            byte[] joined = Arrays.copyOf(old, old.length + 1 + more.length);
            joined[old.length] = DELIMITER;
            System.arraycopy(more, 0, joined, old.length + 1, more.length);
            return joined;
        });
        if (oracle != null) {
            oracle.append("state", key, value);
        }
    }

    private void deleteRange() throws IOException {
        ColumnFamily family = random.nextBoolean() ? state : events;
        KeyRange range = range();
        store.deleteRange(family, range);
        removeRange(family, range);
    }

    private void removeRange(ColumnFamily family, KeyRange range) {
        now.of(family).keySet().removeIf(range::contains);
        if (oracle != null) {
            oracle.deleteRange(family.name(), range);
        }
    }

    private void dropBefore() throws IOException {
        byte[] prefix = {(byte) ('a' + random.nextInt(3))};
        long time = random.nextInt(200) - 20;
        store.dropBefore(events, KeyRange.prefix(prefix), time);
        dropWatermarks.merge(prefix, time, Math::max);
        List<byte[]> dropped = now.of(events).keySet().stream().filter(key -> key[0] == prefix[0] && time(key) < time).toList();
        dropped.forEach(key -> remove(events, key));
    }

    private void batch() throws IOException {
        WriteBatch batch = new WriteBatch();
        int count = random.nextInt(20);
        for (int i = 0; i < count; i++) {
            int kind = random.nextInt(10);
            byte[] key = key();
            byte[] value = value();
            if (kind < 4) {
                batch.put(state, key, value);
                putState(key, value);
            } else if (kind < 6) {
                byte[] event = eventKey();
                batch.put(events, event, value);
                putEvent(event, value);
            } else if (kind < 8) {
                batch.delete(state, key);
                remove(state, key);
            } else if (kind < 9) {
                batch.append(state, Slice.of(key), Slice.of(value));
                append(key, value);
            } else {
                KeyRange range = range();
                batch.deleteRange(state, range);
                removeRange(state, range);
            }
        }
        store.write(batch);
    }

    private void get() throws IOException {
        try (StoreReader reader = store.reader()) {
            for (int i = 0; i < 5; i++) {
                ColumnFamily family = random.nextBoolean() ? state : events;
                byte[] key = family == state ? key() : eventKey();
                check(reader, family, key, now);
            }
        }
    }

    private static void check(StoreReader reader, ColumnFamily family, byte[] key, Model model) throws IOException {
        byte[] expected = model.of(family).get(key);
        boolean found = reader.get(family, Slice.of(key));
        assertThat(found ? reader.value().toByteArray() : null).as("%s %s", family.name(), Slice.printable(key)).isEqualTo(expected);
    }

    private void scan(Snapshot snapshot, Model model) throws IOException {
        ColumnFamily family = random.nextBoolean() ? state : events;
        KeyRange range = random.nextInt(3) == 0 ? KeyRange.ALL : range();
        NavigableMap<byte[], byte[]> expected = model.of(family).tailMap(range.lower(), true);
        if (range.upper() != null) {
            expected = Arrays.compareUnsigned(range.lower(), range.upper()) >= 0 ? new TreeMap<>(Arrays::compareUnsigned) : expected.headMap(range.upper(), false);
        }
        TimeRange times = TimeRange.ALL;
        if (family == events && random.nextBoolean()) {
            long from = random.nextInt(220) - 20;
            TimeRange some = new TimeRange(from, from + random.nextInt(100));
            times = some;
            expected = new TreeMap<>(expected);
            expected.keySet().removeIf(key -> !some.contains(time(key)));
        }
        try (StoreIterator iterator = store.iterator(family, range, times, snapshot)) {
            List<String> seen = new ArrayList<>();
            for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                seen.add(iterator.key() + "=" + iterator.value());
            }
            assertThat(seen).as("forward %s %s", family.name(), range).isEqualTo(text(expected));
            seen.clear();
            for (iterator.seekToLast(); iterator.valid(); iterator.previous()) {
                seen.add(iterator.key() + "=" + iterator.value());
            }
            assertThat(seen).as("backward %s %s", family.name(), range).isEqualTo(text(expected.descendingMap()));
            if (snapshot == null && times.isAll()) {
                assertThat(store.isEmpty(family, range)).isEqualTo(expected.isEmpty());
            }
            walkAbout(iterator, family, expected);
        }
    }

    /** Changes of direction, seeks to keys that are there and that are not. */
    private void walkAbout(StoreIterator iterator, ColumnFamily family, NavigableMap<byte[], byte[]> expected) throws IOException {
        Map.Entry<byte[], byte[]> at = null;
        for (int i = 0; i < 20; i++) {
            int what = random.nextInt(4);
            if (at == null || what == 0) {
                byte[] key = family == state ? key() : eventKey();
                boolean before = random.nextBoolean();
                if (before) {
                    iterator.seekBefore(Slice.of(key));
                    at = expected.lowerEntry(key);
                } else {
                    iterator.seek(Slice.of(key));
                    at = expected.ceilingEntry(key);
                }
            } else if (what == 1) {
                iterator.previous();
                at = expected.lowerEntry(at.getKey());
            } else {
                iterator.next();
                at = expected.higherEntry(at.getKey());
            }
            assertThat(iterator.valid()).isEqualTo(at != null);
            if (at != null) {
                assertThat(iterator.key().toByteArray()).isEqualTo(at.getKey());
                assertThat(iterator.value().toByteArray()).isEqualTo(at.getValue());
            }
        }
    }

    private static List<String> text(Map<byte[], byte[]> map) {
        return map.entrySet().stream().map(e -> Slice.printable(e.getKey()) + "=" + Slice.printable(e.getValue())).toList();
    }

    private void snapshot() throws IOException {
        if (snapshots.size() == 3) {
            snapshots.remove(random.nextInt(3)).getKey().close();
        }
        snapshots.add(Map.entry(store.snapshot(), now.copy()));
    }

    private void checkSnapshot() throws IOException {
        if (snapshots.isEmpty()) {
            return;
        }
        Map.Entry<Snapshot, Model> snapshot = snapshots.get(random.nextInt(snapshots.size()));
        scan(snapshot.getKey(), snapshot.getValue());
        try (StoreReader reader = store.reader(snapshot.getKey())) {
            for (int i = 0; i < 5; i++) {
                check(reader, state, key(), snapshot.getValue());
                check(reader, events, eventKey(), snapshot.getValue());
            }
        }
    }

    private void reopen() throws IOException {
        for (Map.Entry<Snapshot, Model> snapshot : snapshots) {
            snapshot.getKey().close();
        }
        snapshots.clear();
        long last = store.lastSequence();
        long epoch = store.storeEpoch();
        store.close();
        assertThat(options.memoryPool().usedBytes()).as("memory after close").isZero();
        open();
        assertThat(store.lastSequence()).isEqualTo(last);
        assertThat(store.storeEpoch()).isEqualTo(epoch + 1);
    }

    /** Takes a checkpoint, writes on, and looks at stores made of it: whole, clipped, and of two clips side by side. */
    private void checkpointAndRestore() throws Exception {
        Path saved = directory.resolveSibling(directory.getFileName() + "-checkpoint-" + restores);
        Model then = now.copy();
        try (Checkpoint checkpoint = store.checkpoint()) {
            assertThat(checkpoint.sequence()).isEqualTo(store.lastSequence());
            for (int i = random.nextInt(10); i > 0; i--) {
                put();
            }
            checkpoint.writeTo(saved);
            checkRestored(then, checkpoint.sequence(), List.of(CheckpointSource.whole(saved)));
            byte[] border = random.nextBoolean() ? key() : eventKey();
            CheckpointSource left = new CheckpointSource(saved, KeyRange.of(new byte[0], border));
            CheckpointSource right = new CheckpointSource(saved, KeyRange.of(border, null));
            checkRestored(clip(then, left.clip()), checkpoint.sequence(), List.of(left));
            checkRestored(then, -1, List.of(left, right));
        }
    }

    private int restores;

    private static Model clip(Model model, KeyRange range) {
        Model clipped = model.copy();
        clipped.families().values().forEach(map -> map.keySet().removeIf(key -> !range.contains(key)));
        return clipped;
    }

    /** @param sequence that the restored store must stand at; -1 if it may be any */
    private void checkRestored(Model model, long sequence, List<CheckpointSource> sources) throws Exception {
        Path target = directory.resolveSibling(directory.getFileName() + "-restored-" + restores++);
        try (LsmStore restored = LsmStore.restore(target, options, sources)) {
            if (sequence >= 0) {
                assertThat(restored.lastSequence()).isEqualTo(sequence);
            }
            assertThat(restored.storeEpoch()).isEqualTo(store.storeEpoch() + 1);
            checkContent(restored, model);
            restored.awaitIdle();
            checkContent(restored, model);
        }
        // The restored store is a store like any other.
        try (LsmStore again = LsmStore.open(target, options)) {
            checkContent(again, model);
        }
    }

    private static void checkContent(LsmStore store, Model model) throws IOException {
        for (ColumnFamily family : store.families()) {
            List<String> seen = new ArrayList<>();
            try (StoreIterator iterator = store.iterator(family)) {
                for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                    seen.add(iterator.key() + "=" + iterator.value());
                }
            }
            assertThat(seen).as("restored %s", family.name()).isEqualTo(text(model.of(family)));
        }
    }

    private void checkAll() throws IOException {
        if (oracle != null) {
            for (ColumnFamily family : List.of(state, events)) {
                assertThat(text(oracle.contents(family.name()))).as("the oracle's %s", family.name()).isEqualTo(text(contents(family)));
            }
        }
        for (int i = 0; i < 4; i++) {
            scan(null, now);
        }
        for (Map.Entry<Snapshot, Model> snapshot : snapshots) {
            scan(snapshot.getKey(), snapshot.getValue());
        }
        reopen();
        scan(null, now);
    }

    private NavigableMap<byte[], byte[]> contents(ColumnFamily family) throws IOException {
        NavigableMap<byte[], byte[]> contents = new TreeMap<>(Arrays::compareUnsigned);
        try (StoreIterator iterator = store.iterator(family)) {
            for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                contents.put(iterator.key().toByteArray(), iterator.value().toByteArray());
            }
        }
        return contents;
    }

    private byte[] key() {
        String text = switch (random.nextInt(4)) {
            case 0 -> "k" + random.nextInt(10);
            case 1 -> "key-with-a-longer-prefix-" + random.nextInt(100);
            case 2 -> "m".repeat(random.nextInt(5));
            default -> String.valueOf((char) ('a' + random.nextInt(26)));
        };
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** One letter, an event time, one digit. */
    private byte[] eventKey() {
        byte[] key = new byte[10];
        key[0] = (byte) ('a' + random.nextInt(3));
        Memory.putLong(key, Memory.ARRAY_BASE + 1, Long.reverseBytes((random.nextInt(220) - 20L) ^ Long.MIN_VALUE));
        key[9] = (byte) ('0' + random.nextInt(2));
        return key;
    }

    private static long time(byte[] eventKey) {
        return Memory.getLongBigEndian(eventKey, Memory.ARRAY_BASE + 1) ^ Long.MIN_VALUE;
    }

    private byte[] value() {
        return ("v" + random.nextInt(1000)).repeat(random.nextInt(12)).getBytes(StandardCharsets.UTF_8);
    }

    private KeyRange range() {
        byte[] a = random.nextInt(3) == 0 ? eventKey() : key();
        byte[] b = random.nextInt(3) == 0 ? eventKey() : key();
        return Arrays.compareUnsigned(a, b) <= 0 ? KeyRange.of(a, b) : KeyRange.of(b, a);
    }

    @Override
    public void close() throws Exception {
        snapshots.forEach(snapshot -> snapshot.getKey().close());
        store.discard();
        if (oracle != null) {
            oracle.close();
        }
        if (deleteAfter) {
            try (Stream<Path> files = Files.walk(directory.getParent())) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
