package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.engine.CheckpointShelf.Kept;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
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
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Stores whose only log is in checkpoints, side by side on parts of the keys: written, checkpointed file by file, thrown away, made
 * again of the last or an earlier checkpoint, by more stores or fewer; against a sorted map.
 */
class CheckpointChainProperties {
    private static final int GROUPS = 16;
    private static final byte DELIMITER = ',';

    @Property
    void storesMadeOfCheckpointsHoldWhatWasThere(@ForAll long seed) throws Exception {
        Path directory = Files.createTempDirectory("checkpoint-chain");
        try {
            new History(directory, seed).run(60);
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
    }

    /** A store of a part of the keys, and the checkpoint whose files it may use again. */
    private static final class Part {
        final KeyRange range;
        final LsmStore store;
        final ColumnFamily family;
        Kept base;

        Part(KeyRange range, LsmStore store, ColumnFamily family, Kept base) {
            this.range = range;
            this.store = store;
            this.family = family;
            this.base = base;
        }
    }

    /** A checkpoint of all parts. */
    private record Moment(List<KeyRange> ranges, List<Kept> parts, NavigableMap<byte[], byte[]> model) {}

    private static final class History {
        private final Path directory;
        private final long seed;
        private final SplittableRandom random;
        private final CheckpointShelf shelf;
        private final StoreOptions options;
        private NavigableMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        private List<Part> parts = new ArrayList<>();
        private final List<Moment> moments = new ArrayList<>();
        private int stores;
        private int values;

        History(Path directory, long seed) throws IOException {
            this.directory = directory;
            this.seed = seed;
            random = new SplittableRandom(seed);
            shelf = new CheckpointShelf(directory.resolve("shelf"));
            options = StoreOptions.builder().arenaChunkBytes(4096).memtableBytes(30_000 + random.nextInt(200_000)).durability(Durability.NO_LOG)
                    .level0(1 + random.nextInt(4), 20, 40).executor(random.nextBoolean() ? null : Runnable::run).build();
            for (KeyRange range : split(1 + random.nextInt(4))) {
                LsmStore store = LsmStore.open(folder(), options);
                parts.add(part(range, store, null));
            }
        }

        private Path folder() {
            return directory.resolve("store-" + stores++);
        }

        private Part part(KeyRange range, LsmStore store, Kept base) throws IOException {
            return new Part(range, store, store.createFamily(FamilyOptions.builder("state").appendDelimiter(DELIMITER).levelBaseBytes(20_000)
                    .fileBytes(10_000).memtableHashIndex(true).build()), base);
        }

        private static List<KeyRange> split(int count) {
            List<KeyRange> ranges = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ranges.add(KeyRange.of(new byte[] {(byte) (GROUPS * i / count)}, new byte[] {(byte) (GROUPS * (i + 1) / count)}));
            }
            return ranges;
        }

        void run(int steps) throws IOException {
            try {
                for (int step = 0; step < steps; step++) {
                    switch (random.nextInt(6)) {
                        case 0, 1, 2 -> write(random.nextInt(400));
                        case 3, 4 -> checkpoint();
                        default -> restore();
                    }
                    check("step " + step + " of seed " + seed);
                }
            } finally {
                for (Part part : parts) {
                    part.store.discard();
                }
            }
        }

        private byte[] key() {
            return new byte[] {(byte) random.nextInt(GROUPS), (byte) random.nextInt(4), (byte) random.nextInt(30)};
        }

        private void write(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                byte[] key = key();
                byte[] value = ("v" + values++ + "x".repeat(random.nextInt(100))).getBytes(StandardCharsets.UTF_8);
                Part part = parts.stream().filter(p -> p.range.contains(Slice.of(key))).findFirst().orElseThrow();
                switch (random.nextInt(20)) {
                    case 0, 1, 2 -> {
                        part.store.delete(part.family, Slice.of(key));
                        model.remove(key);
                    }
                    case 3, 4 -> {
                        part.store.append(part.family, Slice.of(key), Slice.of(value));
                        model.merge(key, value, History::joined);
                    }
                    case 5 -> {
                        byte[] upper = {key[0], key[1], (byte) (key[2] + 1 + random.nextInt(5))};
                        part.store.deleteRange(part.family, KeyRange.of(key, upper));
                        model.subMap(key, upper).clear();
                    }
                    default -> {
                        part.store.put(part.family, Slice.of(key), Slice.of(value));
                        model.put(key, value);
                    }
                }
            }
            if (random.nextInt(5) == 0) {
                parts.get(random.nextInt(parts.size())).store.flush();
            }
        }

