package io.qaexchange.storage.manifest;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.SstableMetadata;

/**
 * A part of an sstable at a place in the tree. Several references may name one file, each with a clip of its own: that is how a store
 * is opened for a part of another's keys without rewriting it. Immutable.
 *
 * @param id unique within the store; what edits name
 * @param fileNumber names the file; unique within the store for ever
 * @param family that the entries belong to; it stands here, never in the file
 * @param level 0 = runs that may overlap, deeper ones are disjoint; of a time-windowed family, 0 = several windows, 1 = one window
 * @param window number of the window of event time, 0 in level 0 and for leveled families
 * @param clip keys outside do not belong
 * @param table what is known of the file without opening it
 */
public record FileReference(long id, long fileNumber, int family, int level, long window, KeyRange clip, SstableMetadata table) {

    public static FileReference whole(long id, long fileNumber, int family, int level, long window, SstableMetadata table) {
        return new FileReference(id, fileNumber, family, level, window, KeyRange.ALL, table);
    }

    /** The keys that the reference can hold, range deletions included. */
    public KeyRange keys() {
        return clip.isAll() ? table.range() : table.range().intersect(clip);
    }

    public boolean mayContain(Slice key) {
        return table.range().contains(key) && (clip.isAll() || clip.contains(key));
    }

    public boolean overlaps(KeyRange range) {
        return keys().overlaps(range);
    }

    public boolean isClipped() {
        return !clip.isAll();
    }

    public long sizeBytes() {
        return table.fileSize();
    }

    /** The same part of the same file at another place in the tree. */
    public FileReference movedTo(long newId, int newLevel, long newWindow) {
        return new FileReference(newId, fileNumber, family, newLevel, newWindow, clip, table);
    }

    void encode(ByteWriter to) {
        to.varint(id).varint(fileNumber).varint(family).varint(level).u64(window);
        to.bytes(clip.lower()).u8(clip.upper() == null ? 0 : 1);
        if (clip.upper() != null) {
            to.bytes(clip.upper());
        }
        table.encode(to);
    }

    static FileReference decode(ByteReader from) throws CorruptionException {
        long id = from.varint();
        long fileNumber = from.varint();
        int family = from.varint32();
        int level = from.varint32();
        long window = from.u64();
        byte[] lower = from.bytes();
        byte[] upper = from.u8() == 0 ? null : from.bytes();
        return new FileReference(id, fileNumber, family, level, window, new KeyRange(lower, upper), SstableMetadata.decode(from));
    }

    @Override
    public String toString() {
        return FileNames.digits(fileNumber) + ".sst(" + id + ")" + keys();
    }
}
