package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.PowerCut;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The power goes after every call of a restore, in several ways. What is left is refused with what to do about it, or holds nothing yet,
 * or is the checkpoint exactly; a part of it is never taken for a store. Then the restore is done again, and is exact.
 */
class CrashInRestoreTest {
    private static final Path LEFT = Path.of("/left");
    private static final Path RIGHT = Path.of("/right");
    private static final Path RESTORED = Path.of("/restored");
    private static final byte[] BORDER = key(50);
    private static final int IMAGES_PER_CALL = 12;

    private final Set<Long> seen = new HashSet<>();
    private final NavigableMap<byte[], byte[]> expected = new TreeMap<>(Arrays::compareUnsigned);
    private final NavigableMap<byte[], byte[]> expectedEvents = new TreeMap<>(Arrays::compareUnsigned);
    private int refused;
    private int empty;
    private int whole;

    private enum Kind { WHOLE, CLIPPED, SIDE_BY_SIDE }

    @ParameterizedTest
    @CsvSource({"WHOLE,GROUP_COMMIT", "CLIPPED,GROUP_COMMIT", "SIDE_BY_SIDE,GROUP_COMMIT", "WHOLE,NO_LOG", "CLIPPED,NO_LOG", "SIDE_BY_SIDE,NO_LOG"})
    void leavesNoHalfStore(Kind kind, Durability durability) throws IOException {
        MemoryVfs disk = new MemoryVfs();
        write(disk, LEFT, 1, durability, kind == Kind.WHOLE ? KeyRange.ALL : KeyRange.of(new byte[0], BORDER));
        if (kind == Kind.SIDE_BY_SIDE) {
            write(disk, RIGHT, 2, durability, new KeyRange(BORDER, null));
        }
        List<CheckpointSource> sources = switch (kind) {
            case WHOLE -> List.of(CheckpointSource.whole(LEFT));
            case CLIPPED -> List.of(new CheckpointSource(LEFT, KeyRange.of(new byte[0], BORDER)));
            case SIDE_BY_SIDE -> List.of(new CheckpointSource(LEFT, KeyRange.of(new byte[0], BORDER)), new CheckpointSource(RIGHT, new KeyRange(BORDER, null)));
        };
        boolean[] returned = {false};
        long[] call = {0};
        disk.observer((operation, path) -> {
            call[0]++;
            crash(disk, PowerCut.KEEPS_ALL, sources, durability, returned[0]);
            crash(disk, PowerCut.KEEPS_SYNCED, sources, durability, returned[0]);
            for (int i = 2; i < IMAGES_PER_CALL; i++) {
                crash(disk, PowerCut.random(call[0] * 31 + i), sources, durability, returned[0]);
            }
        });
        LsmStore store = LsmStore.restore(RESTORED, options(disk, durability), sources);
        returned[0] = true;
        check(store);
        store.put(store.family("state"), key(1), key(1));
        expected.put(key(1), key(1));
        returned[0] = false;
        disk.observer((operation, path) -> { });
        store.close();
        assertThat(call[0]).isGreaterThan(10);
        assertThat(refused).isGreaterThan(10);
        assertThat(empty).isGreaterThan(0);
        assertThat(whole).isGreaterThan(0);
    }

    private void crash(MemoryVfs disk, PowerCut cut, List<CheckpointSource> sources, Durability durability, boolean returned) {
        MemoryVfs image = disk.afterPowerCut(cut);
        if (!seen.add(image.contentHash())) {
            return;
        }
        try {
            if (!opens(image, durability, returned)) {
                for (String name : image.exists(RESTORED) ? image.list(RESTORED) : List.<String>of()) {
                    image.delete(RESTORED.resolve(name));
                }
                try (LsmStore again = LsmStore.restore(RESTORED, options(image, durability), sources)) {
                    check(again);
                }
            }
        } catch (IOException e) {
            throw new AssertionError("left: " + image, e);
        }
    }

    /** @return false if there is no store yet, or half of one */
    private boolean opens(MemoryVfs image, Durability durability, boolean returned) throws IOException {
        if (!image.exists(RESTORED) || image.list(RESTORED).isEmpty()) {
            assertThat(returned).isFalse();
            empty++;
            return false;
        }
        try (LsmStore store = LsmStore.open(RESTORED, options(image, durability))) {
            // Under NO_LOG what the pieces hold is not durable before the next flush: only its sstables are.
            if (durability != Durability.NO_LOG) {
                check(store);
            }
            whole++;
            return true;
        } catch (StoreException e) {
            assertThat(returned).as("%s", e).isFalse();
            assertThat(e).hasMessageContaining("was cut short: empty the folder and restore again");
            refused++;
            return false;
        }
    }

    private void check(LsmStore store) throws IOException {
        assertThat(printable(SimulatedStore.contents(store, store.family("state")))).isEqualTo(printable(expected));
        assertThat(printable(SimulatedStore.contents(store, store.family("events")))).isEqualTo(printable(expectedEvents));
    }

    private static Map<String, String> printable(NavigableMap<byte[], byte[]> contents) {
        Map<String, String> printable = new TreeMap<>();
        contents.forEach((key, value) -> printable.put(Slice.printable(key), Slice.printable(value)));
        return printable;
    }

    /** A store with files at several levels, range deletions and writes that only the pieces have; and its checkpoint. */
    private void write(MemoryVfs disk, Path checkpoint, long seed, Durability durability, KeyRange wanted) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        Path folder = Path.of("/store-" + seed);
        try (LsmStore store = LsmStore.open(folder, options(disk, durability))) {
            ColumnFamily state = store.createFamily(SimulatedStore.STATE);
            ColumnFamily events = store.createFamily(SimulatedStore.EVENTS);
            for (int i = 0; i < 300; i++) {
                byte[] key = key(random.nextInt(100));
                WriteBatch batch = new WriteBatch().put(state, key, ("value " + i).repeat(1 + random.nextInt(8)).getBytes(StandardCharsets.UTF_8))
                        .put(events, EventKeys.of((char) ('a' + i % 3), i, 0), key);
                if (i % 40 == 39) {
                    int from = random.nextInt(90);
                    batch.deleteRange(state, KeyRange.of(key(from), key(from + 5)));
                }
                store.write(batch);
                if (i % 70 == 69) {
                    store.flush();
                }
            }
            try (Checkpoint pinned = store.checkpoint()) {
                pinned.writeTo(checkpoint);
            }
            keep(SimulatedStore.contents(store, state), wanted, expected);
            keep(SimulatedStore.contents(store, events), wanted, expectedEvents);
            store.discard();
        }
    }

    private static void keep(NavigableMap<byte[], byte[]> contents, KeyRange wanted, NavigableMap<byte[], byte[]> into) {
        contents.forEach((key, value) -> {
            if (wanted.contains(key)) {
                into.put(key, value);
            }
        });
    }

    private static StoreOptions options(MemoryVfs disk, Durability durability) {
        return SimulatedStore.options(disk, durability).build();
    }

    private static byte[] key(int i) {
        return String.format("b%04d", i).getBytes(StandardCharsets.US_ASCII);
    }
}
