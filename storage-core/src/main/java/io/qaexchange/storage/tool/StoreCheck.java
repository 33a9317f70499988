package io.qaexchange.storage.tool;

import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.ManifestReader;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.ReadMode;
import io.qaexchange.storage.sstable.ReadOptions;
import io.qaexchange.storage.sstable.SstableReader;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.wal.WalFormat;
import io.qaexchange.storage.wal.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;

/** Reads every file of a store and says what is wrong, or what of it can still be had. */
final class StoreCheck {
    private static final long CACHE_BYTES = 64L << 20;

    private final Vfs vfs;
    private final PrintStream out;
    private final Path directory;
    private int damaged;

    StoreCheck(Vfs vfs, PrintStream out, Path directory) {
        this.vfs = vfs;
        this.out = out;
        this.directory = directory;
    }

    /** Verifies manifest, sstables and log as a whole. */
    int check() throws IOException {
        Version version = ManifestReader.read(vfs, FileNames.manifest(directory, CurrentFile.read(vfs, directory))).version();
        TreeMap<Long, FileReference> files = new TreeMap<>();
        version.references().forEach(reference -> files.put(reference.fileNumber(), reference));
        files.values().forEach(this::checkTable);
        checkLog(version.oldestSegment());
        out.printf("%d sstables, epoch %d, flushed up to #%d: %s%n", files.size(), version.epoch(), version.flushedSequence(),
                damaged == 0 ? "clean" : damaged + " damaged");
        return damaged == 0 ? SstableDump.CLEAN : SstableDump.DAMAGED;
    }

    private void checkTable(FileReference reference) {
        Path path = FileNames.sstable(directory, reference.fileNumber());
        try (SstableReader reader = open(path)) {
            reader.verifyAll();
            if (reader.metadata().entries() != reference.table().entries()) {
                throw new StoreException("the manifest says " + reference.table().entries() + " entries, the file " + reader.metadata().entries());
            }
        } catch (IOException e) {
            bad(path, e);
        }
    }

    private SstableReader open(Path path) throws IOException {
        return SstableReader.open(vfs, path, ReadOptions.PREAD,
                new BlockCache(new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, CACHE_BYTES), CACHE_BYTES));
    }

    private void checkLog(long oldest) throws IOException {
        List<Long> segments = segments(oldest);
        for (int i = 0; i < segments.size(); i++) {
            Path path = FileNames.wal(directory, segments.get(i));
            try (WalReader reader = WalReader.open(vfs, path, segments.get(i), i + 1 < segments.size())) {
                while (reader.next()) {
                    reader.type();
                }
                if (reader.tornBytes() > 0) {
                    out.println(path.getFileName() + ": torn tail of " + reader.tornBytes() + " bytes, cut at the next opening");
                }
            } catch (IOException e) {
                bad(path, e);
            }
        }
    }

    private List<Long> segments(long oldest) throws IOException {
        return vfs.list(directory).stream().filter(FileNames::isWal).map(name -> FileNames.number(name).getAsLong())
                .filter(number -> number >= oldest).sorted().toList();
    }

    private void bad(Path path, IOException why) {
        damaged++;
        out.println(path.getFileName() + ": " + why.getMessage());
    }

    /** Goes over every file by itself, whatever the manifest says of it, and counts what can be read. */
    int salvage() throws IOException {
        List<String> names = vfs.list(directory);
        if (names.stream().noneMatch(FileNames::isOurs)) {
            throw new StoreException("no file of a store is in " + directory);
        }
        for (String name : names) {
            Path path = directory.resolve(name);
            if (FileNames.isSstable(name)) {
                salvageTable(path);
            } else if (FileNames.isWal(name)) {
                salvageSegment(path, FileNames.number(name).getAsLong());
            } else if (FileNames.isManifest(name)) {
                salvageManifest(path);
            }
        }
        return damaged == 0 ? SstableDump.CLEAN : SstableDump.DAMAGED;
    }

    private void salvageTable(Path path) {
        long entries = 0;
        byte[] first = null;
        byte[] last = null;
        try (SstableReader reader = open(path); InternalIterator iterator = reader.iterator(KeyRange.ALL, ReadMode.SEQUENTIAL)) {
            for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                if (entries++ == 0) {
                    first = iterator.key().toByteArray();
                }
                last = iterator.key().toByteArray();
            }
            out.println(path.getFileName() + ": whole, " + entries + " entries" + range(first, last));
        } catch (IOException e) {
            bad(path, e);
            out.println("    readable up to there: " + entries + " entries" + range(first, last));
        }
    }

    private static String range(byte[] first, byte[] last) {
        return first == null ? "" : " from " + Slice.printable(first) + " to " + Slice.printable(last);
    }

    private void salvageSegment(Path path, long id) {
        long batches = 0;
        long lastSequence = 0;
        try (WalReader reader = WalReader.open(vfs, path, id, false)) {
            while (reader.next()) {
                if (reader.type() == WalFormat.TYPE_BATCH) {
                    ByteReader data = reader.data();
                    data.u8();
                    lastSequence = data.u64() + data.varint32() - 1;
                    batches++;
                }
            }
            out.println(path.getFileName() + ": " + batches + " batches up to #" + lastSequence + (reader.tornBytes() > 0 ? ", torn tail of "
                    + reader.tornBytes() + " bytes" : ""));
        } catch (IOException e) {
            bad(path, e);
            out.println("    readable up to there: " + batches + " batches up to #" + lastSequence);
        }
    }

    private void salvageManifest(Path path) {
        try {
            ManifestReader reader = ManifestReader.read(vfs, path);
            Version version = reader.version();
            out.println(path.getFileName() + ": " + reader.edits().size() + " edits, " + version.references().size() + " files, flushed up to #"
                    + version.flushedSequence());
        } catch (IOException e) {
            bad(path, e);
        }
    }
}
