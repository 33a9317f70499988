package io.qaexchange.storage.sstable;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Random files in every shape against a sorted map: what was written reads back, in every way of reading. */
class SstableRoundTripProperties {
    /** How keys and values of one file look. */
    enum Shape { FIXED, FIXED_TIED_WINDOWS, VARIABLE, MANY_VERSIONS, MIXED, TINY_KEYS }

    private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 64 << 20);

    @Property(tries = 400)
    void everyWayOfReadingAgreesWithTheModel(@ForAll long seed, @ForAll Shape shape, @ForAll BlockCompression compression,
            @ForAll boolean mapped, @ForAll @IntRange(min = 0, max = 600) int count) throws IOException {
        Random random = new Random(seed);
        SstableModel model = model(random, shape, count);
        SstableOptions options = SstableOptions.builder().blockSizeBytes(64 << random.nextInt(9))
                .indexBlockSizeBytes(64 << random.nextInt(7)).restartInterval(1 + random.nextInt(17)).compression(compression)
                .bloomBitsPerKey(random.nextInt(3) * 10).build();
        Path directory = Files.createTempDirectory("sstable");
        Path file = directory.resolve("1.sst");
        try (BlockCache cache = new BlockCache(pool, random.nextInt(3) * 20_000L, 1, clock(new Random(seed)))) {
            SstableMetadata metadata = model.write(file, options);
            ReadOptions read = new ReadOptions(mapped, random.nextBoolean() ? 1 << 30 : 1 << 12, 4 << 10);
            Random memory = new Random(seed);
            int cold = random.nextInt(3);
            Vfs vfs = cold == 0 ? NioVfs.INSTANCE : ColdMappings.of(NioVfs.INSTANCE, () -> cold == 1 && memory.nextBoolean());
            try (SstableReader reader = SstableReader.open(vfs, file, read, cache)) {
                assertThat(reader.metadata()).isEqualTo(metadata);
                assertThat(metadata.fileSize()).isEqualTo(Files.size(file));
                assertThat(metadata.entries()).isEqualTo(model.entries.size());
                reader.verifyAll();
                checkScans(reader, model, random);
                checkSeeks(reader, model, random);
                checkGets(reader, model, random);
            }
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
        assertThat(pool.usedBytes()).as("memory that nobody gave back").isZero();
    }

    /** Now and then a read has to wait, which makes all ask for a while. */
    private static LongSupplier clock(Random random) {
        long[] now = new long[1];
        return () -> now[0] += random.nextInt(100) == 0 ? 1_000_000 : 100;
    }

    static SstableModel model(Random random, Shape shape, int count) {
        SstableModel model = new SstableModel();
        int valueLength = random.nextInt(120);
        for (int i = 0; i < count; i++) {
            byte[] key = key(random, shape, i);
            byte[] value = new byte[shape == Shape.FIXED || shape == Shape.FIXED_TIED_WINDOWS ? valueLength : random.nextInt(60)];
            random.nextBytes(value);
            int kind = shape == Shape.FIXED ? ValueKind.PUT : random.nextInt(3);
            if (kind == ValueKind.DELETE && shape != Shape.FIXED_TIED_WINDOWS) {
                value = new byte[0];
            }
            model.put(key, 1 + random.nextInt(shape == Shape.MANY_VERSIONS ? 1 << 20 : 1 << 10), kind, value);
        }
        return model;
    }

    private static byte[] key(Random random, Shape shape, int i) {
        return switch (shape) {
            case FIXED -> String.format("instrument%010d", i * 7).getBytes();
            case FIXED_TIED_WINDOWS -> String.format("%02dxxxxxxxxxx%02d", random.nextInt(30), random.nextInt(30)).getBytes();
            case VARIABLE -> randomKey(random, 1 + random.nextInt(30), 3);
            case MANY_VERSIONS -> new byte[] {(byte) random.nextInt(3)};
            case MIXED -> i % 40 < 20 ? String.format("fix%08d", i).getBytes() : randomKey(random, random.nextInt(300), 256);
            case TINY_KEYS -> randomKey(random, random.nextInt(4), 4);
        };
    }

    private static byte[] randomKey(Random random, int length, int letters) {
        byte[] key = new byte[length];
        for (int i = 0; i < length; i++) {
            key[i] = (byte) (random.nextInt(letters) - 1);
        }
        return key;
    }

    private static KeyRange bounds(SstableModel model, Random random) {
        byte[] lower = random.nextBoolean() ? new byte[0] : target(model, random).key();
        byte[] upper = random.nextBoolean() ? null : target(model, random).key();
        return KeyRange.of(lower, upper);
    }

    /** An entry of the model, or something near one. */
    private static SstableModel.Entry target(SstableModel model, Random random) {
        List<SstableModel.Entry> keys = new ArrayList<>(model.keys());
        if (keys.isEmpty() || random.nextInt(10) == 0) {
            return new SstableModel.Entry(randomKey(random, random.nextInt(12), 256), Trailer.of(random.nextInt(100), 1));
        }
        SstableModel.Entry entry = keys.get(random.nextInt(keys.size()));
        byte[] key = entry.key();
        long trailer = entry.trailer();
        switch (random.nextInt(6)) {
            case 0 -> key = Arrays.copyOf(key, key.length + 1);
            case 1 -> key = Arrays.copyOf(key, key.length / 2);
            case 2 -> trailer = Trailer.NEWEST;
            case 3 -> trailer += random.nextInt(600) - 300;
            default -> { }
        }
        return new SstableModel.Entry(key, trailer);
    }

    private static void checkScans(SstableReader reader, SstableModel model, Random random) throws IOException {
        for (int i = 0; i < 4; i++) {
            KeyRange bounds = i == 0 ? KeyRange.ALL : bounds(model, random);
            List<String> expected = model.inside(bounds);
            for (ReadMode mode : ReadMode.values()) {
                List<String> forward = new ArrayList<>();
                List<String> backward = new ArrayList<>();
                try (InternalIterator iterator = reader.iterator(bounds, mode)) {
                    for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                        forward.add(SstableModel.describe(iterator));
                    }
                    for (iterator.seekToLast(); iterator.valid(); iterator.previous()) {
                        backward.add(0, SstableModel.describe(iterator));
                    }
                }
                assertThat(forward).as("forward %s %s", bounds, mode).isEqualTo(expected);
                assertThat(backward).as("backward %s %s", bounds, mode).isEqualTo(expected);
            }
            SizeEstimate estimate = reader.estimate(bounds);
            assertThat(estimate.entries()).isBetween(0L, (long) model.entries.size());
            if (i == 0) {
                assertThat(estimate.entries()).isEqualTo(model.entries.size());
            }
        }
    }

    private static void checkSeeks(SstableReader reader, SstableModel model, Random random) throws IOException {
        KeyRange bounds = bounds(model, random);
        java.util.NavigableMap<SstableModel.Entry, byte[]> inside = new java.util.TreeMap<>(model.entries);
        inside.keySet().removeIf(entry -> !bounds.contains(entry.key()));
        ReadMode mode = random.nextBoolean() ? ReadMode.CACHED : ReadMode.SEQUENTIAL;
        try (InternalIterator iterator = reader.iterator(bounds, mode)) {
            for (int i = 0; i < 40; i++) {
                SstableModel.Entry target = target(model, random);
                Map.Entry<SstableModel.Entry, byte[]> expected;
                if (random.nextBoolean()) {
                    iterator.seek(Slice.of(target.key()), target.trailer());
                    expected = inside.ceilingEntry(target);
                } else {
                    iterator.seekBefore(Slice.of(target.key()), target.trailer());
                    expected = inside.lowerEntry(target);
                }
                assertThat(SstableModel.describe(iterator)).as("target %s in %s", target, bounds)
                        .isEqualTo(SstableModel.describe(expected));
                for (int step = 0; step < 5 && iterator.valid(); step++) {
                    if (random.nextBoolean()) {
                        iterator.next();
                        expected = inside.higherEntry(expected.getKey());
                    } else {
                        iterator.previous();
                        expected = inside.lowerEntry(expected.getKey());
                    }
                    assertThat(SstableModel.describe(iterator)).isEqualTo(SstableModel.describe(expected));
                }
            }
        }
    }

    private static void checkGets(SstableReader reader, SstableModel model, Random random) throws IOException {
        try (BlockPin pin = new BlockPin()) {
            for (int i = 0; i < 60; i++) {
                SstableModel.Entry target = target(model, random);
                long snapshot = random.nextBoolean() ? Trailer.MAX_SEQUENCE : Trailer.sequence(target.trailer()) & 0xfffffffL;
                List<String> expected = model.versions(target.key(), snapshot);
                int wanted = random.nextInt(3) == 0 ? 1 : Integer.MAX_VALUE;
                List<SstableModel.Entry> found = new ArrayList<>();
                List<Slice> values = new ArrayList<>();
                boolean stopped = reader.get(Slice.of(target.key()), snapshot, (trailer, value) -> {
                    found.add(new SstableModel.Entry(target.key(), trailer));
                    values.add(new Slice().wrap(value));
                    return found.size() < wanted;
                }, pin);
                List<String> got = new ArrayList<>();
                for (int version = 0; version < found.size(); version++) {
                    // Values are looked at after the read: the pin keeps them.
                    got.add(SstableModel.describe(found.get(version), values.get(version).toByteArray()));
                }
                assertThat(got).isEqualTo(expected.subList(0, Math.min(wanted, expected.size())));
                assertThat(stopped).isEqualTo(wanted == 1 && !expected.isEmpty());
                pin.release();
            }
        }
    }

    @Property(tries = 100)
    void rangeTombstonesComeBackAndWidenTheRange(@ForAll long seed, @ForAll @IntRange(min = 0, max = 20) int count)
            throws IOException {
        Assume.that(count > 0);
        Random random = new Random(seed);
        SstableModel model = model(random, Shape.VARIABLE, random.nextInt(50));
        for (int i = 0; i < count; i++) {
            model.rangeTombstones.add(new RangeTombstone(KeyRange.of(randomKey(random, random.nextInt(4), 5),
                    randomKey(random, random.nextInt(4), 5)), 1 + random.nextInt(8)));
        }
        Path directory = Files.createTempDirectory("sstable");
        Path file = directory.resolve("1.sst");
        try (BlockCache cache = new BlockCache(pool, 0)) {
            SstableMetadata metadata = model.write(file, SstableOptions.DEFAULT);
            try (SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.MMAP, cache)) {
                RangeTombstoneList expected = RangeTombstoneList.of(model.rangeTombstones);
                assertThat(reader.rangeTombstones()).isEqualTo(expected);
                if (!expected.isEmpty()) {
                    assertThat(metadata.range().contains(expected.hull())).isTrue();
                }
                for (SstableModel.Entry entry : model.keys()) {
                    assertThat(metadata.range().contains(entry.key())).isTrue();
                }
            }
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }
}
