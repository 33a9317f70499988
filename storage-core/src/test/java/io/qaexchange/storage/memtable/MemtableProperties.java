package io.qaexchange.storage.memtable;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The memtable against a sorted map, with keys that are prefixes of each other, long common prefixes and full fan-out. */
class MemtableProperties {
    private static final int FAMILY = 3;

    /** Internal order. */
    private record Entry(byte[] key, long trailer) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            int keys = Arrays.compareUnsigned(key, other.key);
            return keys != 0 ? keys : Trailer.compare(trailer, other.trailer);
        }
    }

    /** Ways to keys besides the tree. */
    private enum Hashed {
        NO, GROWING, MADE_AT_ONCE;

        Memtable memtable(BudgetedMemoryPool pool, List<byte[]> keys) {
            if (this == NO) {
                return new Memtable(1, pool, 4096);
            }
            Memtable before = this == GROWING ? null : fill(new Memtable(1, new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 30), 4096), keys);
            return new Memtable(2, pool, 4096, family -> family == FAMILY, before);
        }
    }

    @Property(tries = 400)
    void holdsWhatASortedMapHolds(@ForAll("keys") List<byte[]> keys, @ForAll("keys") List<byte[]> probes, @ForAll boolean direct, @ForAll Hashed hashed)
            throws Exception {
        BudgetedMemoryPool pool = new BudgetedMemoryPool(
                direct ? BudgetedMemoryPool.Kind.DIRECT : BudgetedMemoryPool.Kind.HEAP, 1 << 30);
        Memtable memtable = hashed.memtable(pool, keys);
        NavigableMap<Entry, byte[]> model = new TreeMap<>();
        for (int i = 0; i < keys.size(); i++) {
            int kind = i % 7 == 0 ? ValueKind.DELETE : i % 5 == 0 ? ValueKind.APPEND : ValueKind.PUT;
            long trailer = Trailer.of(i + 1L, kind);
            byte[] value = ("v" + i).repeat(i % 40).getBytes(StandardCharsets.UTF_8);
            memtable.add(FAMILY, Slice.of(keys.get(i)), trailer, Slice.of(value));
            model.put(new Entry(keys.get(i), trailer), value);
        }

        assertThat(forward(memtable)).containsExactlyElementsOf(text(model));
        assertThat(backward(memtable)).containsExactlyElementsOf(text(model.descendingMap()));
        List<byte[]> allProbes = new ArrayList<>(probes);
        allProbes.addAll(keys);
        try (InternalIterator iterator = memtable.iterator(FAMILY)) {
            for (byte[] probe : allProbes) {
                long snapshot = probe.length * 13L % (keys.size() + 1);
                Entry bound = new Entry(probe, Trailer.visibleAt(snapshot));
                iterator.seek(Slice.of(probe), bound.trailer());
                assertSame(iterator, model.ceilingEntry(bound));
                iterator.seekBefore(Slice.of(probe), bound.trailer());
                assertSame(iterator, model.lowerEntry(bound));
                assertThat(versions(memtable, probe, snapshot)).isEqualTo(modelVersions(model, probe, snapshot));
            }
        }
        PrefixReader prefixes = new PrefixReader();
        for (byte[] probe : allProbes) {
            for (int length = 0; length <= probe.length; length++) {
                assertSamePrefix(prefixes, memtable, Arrays.copyOf(probe, length), keys.size(), model);
            }
        }
        assertThat(memtable.memoryBytes()).isEqualTo(pool.usedBytes());
        memtable.release();
        assertThat(pool.usedBytes()).isZero();
    }

    /** A version that has to be joined, or too many of them, give no answer. */
    private static void assertSamePrefix(PrefixReader prefixes, Memtable memtable, byte[] prefix, long snapshot,
            NavigableMap<Entry, byte[]> model) {
        List<byte[]> keys = new ArrayList<>();
        boolean told = true;
        byte[] last = null;
        for (Entry entry : model.tailMap(new Entry(prefix, Trailer.NEWEST), true).keySet()) {
            if (!Slice.of(entry.key()).startsWith(prefix)) {
                break;
            }
            if (!Arrays.equals(entry.key(), last)) {
                last = entry.key();
                keys.add(last);
                told &= Trailer.kind(entry.trailer()) != ValueKind.APPEND;
            }
        }
        CopiedEntries copied = new CopiedEntries();
        copied.begin(0, false);
        boolean fits = prefixes.copy(memtable, FAMILY, Slice.of(prefix), snapshot, copied);
        assertThat(fits).isEqualTo(told && keys.size() <= CopiedEntries.MOST);
        if (fits) {
            byte[] bytes = copied.toByteArray();
            int[] ends = copied.toEnds();
            for (int i = 0; i < keys.size(); i++) {
                assertThat(Arrays.copyOfRange(bytes, i == 0 ? 0 : ends[2 * i - 1], ends[2 * i])).isEqualTo(keys.get(i));
            }
            assertThat(copied.count()).isEqualTo(keys.size());
        }
    }

    /** The size of a write is estimated from above; if the estimate were near a chunk, nearly every write would seem to need another. */
    @Test
    void mostSmallWritesNeedNoFurtherMemory() {
        Memtable memtable = new Memtable(1, new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 30), 8192);
        int asked = 0;
        for (int i = 0; i < 1000; i++) {
            asked += memtable.wouldTake(1, Memtable.sizeOf(Integer.BYTES, 1)) > 0 ? 1 : 0;
            memtable.add(FAMILY, Slice.of(ByteBuffer.allocate(Integer.BYTES).putInt(i).array()), Trailer.of(i + 1L, ValueKind.PUT), Slice.ofUtf8("v"));
        }
        assertThat(asked).isLessThan(500);
        memtable.release();
    }

    /** An index that is made for many keys takes a segment for nearly each of the first ones. */
    @Property(tries = 50)
    void aBatchTakesNoMoreThanWasSaid(@ForAll Hashed hashed, @ForAll @IntRange(max = 20_000) int expected, @ForAll @IntRange(min = 1, max = 5000) int writes)
            throws Exception {
        BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 30);
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < expected; i++) {
            keys.add(ByteBuffer.allocate(Integer.BYTES).putInt(i).array());
        }
        Memtable memtable = hashed.memtable(pool, keys);
        for (int round = 0; round < 3; round++) {
            long before = pool.usedBytes();
            long said = memtable.wouldTake(writes, writes * Memtable.sizeOf(Integer.BYTES, 1));
            for (int i = 0; i < writes; i++) {
                byte[] key = ByteBuffer.allocate(Integer.BYTES).putInt((round * writes + i) * 31).array();
                memtable.add(FAMILY, Slice.of(key), Trailer.of(1 + round * (long) writes + i, ValueKind.PUT), Slice.ofUtf8("v"));
            }
            if (round > 0) {
                // Half of such small chunks may stay unused.
                assertThat(pool.usedBytes() - before).isLessThanOrEqualTo(2 * said + 4 * 4096);
            }
        }
        memtable.release();
    }

    /** Long chains of versions, in which jumps over anchors and single steps take turns. */
    @Property(tries = 20)
    void everySnapshotOfAnOverwrittenKeyIsFound(@ForAll Hashed hashed, @ForAll @IntRange(min = 1, max = 3000) int versions) throws Exception {
        byte[] key = {7};
        Memtable memtable = hashed.memtable(new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 30), List.of(key));
        for (int i = 1; i <= versions; i++) {
            memtable.add(FAMILY, Slice.of(key), Trailer.of(2L * i, ValueKind.PUT), Slice.ofUtf8("v" + i));
        }
        try (InternalIterator iterator = memtable.iterator(FAMILY)) {
            for (int snapshot = 0; snapshot <= 2 * versions + 1; snapshot++) {
                int newest = Math.min(versions, snapshot / 2);
                List<String> seen = new ArrayList<>();
                memtable.get(FAMILY, Slice.of(key), snapshot, (trailer, value) -> !seen.add(value.toString()), new Slice());
                assertThat(seen).isEqualTo(newest == 0 ? List.of() : List.of("v" + newest));
                iterator.seekBefore(Slice.of(key), Trailer.visibleAt(snapshot));
                assertThat(iterator.valid()).isEqualTo(newest < versions);
                if (newest < versions) {
                    assertThat(iterator.value()).hasToString("v" + (newest + 1));
                }
            }
        }
        memtable.release();
    }

    /** So many keys with hashes of one beginning find no room in the index, which then must not be believed. */
    @Test
    void keysWithHashesAlikeAreFound() {
        Memtable memtable = new Memtable(1, new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 30), 1 << 20, family -> true, null);
        List<byte[]> alike = new ArrayList<>();
        for (long i = 0; alike.size() < 150; i++) {
            byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(i).array();
            if (HashIndex.hash(Slice.of(key)) >>> 12 == 0x12345) {
                alike.add(key);
            }
        }
        List<byte[]> absent = alike.subList(140, 150);
        List<byte[]> present = alike.subList(0, 140);
        fill(memtable, present);
        for (int i = 0; i < present.size(); i++) {
            assertThat(versions(memtable, present.get(i), Long.MAX_VALUE >>> 8)).containsExactly(Trailer.toString(Trailer.of(i + 1, ValueKind.PUT)) + "=v" + i);
        }
        for (byte[] key : absent) {
            assertThat(versions(memtable, key, Long.MAX_VALUE >>> 8)).isEmpty();
        }
        memtable.add(FAMILY, Slice.of(present.get(139)), Trailer.of(1000, ValueKind.PUT), Slice.ofUtf8("again"));
        assertThat(versions(memtable, present.get(139), Long.MAX_VALUE >>> 8)).hasSize(2).first().asString().endsWith("=again");
        assertThat(forward(memtable)).hasSize(141);
        memtable.release();
    }

    private static Memtable fill(Memtable memtable, List<byte[]> keys) {
        for (int i = 0; i < keys.size(); i++) {
            memtable.add(FAMILY, Slice.of(keys.get(i)), Trailer.of(i + 1L, ValueKind.PUT), Slice.ofUtf8("v" + i));
        }
        return memtable;
    }

    @Property(tries = 200)
    void logKeepsOrderAndOnlyTheNewestVersionOfARange(@ForAll("keys") List<byte[]> keys, @ForAll int cutSeed) throws Exception {
        Memtable memtable = new Memtable(1, new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 30), 4096);
        int cut = Math.floorMod(cutSeed, keys.size() + 1);
        boolean marked = (cutSeed & 0x10000) != 0;
        for (int i = 0; i < keys.size(); i++) {
            if (marked && i == cut) {
                memtable.mark(i);
            }
            memtable.add(FAMILY, Slice.of(keys.get(i)), Trailer.of(i + 1L, ValueKind.PUT), Slice.ofUtf8("v" + i));
        }
        assertThat(walk(memtable, 0, cut)).isEqualTo(newest(keys, 0, cut));
        assertThat(walk(memtable, cut, keys.size())).isEqualTo(newest(keys, cut, keys.size()));
    }

    private static List<String> walk(Memtable memtable, long after, long upTo) throws Exception {
        List<String> seen = new ArrayList<>();
        memtable.walkLog(after, upTo, (family, trailer, key, value) -> seen.add(key + Trailer.toString(trailer) + "=" + value));
        return seen;
    }

    private static List<String> newest(List<byte[]> keys, int from, int to) {
        List<String> expected = new ArrayList<>();
        for (int i = from; i < to; i++) {
            byte[] key = keys.get(i);
            if (keys.subList(i + 1, to).stream().noneMatch(later -> Arrays.equals(later, key))) {
                expected.add(Slice.printable(key) + Trailer.toString(Trailer.of(i + 1L, ValueKind.PUT)) + "=v" + i);
            }
        }
        return expected;
    }

    private static void assertSame(InternalIterator iterator, Map.Entry<Entry, byte[]> expected) {
        assertThat(iterator.valid()).isEqualTo(expected != null);
        if (expected != null) {
            assertThat(iterator.key().toByteArray()).isEqualTo(expected.getKey().key());
            assertThat(iterator.trailer()).isEqualTo(expected.getKey().trailer());
            assertThat(iterator.value().toByteArray()).isEqualTo(expected.getValue());
        }
    }

    private static List<String> versions(Memtable memtable, byte[] key, long snapshot) {
        List<String> seen = new ArrayList<>();
        memtable.get(FAMILY, Slice.of(key), snapshot, (trailer, value) -> seen.add(Trailer.toString(trailer) + "=" + value), new Slice());
        return seen;
    }

    private static List<String> modelVersions(NavigableMap<Entry, byte[]> model, byte[] key, long snapshot) {
        List<String> expected = new ArrayList<>();
        model.tailMap(new Entry(key, Trailer.visibleAt(snapshot)), true).forEach((entry, value) -> {
            if (Arrays.equals(entry.key(), key)) {
                expected.add(Trailer.toString(entry.trailer()) + "=" + Slice.printable(value));
            }
        });
        return expected;
    }

    private static List<String> forward(Memtable memtable) {
        List<String> seen = new ArrayList<>();
        try (InternalIterator iterator = memtable.iterator(FAMILY)) {
            for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                seen.add(iterator.key() + Trailer.toString(iterator.trailer()) + "=" + iterator.value());
            }
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        return seen;
    }

    private static List<String> backward(Memtable memtable) {
        List<String> seen = new ArrayList<>();
        try (InternalIterator iterator = memtable.iterator(FAMILY)) {
            for (iterator.seekToLast(); iterator.valid(); iterator.previous()) {
                seen.add(iterator.key() + Trailer.toString(iterator.trailer()) + "=" + iterator.value());
            }
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        return seen;
    }

    private static List<String> text(Map<Entry, byte[]> model) {
        return model.entrySet().stream()
                .map(e -> Slice.printable(e.getKey().key()) + Trailer.toString(e.getKey().trailer()) + "=" + Slice.printable(e.getValue()))
                .toList();
    }

    @Provide
    Arbitrary<List<byte[]>> keys() {
        Arbitrary<byte[]> few = Arbitraries.of((byte) 0, (byte) 1, (byte) 'a', (byte) 0x7f, (byte) 0x80, (byte) 0xff)
                .array(byte[].class).ofMaxSize(6);
        Arbitrary<byte[]> wide = Arbitraries.bytes().array(byte[].class).ofSize(2);
        Arbitrary<byte[]> deep = Arbitraries.of("", "x", "xy", "y").map(end -> ("common-prefix-of-many-keys" + end).getBytes(StandardCharsets.UTF_8));
        return Arbitraries.frequencyOf(net.jqwik.api.Tuple.of(4, few), net.jqwik.api.Tuple.of(5, wide), net.jqwik.api.Tuple.of(1, deep))
                .list().ofMinSize(1).ofMaxSize(400);
    }
}
