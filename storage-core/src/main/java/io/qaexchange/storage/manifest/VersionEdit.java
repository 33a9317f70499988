package io.qaexchange.storage.manifest;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.error.CorruptionException;
import java.util.ArrayList;
import java.util.List;

/**
 * A step from one version to the next, applied whole or not at all.
 *
 * <p>Encoded as fields: tag varint, length varint, payload. A reader skips no unknown tag: a newer edit is refused.
 * <pre>
 *   tag  payload
 *     1  epoch u64
 *     2  next file number u64, next reference id u64
 *     3  flushed: sequence u64 (all writes up to it are in sstables), oldest log segment that is still needed u64
 *     4  family added: id varint, options (see encodeOptions)
 *     5  family dropped: id varint
 *     6  reference added (see FileReference)
 *     7  reference removed: id varint
 *     8  drop watermark (see DropWatermark)
 *     9  next family id varint
 *    11  drop watermark removed: its sequence u64
 *    10  parents: count varint, then for each, epoch u64 and sequence u64
 * </pre>
 *
 * <p>One thread while it is filled.
 */
public final class VersionEdit {
    private static final int EPOCH = 1;
    private static final int NUMBERS = 2;
    private static final int FLUSHED = 3;
    private static final int FAMILY_ADDED = 4;
    private static final int FAMILY_DROPPED = 5;
    private static final int REFERENCE_ADDED = 6;
    private static final int REFERENCE_REMOVED = 7;
    private static final int DROP_WATERMARK = 8;
    private static final int NEXT_FAMILY = 9;
    private static final int PARENTS = 10;
    private static final int DROP_WATERMARK_REMOVED = 11;

    /** The one flag of a family's options so far. */
    private static final int HASH_INDEX = 1;

    /** A store that this one's state came from, at the sequence number that it was taken at. */
    public record Parent(long epoch, long sequence) {}

    /** A family with its id. */
    public record AddedFamily(int id, FamilyOptions options) {}

    Long epoch;
    Long nextFileNumber;
    Long nextReferenceId;
    Long flushedSequence;
    Long oldestSegment;
    Integer nextFamilyId;
    List<Parent> parents;
    final List<AddedFamily> familiesAdded = new ArrayList<>();
    final List<Integer> familiesDropped = new ArrayList<>();
    final List<FileReference> added = new ArrayList<>();
    final List<Long> removed = new ArrayList<>();
    final List<DropWatermark> dropWatermarks = new ArrayList<>();
    final List<Long> dropWatermarksRemoved = new ArrayList<>();

    public VersionEdit epoch(long value, List<Parent> of) {
        epoch = value;
        parents = List.copyOf(of);
        return this;
    }

    public VersionEdit nextNumbers(long fileNumber, long referenceId) {
        nextFileNumber = fileNumber;
        nextReferenceId = referenceId;
        return this;
    }

    public VersionEdit flushed(long sequence, long oldestNeededSegment) {
        flushedSequence = sequence;
        oldestSegment = oldestNeededSegment;
        return this;
    }

    public VersionEdit addFamily(int id, FamilyOptions options) {
        familiesAdded.add(new AddedFamily(id, options));
        return this;
    }

    public VersionEdit nextFamilyId(int id) {
        nextFamilyId = id;
        return this;
    }

    public VersionEdit dropFamily(int id) {
        familiesDropped.add(id);
        return this;
    }

    public VersionEdit add(FileReference reference) {
        added.add(reference);
        return this;
    }

    public VersionEdit remove(long referenceId) {
        removed.add(referenceId);
        return this;
    }

    public VersionEdit addDropWatermark(DropWatermark dropWatermark) {
        dropWatermarks.add(dropWatermark);
        return this;
    }

    /** Takes away a drop watermark that a later one makes needless; it is named by its sequence number. */
    public VersionEdit removeDropWatermark(long sequence) {
        dropWatermarksRemoved.add(sequence);
        return this;
    }

    public List<FileReference> added() {
        return added;
    }

    public List<Long> removed() {
        return removed;
    }

    public void encode(ByteWriter to) {
        ByteWriter payload = new ByteWriter();
        if (epoch != null) {
            field(to, EPOCH, payload.u64(epoch));
        }
        if (parents != null) {
            payload.varint(parents.size());
            parents.forEach(parent -> payload.u64(parent.epoch()).u64(parent.sequence()));
            field(to, PARENTS, payload);
        }
        if (nextFileNumber != null) {
            field(to, NUMBERS, payload.u64(nextFileNumber).u64(nextReferenceId));
        }
        if (flushedSequence != null) {
            field(to, FLUSHED, payload.u64(flushedSequence).u64(oldestSegment));
        }
        if (nextFamilyId != null) {
            field(to, NEXT_FAMILY, payload.varint(nextFamilyId));
        }
        for (AddedFamily family : familiesAdded) {
            encodeOptions(payload.varint(family.id()), family.options());
            field(to, FAMILY_ADDED, payload);
        }
        for (int family : familiesDropped) {
            field(to, FAMILY_DROPPED, payload.varint(family));
        }
        for (FileReference reference : added) {
            reference.encode(payload);
            field(to, REFERENCE_ADDED, payload);
        }
        for (long id : removed) {
            field(to, REFERENCE_REMOVED, payload.varint(id));
        }
        for (DropWatermark dropWatermark : dropWatermarks) {
            dropWatermark.encode(payload);
            field(to, DROP_WATERMARK, payload);
        }
        for (long sequence : dropWatermarksRemoved) {
            field(to, DROP_WATERMARK_REMOVED, payload.u64(sequence));
        }
    }

