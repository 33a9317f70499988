package io.qaexchange.storage.sstable;

import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A sorted map that says what an sstable must say. */
final class SstableModel {
    /** A key with its trailer, in internal order. */
    record Entry(byte[] key, long trailer) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            int order = Slice.compare(key, other.key);
            return order != 0 ? order : Trailer.compare(trailer, other.trailer);
        }

        @Override
        public String toString() {
            return Slice.printable(key) + Trailer.toString(trailer);
        }
    }

    final NavigableMap<Entry, byte[]> entries = new TreeMap<>();
    final List<RangeTombstone> rangeTombstones = new ArrayList<>();

    void put(byte[] key, long sequence, int kind, byte[] value) {
        entries.put(new Entry(key, Trailer.of(sequence, kind)), value);
    }

    SstableMetadata write(Path file, SstableOptions options) throws IOException {
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file, options)) {
            Slice key = new Slice();
            Slice value = new Slice();
            for (Map.Entry<Entry, byte[]> entry : entries.entrySet()) {
                writer.add(key.wrap(entry.getKey().key()), entry.getKey().trailer(), value.wrap(entry.getValue()));
            }
            for (RangeTombstone tombstone : rangeTombstones) {
                writer.addRangeTombstone(tombstone);
            }
            return writer.finish();
        }
    }

    /** The entries inside bounds, as {@link #describe} writes them. */
    List<String> inside(KeyRange bounds) {
        List<String> result = new ArrayList<>();
        entries.forEach((entry, value) -> {
            if (bounds.contains(entry.key())) {
                result.add(describe(entry, value));
            }
        });
        return result;
    }

    static String describe(Entry entry, byte[] value) {
        return value == null ? "none" : entry + "=" + value.length + ":" + java.util.Arrays.hashCode(value);
    }

    static String describe(Map.Entry<Entry, byte[]> entry) {
        return entry == null ? "none" : describe(entry.getKey(), entry.getValue());
    }

    static String describe(InternalIterator iterator) {
        return !iterator.valid() ? "none"
                : describe(new Entry(iterator.key().toByteArray(), iterator.trailer()), iterator.value().toByteArray());
    }

    /** The entries that a point read at a snapshot hands out when the sink wants everything. */
    List<String> versions(byte[] key, long snapshot) {
        List<String> result = new ArrayList<>();
        for (Map.Entry<Entry, byte[]> entry : entries.tailMap(new Entry(key, Trailer.NEWEST)).entrySet()) {
            if (!java.util.Arrays.equals(entry.getKey().key(), key)) {
                break;
            }
            if (Trailer.sequence(entry.getKey().trailer()) <= snapshot) {
                result.add(describe(entry));
            }
        }
        return result;
    }

    Collection<Entry> keys() {
        return entries.keySet();
    }
}
