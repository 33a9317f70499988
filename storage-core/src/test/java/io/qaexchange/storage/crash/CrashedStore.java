package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.checkpoint.CheckpointFile;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/**
 * Opens what a crash left and checks it: what was durable is there, the rest is missing only from the end, no batch is torn; the store
 * takes new writes, and opens again with all of them. Uses the disk up.
 */
final class CrashedStore {
    /**
     * The content that a store may and must have when the power goes now.
     *
     * @param atLeast sequence number up to which writes were acknowledged as durable
     * @param atMost sequence number of the last write that was begun
     * @param families by id, whether the family was there for certain (true), or was being made or dropped (false)
     * @param taken a checkpoint that is being written or was just written, null if none
     */
    record Promise(WriteLog log, long atLeast, long atMost, Map<Integer, Boolean> families, Taken taken) {
        Promise(WriteLog log, long atLeast, long atMost, Map<Integer, Boolean> families) {
            this(log, atLeast, atMost, families, null);
        }
    }

    /**
     * A checkpoint.
     *
     * @param sequence of its last write
     * @param families name to id
     * @param written whether writing it has returned
     */
    record Taken(Path folder, long sequence, Map<String, Integer> families, boolean written) {}

    private final MemoryVfs disk;
    private final Promise promise;
    private final StoreOptions options;

    private CrashedStore(MemoryVfs disk, Promise promise, Durability durability) {
        this.disk = disk;
        this.promise = promise;
        options = SimulatedStore.options(disk, durability).build();
    }

    /** @return the sequence number up to which writes were recovered */
    static long check(MemoryVfs disk, Promise promise, Durability durability) throws IOException {
        return new CrashedStore(disk, promise, durability).check();
    }

    private long check() throws IOException {
        Map<Integer, NavigableMap<byte[], byte[]>> expected = new HashMap<>();
        long recovered;
        long last;
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            recovered = checkRecovered(store, expected);
            last = writeMore(store, expected);
        }
        SimulatedStore.checkNothingHeld(disk, options);
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            assertThat(store.lastSequence()).as("last sequence number after a clean close").isEqualTo(last);
            for (ColumnFamily family : store.families()) {
                NavigableMap<byte[], byte[]> found = SimulatedStore.contentsBackward(store, family);
                assertSame(family, found, expected.get(family.id()), "after new writes and a clean close");
            }
        }
        SimulatedStore.checkNothingHeld(disk, options);
        SimulatedStore.checkNoOrphans(disk, SimulatedStore.FOLDER);
        if (promise.taken() != null) {
            checkCheckpoint(promise.taken());
        }
        return recovered;
    }

    /** It is there whole or not at all; what is restored from it is exactly what the store held. */
    private void checkCheckpoint(Taken taken) throws IOException {
        boolean whole = disk.exists(taken.folder().resolve(CheckpointFile.NAME));
        assertThat(whole || !taken.written()).as("the checkpoint that was written is there").isTrue();
        if (!whole) {
            return;
        }
        try (LsmStore restored = LsmStore.restore(Path.of("/restored"), options, List.of(CheckpointSource.whole(taken.folder())))) {
            assertThat(restored.lastSequence()).as("sequence number of the checkpoint").isEqualTo(taken.sequence());
            for (Map.Entry<String, Integer> family : taken.families().entrySet()) {
                NavigableMap<byte[], byte[]> found = SimulatedStore.contents(restored, restored.family(family.getKey()));
                assertThat(WriteLog.digest(found)).as("%s restored from the checkpoint", family.getKey())
                        .isEqualTo(promise.log().digest(family.getValue(), taken.sequence()));
            }
        }
        SimulatedStore.checkNothingHeld(disk, options);
    }

    private long checkRecovered(LsmStore store, Map<Integer, NavigableMap<byte[], byte[]>> found) throws IOException {
        long last = store.lastSequence();
        if (last < promise.atLeast() || last > promise.atMost() || !promise.log().isEndOfWrite(last)) {
            throw new AssertionError("recovered up to " + last + ", but " + promise.atLeast() + " was durable, " + promise.atMost()
                    + " was the last begun; ends a write: " + promise.log().isEndOfWrite(last));
        }
        for (ColumnFamily family : store.families()) {
            NavigableMap<byte[], byte[]> contents = SimulatedStore.contents(store, family);
            if (WriteLog.digest(contents) != promise.log().digest(family.id(), last)) {
                assertSame(family, contents, promise.log().contents(family.id(), last), "as of " + last);
                throw new AssertionError("digests differ, contents do not");
            }
            SimulatedStore.checkGets(store, family, contents);
            found.put(family.id(), contents);
        }
        promise.families().forEach((id, certain) -> assertThat(!certain || found.containsKey(id)).as("family %s is there", id).isTrue());
        assertThat(promise.families().keySet()).as("families that may be there").containsAll(found.keySet());
        return last;
    }

    private static void assertSame(ColumnFamily family, NavigableMap<byte[], byte[]> found, NavigableMap<byte[], byte[]> expected, String when) {
        if (WriteLog.digest(found) != WriteLog.digest(expected)) {
            assertThat(printable(found)).as("contents of %s %s", family, when).isEqualTo(printable(expected));
        }
    }

    private static Map<String, String> printable(NavigableMap<byte[], byte[]> contents) {
        Map<String, String> printable = new java.util.TreeMap<>();
        contents.forEach((key, value) -> printable.put(Slice.printable(key), Slice.printable(value)));
        return printable;
    }

    private long writeMore(LsmStore store, Map<Integer, NavigableMap<byte[], byte[]>> contents) throws IOException {
        ColumnFamily family = store.createFamily(SimulatedStore.STATE);
        NavigableMap<byte[], byte[]> state = contents.computeIfAbsent(family.id(), id -> new java.util.TreeMap<>(java.util.Arrays::compareUnsigned));
        byte[] single = "written after the crash".getBytes(StandardCharsets.UTF_8);
        long sequence = store.put(family, single, single);
        assertThat(sequence).as("next sequence number").isEqualTo(store.lastSequence());
        state.put(single, single);
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 3; i++) {
            byte[] key = ("batch after the crash " + i).getBytes(StandardCharsets.UTF_8);
            byte[] value = new byte[100 + i];
            batch.put(family, key, value);
            state.put(key, value);
        }
        long last = store.write(batch);
        store.sync();
        assertThat(store.durableSequence()).as("durable after sync").isEqualTo(last);
        return last;
    }
}
