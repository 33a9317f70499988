package io.qaexchange.storage.manifest;

import io.qaexchange.storage.CorruptionException;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.key.KeyRange;

/**
 * A part of an sstable at a place in the tree. Several references may name one file, each with a clip of its own: that is how a store
 * is opened for a part of another's keys without rewriting it. Immutable.
 *
 * @param id unique within the store; what edits name
 * @param family that the entries belong to; it stands here, never in the file
 * @param level 0 = runs that may overlap, deeper ones are disjoint; of a time-windowed family, 0 = several windows, 1 = one window
 * @param window number of the window of event time, 0 in level 0 and for leveled families
 * @param clip keys outside do not belong
 */
public record FileReference(long id, int family, int level, long window, KeyRange clip, FileMetadata file) {

    /** Keys that the reference can hold: from the smallest, inclusive, to the largest, inclusive. */
    public boolean mayContain(io.qaexchange.storage.memory.Slice key) {
        return key.compareTo(file.smallest()) >= 0 && key.compareTo(file.largest()) <= 0 && clip.contains(key);
    }

    public boolean overlaps(KeyRange range) {
        return range.overlaps(file.smallest(), file.largest()) && (clip.isAll() || clip.overlaps(range));
    }

    public boolean overlaps(FileReference other) {
        KeyRange keys = keys();
        return other.overlaps(keys);
    }

    /** The keys as a range; its upper end is the first key behind the largest. */
    public KeyRange keys() {
        byte[] behind = java.util.Arrays.copyOf(file.largest(), file.largest().length + 1);
        KeyRange all = new KeyRange(file.smallest(), behind);
        return clip.isAll() ? all : all.intersect(clip);
    }

    public boolean isClipped() {
        return !clip.isAll();
    }

    void encode(ByteWriter to) {
        to.varint(id).varint(family).varint(level).u64(window);
        to.bytes(clip.lower()).u8(clip.upper() == null ? 0 : 1);
        if (clip.upper() != null) {
            to.bytes(clip.upper());
        }
        file.encode(to);
    }

    static FileReference decode(ByteReader from) throws CorruptionException {
        long id = from.varint();
        int family = from.varint32();
        int level = from.varint32();
        long window = from.u64();
        byte[] lower = from.bytes();
        byte[] upper = from.u8() == 0 ? null : from.bytes();
        return new FileReference(id, family, level, window, new KeyRange(lower, upper), FileMetadata.decode(from));
    }
}
