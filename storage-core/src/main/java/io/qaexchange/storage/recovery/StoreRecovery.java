package io.qaexchange.storage.recovery;

import io.qaexchange.storage.RestoredCheckpoint;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.ManifestReader;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.wal.Operations;
import io.qaexchange.storage.wal.WalFormat;
import io.qaexchange.storage.wal.WalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a store's folder back.
 *
 * <p>The manifest says which files count and up to which write they cover; the log has the rest. Segments must follow each other
 * without a gap, each as long as its successor says; only the last may end in a torn tail, which is cut off, so that the next
 * recovery finds a whole segment there. After a close in order, {@code CURRENT} says where manifest and log end, and no tail may be
 * missing. Replay keeps sequence numbers; what the log lost is a suffix.
 *
 * <p>One thread.
 */
public final class StoreRecovery {
    private final Path directory;
    private final StoreOptions options;
    private final Vfs vfs;

    private Version version = Version.EMPTY;
    private final List<Memtable> memtables = new ArrayList<>();
    private final List<Long> firstSegments = new ArrayList<>();
    private final List<DropWatermark> dropWatermarks = new ArrayList<>();
    private long lastSequence;
    private long highestNumber;
    private long previousSegment;
    private long previousSize;
    private long tornBytes;
    private long replayed;
    private long nextMemtableId = 1;

    private StoreRecovery(Path directory, StoreOptions options) {
        this.directory = directory;
        this.options = options;
        vfs = options.vfs();
    }

    /**
     * Looks, before anything is made or locked there, whether the folder may be opened at all.
     *
     * @throws StoreException if it holds other things than a store, or no store and none may be created
     */
    public static void requireStoreOrRoom(Path directory, StoreOptions options) throws IOException {
        List<String> names = options.vfs().exists(directory) ? options.vfs().list(directory) : List.of();
        requireWhole(directory, names);
        if (!names.contains(CurrentFile.NAME)) {
            requireRoom(directory, names, options);
        }
    }

    /**
     * @throws StoreException if the folder holds other things than a store, or no store and none may be created
     * @throws CorruptionException if bytes that had been durable are wrong
     */
    public static RecoveredState run(Path directory, StoreOptions options) throws IOException {
        StoreRecovery recovery = new StoreRecovery(directory, options);
        boolean recovered = false;
        try {
            recovery.recover();
            recovered = true;
            return recovery.state();
        } finally {
            if (!recovered) {
                recovery.memtables.forEach(Memtable::release);
            }
        }
    }

    private RecoveredState state() {
        List<VersionEdit.Parent> parents = version.epoch() == 0 ? List.of() : List.of(new VersionEdit.Parent(version.epoch(), lastSequence));
        return new RecoveredState(version, parents, version.epoch(), memtables, firstSegments, dropWatermarks, lastSequence, highestNumber, previousSegment,
                previousSize, tornBytes, replayed, RestoredCheckpoint.NOTHING);
    }

    private void recover() throws IOException {
        List<String> names = vfs.list(directory);
        requireWhole(directory, names);
        for (String name : names) {
            highestNumber = Math.max(highestNumber, FileNames.number(name).orElse(0));
        }
        if (!names.contains(CurrentFile.NAME)) {
            requireNew(names);
            return;
        }
        CurrentFile.Contents current = CurrentFile.readContents(vfs, directory);
        CurrentFile.End end = current.end();
        readManifest(FileNames.manifest(directory, current.manifestNumber()), end);
        requireFiles();
        lastSequence = version.flushedSequence();
        replay(names, end != null);
        if (end != null && end.segment() >= version.oldestSegment() && (previousSegment != end.segment() || previousSize != end.segmentBytes())) {
            throw new CorruptionException("the store was closed with " + end.segmentBytes() + " bytes in log segment " + end.segment()
                    + ", but the log ends with " + previousSize + " bytes in segment " + previousSegment, FileNames.wal(directory, end.segment()),
                    previousSegment == end.segment() ? previousSize : 0);
        }
    }

    private void readManifest(Path path, CurrentFile.End end) throws IOException {
        if (!vfs.exists(path)) {
            throw new CorruptionException("CURRENT names a manifest that is not there: " + path.getFileName(), directory.resolve(CurrentFile.NAME), 0);
        }
        ManifestReader reader = ManifestReader.read(vfs, path);
        long valid = vfs.size(path) - reader.tornBytes();
        if (end != null && end.manifestBytes() != valid) {
            throw new CorruptionException("the store was closed with " + end.manifestBytes() + " bytes in its manifest, but " + valid + " are good",
                    path, valid);
        }
        tornBytes += reader.tornBytes();
        version = reader.version();
    }

    private void requireNew(List<String> names) throws StoreException {
        requireRoom(directory, names, options);
        if (holdsData(names)) {
            throw new StoreException("the folder has a store's data but no CURRENT file: " + directory
                    + "; put CURRENT back, or look at it with bin/store salvage");
        }
    }

    private static void requireWhole(Path directory, List<String> names) throws StoreException {
        if (names.contains(FileNames.RESTORING)) {
            throw new StoreException("a restore into " + directory + " was cut short: empty the folder and restore again");
        }
    }

