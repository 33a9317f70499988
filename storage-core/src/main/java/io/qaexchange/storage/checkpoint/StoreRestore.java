package io.qaexchange.storage.checkpoint;

import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.RestoredCheckpoint;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.manifest.FamilyCompatibility;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.recovery.RecoveredState;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a store's state of checkpoints, side by side, each whole or clipped to a range of keys.
 *
 * <p>Sstables are linked into the folder (copied where that cannot be), never rewritten: their references get the clip. The pieces'
 * operations go into memtables. Families are found by name, so their numbers may differ from source to source. From one source,
 * operations keep their sequence numbers and the state is exactly at the checkpoint's; from several, whose numbers say nothing about
 * each other, they are numbered anew above all of them, which is right because the clips share no key.
 *
 * <p>A family's time to live is not restored: it may have been changed meanwhile, and nothing may expire by the old one. It works again
 * once the family is asked for with it.
 *
 * <p>One thread.
 */
public final class StoreRestore {
    private static final int COPY_BYTES = 1 << 20;

    private final Path directory;
    private final StoreOptions options;
    private final Vfs vfs;
    private final List<CheckpointFile> files = new ArrayList<>();
    private final VersionEdit edit = new VersionEdit();
    private final Map<String, ColumnFamily> families = new HashMap<>();
    private final List<Memtable> memtables = new ArrayList<>();
    private final List<DropWatermark> dropWatermarks = new ArrayList<>();
    private final List<FileReference> references = new ArrayList<>();
    private final List<RestoredCheckpoint.File> restoredFiles = new ArrayList<>();
    /** Numbers of the files here, by what they are. */
    private final Map<String, Long> numbers = new HashMap<>();
    private long nextFileNumber = 1;
    private long nextReferenceId = 1;
    private long lastSequence;
    private long replayed;
    private boolean renumber;

    private StoreRestore(Path directory, StoreOptions options) {
        this.directory = directory;
        this.options = options;
        vfs = options.vfs();
    }

    /**
     * @param directory empty but for the lock
     * @throws IllegalArgumentException if the sources' clips overlap, or families of one name differ
     */
    public static RecoveredState run(Path directory, StoreOptions options, List<CheckpointSource> sources) throws IOException {
        requireDisjoint(sources);
        StoreRestore restore = new StoreRestore(directory, options);
        boolean restored = false;
        try {
            RecoveredState state = restore.restore(sources);
            restored = true;
            return state;
        } finally {
            if (!restored) {
                restore.memtables.forEach(Memtable::release);
            }
        }
    }