        private static byte[] joined(byte[] a, byte[] b) {
            byte[] both = Arrays.copyOf(a, a.length + 1 + b.length);
            both[a.length] = DELIMITER;
            System.arraycopy(b, 0, both, a.length + 1, b.length);
            return both;
        }

        private void checkpoint() throws IOException {
            List<Kept> taken = new ArrayList<>();
            NavigableMap<byte[], byte[]> then = new TreeMap<>(model);
            List<Checkpoint> pinned = new ArrayList<>();
            for (Part part : parts) {
                pinned.add(part.store.checkpoint());
            }
            write(random.nextInt(50));
            for (int i = 0; i < parts.size(); i++) {
                try (Checkpoint checkpoint = pinned.get(i)) {
                    Kept kept = shelf.put(checkpoint, parts.get(i).base);
                    parts.get(i).base = kept;
                    taken.add(kept);
                }
            }
            moments.add(new Moment(parts.stream().map(part -> part.range).toList(), taken, then));
        }

        /** Throws the stores away and makes others of the last checkpoint, or one before. */
        private void restore() throws IOException {
            if (moments.isEmpty()) {
                return;
            }
            Moment moment = moments.get(random.nextInt(4) == 0 ? random.nextInt(moments.size()) : moments.size() - 1);
            for (Part part : parts) {
                part.store.discard();
            }
            parts = new ArrayList<>();
            model = new TreeMap<>(moment.model());
            boolean rescaled = random.nextBoolean();
            for (KeyRange range : rescaled ? split(1 + random.nextInt(4)) : moment.ranges()) {
                List<CheckpointSource> sources = new ArrayList<>();
                List<Kept> from = new ArrayList<>();
                for (int i = 0; i < moment.parts().size(); i++) {
                    KeyRange clip = moment.ranges().get(i).intersect(range);
                    if (!clip.isEmpty()) {
                        sources.add(shelf.source(moment.parts().get(i), clip));
                        from.add(moment.parts().get(i));
                    }
                }
                LsmStore store = LsmStore.restore(folder(), options, sources);
                parts.add(part(range, store, CheckpointShelf.resumed(store.restored(), from)));
                if (sources.size() == 1) {
                    assertThat(store.lastSequence()).isEqualTo(from.get(0).sequence());
                    checkpointWritesNothing(store, parts.get(parts.size() - 1).base);
                }
            }
        }

        /** Restored and unchanged data is on the shelf already, unless the log was too long for one memtable, or compactions are due. */
        private void checkpointWritesNothing(LsmStore store, Kept base) throws IOException {
            if (options.executor() == null || store.statistics().get(StoreMetric.FLUSHES) > 0 || store.statistics().get(StoreMetric.COMPACTIONS) > 0) {
                return;
            }
            try (Checkpoint checkpoint = store.checkpoint()) {
                assertThat(checkpoint.sstables()).allSatisfy(file -> assertThat(base.files()).containsKey(file.name()));
                assertThat(checkpoint.planLog(base.pieces()).missing()).isEmpty();
            }
        }

        private void check(String when) throws IOException {
            Map<String, String> seen = new HashMap<>();
            for (Part part : parts) {
                try (StoreIterator iterator = part.store.iterator(part.family)) {
                    for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                        seen.put(iterator.key().toString(), iterator.value().toString());
                    }
                }
            }
            Map<String, String> expected = new HashMap<>();
            model.forEach((key, value) -> expected.put(Slice.of(key).toString(), Slice.of(value).toString()));
            assertThat(seen).as(when).isEqualTo(expected);
        }
    }
}
