package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** {@link StoreReader#copy} against sorted maps, over memtables, files of all levels, snapshots and clipped files. */
class PrefixCopyProperties {
    private static final Path FOLDER = Path.of("/store");

    private static NavigableMap<byte[], byte[]> newModel() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    @Property(tries = 60)
    void copiesWhatASortedMapHolds(@ForAll("seeds") long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        Vfs disk = new MemoryVfs();
        StoreOptions options = StoreOptions.builder().vfs(disk).arenaChunkBytes(4096).memtableBytes(16384 + random.nextInt(30_000))
                .durability(Durability.NO_LOG).level0(1 + random.nextInt(4), 20, 40).levelMultiplier(2 + random.nextInt(4))
                .executor(random.nextBoolean() ? null : Runnable::run).blockCacheBytes(random.nextBoolean() ? 1 << 20 : 20_000).build();
        BlockCompression[] kinds = BlockCompression.values();
        FamilyOptions familyOptions = FamilyOptions.builder("map").blockBytes(64 + random.nextInt(2000))
                .levelBaseBytes(2000 + random.nextInt(20_000)).fileBytes(1000 + random.nextInt(10_000))
                .compression(kinds[random.nextInt(kinds.length)], kinds[random.nextInt(kinds.length)]).build();
        boolean fixed = random.nextBoolean();
        boolean deletesRanges = random.nextInt(4) == 0;
        NavigableMap<byte[], byte[]> model = newModel();
        NavigableMap<byte[], byte[]> before = newModel();
        LsmStore store = LsmStore.open(FOLDER, options);
        Snapshot snapshot = null;
        try (store) {
            ColumnFamily family = store.createFamily(familyOptions);
            StoreReader reader = store.reader();
            for (int step = 0; step < 1500; step++) {
                byte[] key = key(random, fixed);
                int what = random.nextInt(1000);
                if (what < 700) {
                    byte[] value = value(random, fixed, step);
                    store.put(family, key, value);
                    model.put(key, value);
                } else if (what < 900) {
                    store.delete(family, key);
                    model.remove(key);
                } else if (what < 905 && deletesRanges) {
                    KeyRange range = KeyRange.prefix(Arrays.copyOf(key, 2));
                    store.deleteRange(family, range);
                    model.keySet().removeIf(range::contains);
                } else if (what < 910) {
                    store.flush();
                } else if (what < 914) {
                    store.compact(family, KeyRange.ALL);
                } else if (what < 917) {
                    if (snapshot != null) {
                        snapshot.close();
                    }
                    snapshot = store.snapshot();
                    before = newModel();
                    before.putAll(model);
                } else if (what < 980) {
                    check(reader, family, prefix(random, key), model);
                } else if (snapshot != null) {
                    try (StoreReader then = store.reader(snapshot)) {
                        check(then, family, prefix(random, key), before);
                    }
                }
            }
            reader.close();
            if (snapshot != null) {
                snapshot.close();
            }
            checkClipped(random, store, options, model, fixed);
        } catch (Throwable e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private static void checkClipped(SplittableRandom random, LsmStore store, StoreOptions options, NavigableMap<byte[], byte[]> model,
            boolean fixed) throws Exception {
        Path saved = Path.of("/checkpoint");
        try (Checkpoint checkpoint = store.checkpoint()) {
            checkpoint.writeTo(saved);
        }
        byte[] border = key(random, fixed);
        CheckpointSource left = new CheckpointSource(saved, KeyRange.of(new byte[0], border));
        try (LsmStore restored = LsmStore.restore(Path.of("/restored"), options, List.of(left)); StoreReader reader = restored.reader()) {
            for (int i = 0; i < 50; i++) {
                check(reader, restored.family("map"), prefix(random, i == 0 ? border : key(random, fixed)), model.headMap(border, false));
            }
        }
    }

    /** A letter or two of a few, then numbers near each other and far apart; some keys begin as others do. */
    private static byte[] key(SplittableRandom random, boolean fixed) {
        byte[] key = new byte[fixed ? 6 : 2 + random.nextInt(5)];
        key[0] = (byte) (random.nextInt(4) * 85);
        key[1] = (byte) random.nextInt(20);
        for (int i = 2; i < key.length; i++) {
            key[i] = (byte) (i == 4 ? random.nextInt(256) : random.nextInt(i == 3 ? 2 : 1));
        }
        return key;
    }

    private static byte[] value(SplittableRandom random, boolean fixed, int step) {
        byte[] value = new byte[fixed ? 4 : random.nextInt(40)];
        Arrays.fill(value, (byte) step);
        return value;
    }

    private static byte[] prefix(SplittableRandom random, byte[] key) {
        return Arrays.copyOf(key, Math.min(key.length, random.nextInt(7)));
    }

    /** Where nothing is copied, a scan would look: {@link PrefixCopyTest} says when. */
    private static void check(StoreReader reader, ColumnFamily family, byte[] prefix, NavigableMap<byte[], byte[]> model) throws IOException {
        KeyRange range = KeyRange.prefix(prefix);
        List<String> expected = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        model.forEach((key, value) -> {
            if (range.contains(key)) {
                String rest = Slice.printable(Arrays.copyOfRange(key, prefix.length, key.length));
                expected.add(rest + "=" + Slice.printable(value));
                keys.add(rest + "=");
            }
        });
        CopiedEntries all = reader.copy(family, Slice.of(prefix), true);
        if (all != null) {
            assertThat(text(all)).as("prefix %s", Slice.printable(prefix)).isEqualTo(expected);
        }
        // The first may have had level 0 merged, into files between which the prefix's entries are split: then nothing is copied.
        CopiedEntries withoutValues = reader.copy(family, Slice.of(prefix), false);
        if (withoutValues != null) {
            assertThat(text(withoutValues)).as("prefix %s", Slice.printable(prefix)).isEqualTo(keys);
        }
    }

    private static List<String> text(CopiedEntries entries) {
        byte[] bytes = entries.toByteArray();
        int[] ends = entries.toEnds();
        List<String> text = new ArrayList<>();
        for (int i = 0; i < entries.count(); i++) {
            int from = i == 0 ? 0 : ends[2 * i - 1];
            text.add(Slice.printable(Arrays.copyOfRange(bytes, from, ends[2 * i])) + "="
                    + Slice.printable(Arrays.copyOfRange(bytes, ends[2 * i], ends[2 * i + 1])));
        }
        return text;
    }

    @Provide
    Arbitrary<Long> seeds() {
        return Arbitraries.longs().between(0, Long.MAX_VALUE);
    }
}
