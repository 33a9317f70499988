package io.qaexchange.storage.tool;

import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.compaction.SstableOutputs;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.ManifestReader;
import io.qaexchange.storage.manifest.ManifestWriter;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.ReadOptions;
import io.qaexchange.storage.sstable.SstableInspector;
import io.qaexchange.storage.sstable.SstableMetadata;
import io.qaexchange.storage.sstable.SstableReader;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import io.qaexchange.storage.wal.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a store out of what is whole in a damaged one. Sstables that are whole are copied; of others a new file is written from the
 * blocks that are, index and footer or not; the log is copied up to the first record that is not. Sequence numbers, levels and
 * families stay as they were, by the newest manifest that can be read.
 *
 * <p>What a lost block held is gone, and what it hid (older values of its keys, a deletion's victims) may be seen again; the report
 * says so. The damaged store is not touched. One thread.
 */
final class StoreSalvage {
    private static final int COPY_BYTES = 1 << 20;

    private final Vfs vfs;
    private final PrintStream out;
    private final Path source;
    private final Path target;
    private boolean lossy;

    StoreSalvage(Vfs vfs, PrintStream out, Path source, Path target) {
        this.vfs = vfs;
        this.out = out;
        this.source = source;
        this.target = target;
    }

    /** @return {@link SstableDump#CLEAN} if nothing was lost */
    int run() throws IOException {
        vfs.createDirectories(target);
        if (!vfs.list(target).isEmpty()) {
            throw new StoreException("salvage writes into an empty folder: " + target + " is not");
        }
        Version version = newestVersion();
        VersionEdit edit = new VersionEdit();
        long nextReference = version.nextReferenceId();
        Map<Long, SstableMetadata> saved = new HashMap<>();
        for (FileReference reference : version.references()) {
            long number = reference.fileNumber();
            if (!saved.containsKey(number)) {
                saved.put(number, saveTable(reference, version.family(reference.family()).family().options()));
            }
            SstableMetadata table = saved.get(number);
            edit.remove(reference.id());
            if (table != null) {
                edit.add(new FileReference(nextReference++, number, reference.family(), reference.level(), reference.window(), reference.clip(), table));
            }
        }
        copyLog(version.oldestSegment());
        long manifest = highestNumber() + 1;
        edit.nextNumbers(manifest + 1, nextReference);
        ManifestWriter.create(vfs, FileNames.manifest(target, manifest), version.apply(edit)).close();
        vfs.syncDirectory(target);
        CurrentFile.write(vfs, target, manifest);
        out.println(lossy ? "a store of what was whole is in " + target + "; what the lost parts hid may be seen again"
                : "nothing was lost; the store is in " + target);
        return lossy ? SstableDump.DAMAGED : SstableDump.CLEAN;
    }

    private Version newestVersion() throws IOException {
        List<String> names = vfs.list(source);
        long inForce = -1;
        try {
            inForce = CurrentFile.read(vfs, source);
        } catch (IOException e) {
            lost(source.resolve(CurrentFile.NAME), e.getMessage());
        }
        long named = inForce;
        List<Long> manifests = names.stream().filter(FileNames::isManifest).map(name -> FileNames.number(name).getAsLong())
                .sorted(Comparator.comparing((Long number) -> number == named).thenComparing(Comparator.naturalOrder()).reversed()).toList();
        for (long number : manifests) {
            Path path = FileNames.manifest(source, number);
            try {
                Version version = ManifestReader.read(vfs, path).version();
                out.println(path.getFileName() + ": " + version.families().size() + " families, " + version.references().size() + " files");
                return version;
            } catch (IOException e) {
                lost(path, e.getMessage());
            }
        }
        throw new StoreException("no manifest can be read in " + source + ", so families and their options are unknown; sst scan FILE shows single files");
    }

    /** @return what is now known of the file; null if nothing of it was left */
    private SstableMetadata saveTable(FileReference reference, FamilyOptions family) throws IOException {
        Path path = FileNames.sstable(source, reference.fileNumber());
        Path copy = FileNames.sstable(target, reference.fileNumber());
        String damage;
        BlockCache cache = new BlockCache(new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, COPY_BYTES), COPY_BYTES);
        try (cache; SstableReader reader = SstableReader.open(vfs, path, ReadOptions.PREAD, cache)) {
            reader.verifyAll();
            copy(path, copy, reference.sizeBytes());
            return reference.table();
        } catch (IOException e) {
            damage = e.getMessage();
        }
        SstableMetadata table = null;
        if (vfs.exists(path)) {
            table = rewrite(path, reference, family);
        }
        long entries = reference.table().entries();
        long kept = table == null ? 0 : table.entries();
        lost(path, damage + "; " + kept + " of " + entries + " entries are saved");
        return table;
    }

    private SstableMetadata rewrite(Path path, FileReference reference, FamilyOptions family) throws IOException {
        SstableOutputs.Target output = new SstableOutputs.Target(vfs, target, reference::fileNumber,
                new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, Long.MAX_VALUE), null);
        try (SstableInspector inspector = SstableInspector.open(vfs, path);
                SstableOutputs outputs = new SstableOutputs(output, family, reference.level(), Long.MAX_VALUE, tombstones(inspector))) {
            byte[][] last = {null};
            long[] lastTrailer = {0};
            inspector.entries((offset, key, trailer, value) -> {
                // Blocks that are whole are in order; one that a copy of the file left behind may not be.
                int order = last[0] == null ? 1 : key.compareTo(Slice.of(last[0]));
                if (order > 0 || order == 0 && Trailer.compare(trailer, lastTrailer[0]) > 0) {
                    outputs.add(key, trailer, value);
                    last[0] = key.toByteArray();
                    lastTrailer[0] = trailer;
                }
            });
            List<SstableOutputs.Output> written = outputs.finish();
            return written.isEmpty() ? null : written.get(0).table();
        } catch (StoreException e) {
            return null;
        }
    }

    private static RangeTombstoneList tombstones(SstableInspector inspector) throws IOException {
        try {
            return inspector.rangeTombstones();
        } catch (StoreException e) {
            return RangeTombstoneList.EMPTY;
        }
    }

    private void copyLog(long oldest) throws IOException {
        List<Long> segments = vfs.list(source).stream().filter(FileNames::isWal).map(name -> FileNames.number(name).getAsLong())
                .filter(number -> number >= oldest).sorted().toList();
        boolean broken = false;
        for (int i = 0; i < segments.size(); i++) {
            Path path = FileNames.wal(source, segments.get(i));
            if (broken) {
                lost(path, "not taken: the log before it has a hole");
                continue;
            }
            long whole = 0;
            try (WalReader reader = WalReader.open(vfs, path, segments.get(i), i + 1 < segments.size())) {
                whole = reader.validBytes();
                while (reader.next()) {
                    whole = reader.validBytes();
                }
            } catch (IOException e) {
                broken = true;
                lost(path, e.getMessage() + "; the log ends there now");
            }
            if (whole > 0) {
                copy(path, FileNames.wal(target, segments.get(i)), whole);
            }
        }
    }

    private void copy(Path from, Path to, long bytes) throws IOException {
        try (ReadableFile readable = vfs.open(from); WritableFile writable = vfs.create(to)) {
            byte[] buffer = new byte[COPY_BYTES];
            for (long at = 0; at < bytes; at += buffer.length) {
                int length = (int) Math.min(buffer.length, bytes - at);
                readable.read(at, ByteBuffer.wrap(buffer, 0, length));
                writable.append(ByteBuffer.wrap(buffer, 0, length));
            }
            writable.sync();
        }
    }

    private long highestNumber() throws IOException {
        return vfs.list(source).stream().mapToLong(name -> FileNames.number(name).orElse(0)).max().orElse(0);
    }

    private void lost(Path path, String why) {
        lossy = true;
        out.println(path.getFileName() + ": " + why);
    }
}