    private static void requireDisjoint(List<CheckpointSource> sources) {
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("nothing to restore from");
        }
        for (int i = 0; i < sources.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (sources.get(i).clip().overlaps(sources.get(j).clip())) {
                    throw new IllegalArgumentException("the clips of two sources overlap: " + sources.get(j) + " and " + sources.get(i));
                }
            }
        }
    }

    private RecoveredState restore(List<CheckpointSource> sources) throws IOException {
        List<VersionEdit.Parent> parents = new ArrayList<>();
        long lastEpoch = 0;
        for (CheckpointSource source : sources) {
            CheckpointFile file = CheckpointFile.read(vfs, source.directory());
            files.add(file);
            parents.add(new VersionEdit.Parent(file.epoch(), file.sequence()));
            lastEpoch = Math.max(lastEpoch, file.epoch());
            lastSequence = Math.max(lastSequence, file.sequence());
        }
        renumber = sources.size() > 1;
        long flushed = 0;
        if (!renumber) {
            nextFileNumber = files.get(0).version().nextFileNumber();
        }
        for (int i = 0; i < sources.size(); i++) {
            Map<Integer, Integer> familyOf = addFamilies(files.get(i).version());
            addFiles(sources.get(i), i, files.get(i).version(), familyOf);
            addDropWatermarks(sources.get(i), files.get(i).version(), familyOf);
            flushed = Math.max(flushed, files.get(i).version().flushedSequence());
        }
        references.forEach(edit::add);
        vfs.syncDirectory(directory);
        for (int i = 0; i < sources.size(); i++) {
            replay(sources.get(i), files.get(i));
        }
        edit.flushed(memtables.isEmpty() ? lastSequence : flushed, 0).nextFamilyId(families.size() + 1).nextNumbers(nextFileNumber, nextReferenceId);
        Version version = Version.EMPTY.apply(edit);
        return new RecoveredState(version, parents, lastEpoch, memtables, memtables.stream().map(memtable -> 0L).toList(), dropWatermarks, lastSequence,
                nextFileNumber, 0, 0, 0, replayed, new RestoredCheckpoint(restoredFiles, renumber ? List.of() : files.get(0).pieces()));
    }

    /** Numbers in the source to numbers here. */
    private Map<Integer, Integer> addFamilies(Version source) {
        Map<Integer, Integer> numbers = new HashMap<>();
        for (ColumnFamily family : source.columnFamilies()) {
            ColumnFamily known = families.get(family.name());
            if (known == null) {
                known = new ColumnFamily(families.size() + 1, family.options().withoutTimeToLive());
                families.put(family.name(), known);
                edit.addFamily(known.id(), known.options());
            } else {
                FamilyCompatibility.require(known.options(), family.options());
            }
            numbers.put(family.id(), known.id());
        }
        return numbers;
    }

    private void addFiles(CheckpointSource source, int position, Version version, Map<Integer, Integer> familyOf) throws IOException {
        for (FileReference reference : version.references()) {
            KeyRange clip = reference.clip().intersect(source.clip());
            if (!clip.isEmpty() && reference.table().range().overlaps(clip)) {
                long number = bring(source, position, reference);
                addReference(new FileReference(nextReferenceId++, number, familyOf.get(reference.family()), reference.level(), reference.window(),
                        clip, reference.table()));
            }
        }
    }

    /** Adds a reference, or widens one to an adjacent part of the same file at the same place. */
    private void addReference(FileReference added) {
        for (int i = 0; i < references.size(); i++) {
            FileReference other = references.get(i);
            boolean samePlace = other.fileNumber() == added.fileNumber() && other.family() == added.family() && other.level() == added.level()
                    && other.window() == added.window();
            if (samePlace && other.clip().isFollowedBy(added.clip())) {
                references.set(i, withClip(other, new KeyRange(other.clip().lower(), added.clip().upper())));
                return;
            }
            if (samePlace && added.clip().isFollowedBy(other.clip())) {
                references.set(i, withClip(other, new KeyRange(added.clip().lower(), other.clip().upper())));
                return;
            }
        }
        references.add(withClip(added, added.clip()));
    }

    /** A clip that cuts nothing off is none. */
    private static FileReference withClip(FileReference reference, KeyRange clip) {
        return new FileReference(reference.id(), reference.fileNumber(), reference.family(), reference.level(), reference.window(),
                clip.contains(reference.table().range()) ? KeyRange.ALL : clip, reference.table());
    }

    /** @return the file's number here; of a single checkpoint, files keep their numbers */
    private long bring(CheckpointSource source, int position, FileReference reference) throws IOException {
        Path from = FileNames.sstable(source.directory(), reference.fileNumber());
        String name = from.getFileName().toString();
        String identity = source.identities().getOrDefault(name, position + "/" + name);
        Long known = numbers.get(identity);
        long number = known != null ? known : renumber ? nextFileNumber++ : reference.fileNumber();
        if (known == null) {
            numbers.put(identity, number);
            Path to = FileNames.sstable(directory, number);
            bring(from, to, reference.sizeBytes());
            restoredFiles.add(new RestoredCheckpoint.File(to.getFileName().toString(), position, name));
        }
        return number;
    }

    private void bring(Path from, Path to, long size) throws IOException {
        if (!vfs.exists(from) || vfs.size(from) != size) {
            throw new StoreException("a file of the checkpoint is missing or cut off: " + from + ", " + size + " bytes wanted");
        }
        try {
            vfs.link(from, to);
        } catch (IOException | UnsupportedOperationException e) {
            // Another file system, or one without links: the bytes are copied.
            copy(from, to);
        }
    }

    private void copy(Path from, Path to) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(COPY_BYTES);
        try (ReadableFile source = vfs.open(from); WritableFile target = vfs.create(to)) {
            for (long at = 0; at < source.size(); at += buffer.capacity()) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), source.size() - at));
                source.read(at, buffer);
                target.append(buffer.flip());
            }
            target.sync();
        }
    }

    private void addDropWatermarks(CheckpointSource source, Version version, Map<Integer, Integer> familyOf) {
        for (ColumnFamily family : version.columnFamilies()) {
            for (DropWatermark dropWatermark : version.dropWatermarks(family.id())) {
                KeyRange range = dropWatermark.range().intersect(source.clip());
                if (!range.isEmpty()) {
                    edit.addDropWatermark(new DropWatermark(familyOf.get(family.id()), range, dropWatermark.eventTime(), dropWatermark.sequence()));
                }
            }
        }
    }

    private void replay(CheckpointSource source, CheckpointFile file) throws IOException {
        Map<Integer, Integer> familyOf = new HashMap<>();
        file.version().columnFamilies().forEach(family -> familyOf.put(family.id(), families.get(family.name()).id()));
        long flushed = file.version().flushedSequence();
        for (LogPiece piece : file.pieces()) {
            PieceReader.read(vfs, source.directory(), piece, (family, trailer, key, value) -> {
                Integer id = familyOf.get(family);
                // Operations that files hold already, and those of a family that was dropped, are not wanted again.
                if (id != null && Trailer.sequence(trailer) > flushed) {
                    replay(id, trailer, key, value, source.clip());
                }
            });
            if (!renumber && !memtables.isEmpty()) {
                memtables.get(memtables.size() - 1).mark(piece.lastSequence());
            }
        }
    }

    private void replay(int family, long trailer, Slice key, Slice value, KeyRange clip) {
        int kind = Trailer.kind(trailer);
        if (kind == ValueKind.DELETE_RANGE || kind == ValueKind.DROP_BEFORE) {
            replayRange(family, trailer, key, value, clip);
        } else if (clip.contains(key)) {
            memtable().apply(family, key, Trailer.of(number(trailer), kind), value);
            replayed++;
        }
    }

    private void replayRange(int family, long trailer, Slice lower, Slice value, KeyRange clip) {
        boolean dropBefore = Trailer.kind(trailer) == ValueKind.DROP_BEFORE;
        int skipped = dropBefore ? Long.BYTES : 0;
        byte[] upper = value.subslice(skipped, value.length() - skipped).toByteArray();
        KeyRange range = KeyRange.of(lower.toByteArray(), upper).intersect(clip);
        if (range.isEmpty()) {
            return;
        }
        byte[] clipped = new byte[skipped + range.upper().length];
        value.copyTo(0, clipped, 0, skipped);
        System.arraycopy(range.upper(), 0, clipped, skipped, range.upper().length);
        long sequence = number(trailer);
        memtable().apply(family, Slice.of(range.lower()), Trailer.of(sequence, Trailer.kind(trailer)), Slice.of(clipped));
        if (dropBefore) {
            dropWatermarks.add(DropWatermark.ofOperation(family, Slice.of(range.lower()), Slice.of(clipped), sequence));
        }
        replayed++;
    }

    private long number(long trailer) {
        return renumber ? ++lastSequence : Trailer.sequence(trailer);
    }

    private boolean isHashed(int id) {
        return families.values().stream().anyMatch(family -> family.id() == id && family.options().memtableHashIndex());
    }

    private Memtable memtable() {
        Memtable last = memtables.isEmpty() ? null : memtables.get(memtables.size() - 1);
        if (last == null || last.memoryBytes() >= options.memtableBytes()) {
            last = new Memtable(memtables.size() + 1L, options.memoryPool(), options.arenaChunkBytes(), this::isHashed, last);
            memtables.add(last);
        }
        return last;
    }
}