    private static void field(ByteWriter to, int tag, ByteWriter payload) {
        to.varint(tag).varint(payload.size()).raw(payload.array(), io.qaexchange.storage.memory.Memory.ARRAY_BASE, payload.size());
        payload.clear();
    }

    public static VersionEdit decode(ByteReader from) throws CorruptionException {
        VersionEdit edit = new VersionEdit();
        while (from.hasRemaining()) {
            int tag = from.varint32();
            int length = from.varint32();
            int end = from.position() + length;
            edit.decodeField(tag, from, end);
            if (from.position() != end) {
                throw from.corrupt("version edit: field " + tag + " has another length than it says");
            }
        }
        return edit;
    }

    private void decodeField(int tag, ByteReader from, int end) throws CorruptionException {
        switch (tag) {
            case EPOCH -> epoch = from.u64();
            case NUMBERS -> {
                nextFileNumber = from.u64();
                nextReferenceId = from.u64();
            }
            case FLUSHED -> {
                flushedSequence = from.u64();
                oldestSegment = from.u64();
            }
            case FAMILY_ADDED -> familiesAdded.add(new AddedFamily(from.varint32(), decodeOptions(from, end)));
            case FAMILY_DROPPED -> familiesDropped.add(from.varint32());
            case REFERENCE_ADDED -> added.add(FileReference.decode(from));
            case REFERENCE_REMOVED -> removed.add(from.varint());
            case DROP_WATERMARK -> dropWatermarks.add(DropWatermark.decode(from));
            case DROP_WATERMARK_REMOVED -> dropWatermarksRemoved.add(from.u64());
            case NEXT_FAMILY -> nextFamilyId = from.varint32();
            case PARENTS -> {
                int count = from.varint32();
                List<Parent> read = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    read.add(new Parent(from.u64(), from.u64()));
                }
                parents = List.copyOf(read);
            }
            default -> throw from.corrupt("version edit has an unknown field " + tag + ": a newer build wrote it, or it is damaged");
        }
    }

    private static void encodeOptions(ByteWriter to, FamilyOptions options) {
        to.utf8(options.name()).u8(options.compactionStyle().code()).varint(options.compression().size());
        options.compression().forEach(compression -> to.u8(compression.code()));
        to.varint(options.bloomBitsPerKey()).varint(options.blockBytes()).u32(options.appendDelimiter()).u32(options.eventTimeFromEnd());
        to.u64(options.windowNanos()).u64(options.timeToLiveMillis()).varint(options.timeToLiveOffset());
        to.u64(options.levelBaseBytes()).u64(options.fileBytes());
        if (options.memtableHashIndex()) {
            to.u8(HASH_INDEX);
        }
    }

    /** @param end of the field: flags are only there if one is set, which builds from before they were known refuse */
    private static FamilyOptions decodeOptions(ByteReader from, int end) throws CorruptionException {
        String name = from.utf8();
        CompactionStyle style = CompactionStyle.ofCode(from.u8());
        List<BlockCompression> compression = new ArrayList<>();
        for (int count = from.varint32(); count > 0; count--) {
            BlockCompression of = BlockCompression.ofCode(from.u8());
            if (of == null) {
                throw from.corrupt("family " + name + " has an unknown compression");
            }
            compression.add(of);
        }
        if (style == null) {
            throw from.corrupt("family " + name + " has an unknown compaction style");
        }
        return new FamilyOptions(name, style, compression, from.varint32(), from.varint32(), from.u32(), from.u32(), from.u64(), from.u64(),
                from.varint32(), from.u64(), from.u64(), from.position() < end && decodeFlags(from));
    }

    private static boolean decodeFlags(ByteReader from) throws CorruptionException {
        int flags = from.u8();
        if (flags != HASH_INDEX) {
            throw from.corrupt("family has unknown flags " + flags + ": a newer build wrote it, or it is damaged");
        }
        return true;
    }

    /** One line of {@code name=value} pairs, for tools. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (epoch != null) {
            text.append("epoch=").append(epoch).append(" parents=").append(parents).append(' ');
        }
        familiesAdded.forEach(family -> text.append("family=").append(family.id()).append(':').append(family.options().name()).append(' '));
        familiesDropped.forEach(family -> text.append("dropped-family=").append(family).append(' '));
        if (flushedSequence != null) {
            text.append("flushed=").append(flushedSequence).append(" oldest-segment=").append(oldestSegment).append(' ');
        }
        added.forEach(file -> text.append("add=").append(file).append("@L").append(file.level()).append(file.window() == 0 ? "" : "w" + file.window()).append(' '));
        removed.forEach(id -> text.append("remove=").append(id).append(' '));
        dropWatermarks.forEach(dropWatermark -> text.append("drop-watermark=").append(dropWatermark.range()).append('<').append(dropWatermark.eventTime()).append(' '));
        dropWatermarksRemoved.forEach(sequence -> text.append("remove-drop-watermark=").append(sequence).append(' '));
        if (nextFileNumber != null) {
            text.append("next-file=").append(nextFileNumber);
        }
        return text.toString().trim();
    }
}