    private static void requireRoom(Path directory, List<String> names, StoreOptions options) throws StoreException {
        List<String> strangers = names.stream().filter(name -> !FileNames.isOurs(name)).toList();
        if (!strangers.isEmpty()) {
            throw new StoreException("the folder is not a store and not empty: " + directory + " holds " + strangers.get(0)
                    + "; choose an empty folder");
        }
        if (!options.createIfMissing() && !holdsData(names)) {
            throw new StoreException("there is no store in " + directory);
        }
    }

    private static boolean holdsData(List<String> names) {
        return names.stream().anyMatch(name -> FileNames.isSstable(name) || FileNames.isWal(name));
    }

    private void requireFiles() throws IOException {
        for (FileReference reference : version.references()) {
            Path path = FileNames.sstable(directory, reference.fileNumber());
            if (!vfs.exists(path)) {
                throw new CorruptionException("a file of the store is missing", path, 0);
            }
            long size = vfs.size(path);
            if (size != reference.sizeBytes()) {
                throw new CorruptionException("a file of the store has the wrong size: " + size + " instead of " + reference.sizeBytes(), path, size);
            }
        }
    }

    /** @param closed whether the store was closed in order, so that no segment may end in a torn tail */
    private void replay(List<String> names, boolean closed) throws IOException {
        List<Long> segments = names.stream().filter(FileNames::isWal).map(name -> FileNames.number(name).getAsLong())
                .filter(number -> number >= version.oldestSegment()).sorted().toList();
        for (int i = 0; i < segments.size(); i++) {
            replaySegment(segments.get(i), closed || i + 1 < segments.size());
        }
    }

    private void replaySegment(long id, boolean complete) throws IOException {
        Path path = FileNames.wal(directory, id);
        long valid;
        WalReader.Segment segment;
        long torn;
        try (WalReader reader = WalReader.open(vfs, path, id, complete)) {
            segment = reader.segment();
            if (segment != null) {
                requireSuccessor(segment, path);
                while (reader.next()) {
                    if (reader.type() == WalFormat.TYPE_BATCH) {
                        replayBatch(id, reader.data());
                    }
                }
            }
            valid = reader.validBytes();
            torn = reader.tornBytes();
        }
        if (segment == null) {
            // The crash came before its first record was whole: nothing was ever acknowledged from it.
            vfs.delete(path);
            vfs.syncDirectory(directory);
            tornBytes += torn;
            return;
        }
        if (!complete) {
            // Cuts a torn tail, and syncs: after a kill, what was read may be in memory only, and the next segment will rely on it.
            vfs.truncate(path, valid);
            tornBytes += torn;
        }
        previousSegment = id;
        previousSize = valid;
    }

    private void requireSuccessor(WalReader.Segment segment, Path path) throws CorruptionException {
        if (previousSegment != 0 && (segment.previousId() != previousSegment || segment.previousSize() != previousSize)) {
            throw new CorruptionException("log segment follows segment " + segment.previousId() + " of " + segment.previousSize()
                    + " bytes, but segment " + previousSegment + " of " + previousSize + " bytes was found", path, 0);
        }
        if (segment.firstSequence() > lastSequence + 1) {
            throw new CorruptionException("log has a gap: sequence numbers " + (lastSequence + 1) + " to " + (segment.firstSequence() - 1)
                    + " are missing", path, 0);
        }
    }

    private void replayBatch(long segment, ByteReader data) throws IOException {
        data.u8();
        long first = data.u64();
        int count = data.varint32();
        if (first > lastSequence + 1) {
            throw data.corrupt("log has a gap: batch begins with sequence number " + first + ", " + (lastSequence + 1) + " was expected");
        }
        if (first + count - 1 <= lastSequence) {
            return;
        }
        if (first <= lastSequence) {
            throw data.corrupt("log batch from " + first + " to " + (first + count - 1) + " is half flushed: files end at " + lastSequence);
        }
        Memtable memtable = memtable(segment);
        Operations.decode(data, count, (kind, family, key, value) -> {
            long sequence = ++lastSequence;
            if (family >= version.nextFamilyId()) {
                throw data.corrupt("log writes to column family " + family + ", which never was");
            }
            // Also if the family was dropped since: the flush leaves it out, but has to count its numbers as covered.
            memtable.apply(family, key, Trailer.of(sequence, kind), value);
            if (kind == ValueKind.DROP_BEFORE && version.family(family) != null) {
                dropWatermarks.add(DropWatermark.ofOperation(family, key, value, sequence));
            }
        });
        replayed += count;
    }

    private boolean isHashed(int family) {
        return version.family(family) != null && version.family(family).family().options().memtableHashIndex();
    }

    private Memtable memtable(long segment) {
        Memtable last = memtables.isEmpty() ? null : memtables.get(memtables.size() - 1);
        if (last == null || last.memoryBytes() >= options.memtableBytes()) {
            last = new Memtable(nextMemtableId++, options.memoryPool(), options.arenaChunkBytes(), this::isHashed, last);
            memtables.add(last);
            firstSegments.add(segment);
        }
        return last;
    }
}
