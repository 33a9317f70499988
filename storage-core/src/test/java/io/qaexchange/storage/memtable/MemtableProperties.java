package io.qaexchange.storage.memtable;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
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

    @Property(tries = 300)
    void holdsWhatASortedMapHolds(@ForAll("keys") List<byte[]> keys, @ForAll("keys") List<byte[]> probes, @ForAll boolean direct)
            throws Exception {
        BudgetedMemoryPool pool = new BudgetedMemoryPool(
                direct ? BudgetedMemoryPool.Kind.DIRECT : BudgetedMemoryPool.Kind.HEAP, 1 << 30);
        Memtable memtable = new Memtable(1, pool, 4096);
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
        assertThat(memtable.memoryBytes()).isEqualTo(pool.usedBytes());
        memtable.release();
        assertThat(pool.usedBytes()).isZero();
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
