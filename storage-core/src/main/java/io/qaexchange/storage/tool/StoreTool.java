package io.qaexchange.storage.tool;

import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.checkpoint.CheckpointFile;
import io.qaexchange.storage.engine.StoreDescription;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.ManifestReader;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.vfs.NioVfs;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;

/**
 * Looks at the files of a store or checkpoint, changing nothing of them. Decodes as much of a damaged file as there is; the exit code tells
 * clean (0) from damaged (1) from unusable (2: no such file, not ours).
 */
public final class StoreTool {
    static final String USAGE = """
            usage: store COMMAND ...
              levels DIR                       levels and windows of a store, from its manifest
              explain-pick DIR                 what would be merged next, and why
              check DIR                        reads everything and verifies every checksum
              salvage DIR                      what of a damaged store can still be read
              salvage DIR --to NEW             writes that into an empty folder, as a store
              checkpoint DIR                   sequence number, files, pieces and bytes of a checkpoint;
                                               DIR may also be a checkpoint or savepoint of Flink
              wal dump FILE                    records of a log segment (NNNNNN.wal)
              manifest dump DIR|FILE           version edits
              sst layout|scan|verify FILE      an sstable; --hex names every byte range
            The store that is looked at is never changed. Exit code: 0 clean, 1 damaged, 2 could not look.
            """;

    private final Vfs vfs;
    private final PrintStream out;
    private final PrintStream err;

    public StoreTool(Vfs vfs, PrintStream out, PrintStream err) {
        this.vfs = vfs;
        this.out = out;
        this.err = err;
    }

    public static void main(String[] args) {
        System.exit(new StoreTool(NioVfs.INSTANCE, System.out, System.err).run(args));
    }

    public int run(String... args) {
        String command = args.length == 0 ? "" : args[0];
        if (command.equals("sst")) {
            return new SstableDump(vfs, out, err).run(Arrays.copyOfRange(args, 1, args.length));
        }
        if (command.equals("--help") || command.equals("-h")) {
            out.print(USAGE);
            return SstableDump.CLEAN;
        }
        if (command.equals("salvage") && args.length == 4 && args[2].equals("--to")) {
            return guarded(() -> new StoreSalvage(vfs, out, Path.of(args[1]), Path.of(args[3])).run());
        }
        boolean dump = command.equals("wal") || command.equals("manifest");
        if (args.length != (dump ? 3 : 2) || dump && !args[1].equals("dump")) {
            err.print(USAGE);
            return SstableDump.UNUSABLE;
        }
        return guarded(() -> run(command, Path.of(args[args.length - 1])));
    }

    private interface Command {
        int run() throws IOException;
    }

    private int guarded(Command command) {
        try {
            return command.run();
        } catch (NoSuchFileException e) {
            err.println("store: there is no file " + e.getMessage());
            return SstableDump.UNUSABLE;
        } catch (CorruptionException e) {
            err.println("store: " + e.getMessage());
            return SstableDump.DAMAGED;
        } catch (IOException e) {
            err.println("store: " + e.getMessage());
            return SstableDump.UNUSABLE;
        }
    }

    private int run(String command, Path path) throws IOException {
        switch (command) {
            case "levels" -> out.print(StoreDescription.ofVersion(version(path)));
            case "explain-pick" -> out.print(StoreDescription.explainPick(version(path)));
            case "check" -> {
                return new StoreCheck(vfs, out, path).check();
            }
            case "salvage" -> {
                return new StoreCheck(vfs, out, path).salvage();
            }
            case "checkpoint" -> checkpoint(path);
            case "wal" -> {
                return new WalDump(vfs, out).dump(path);
            }
            case "manifest" -> {
                return manifest(path);
            }
            default -> {
                err.print(USAGE);
                return SstableDump.UNUSABLE;
            }
        }
        return SstableDump.CLEAN;
    }

    private Version version(Path directory) throws IOException {
        requireStore(directory);
        return ManifestReader.read(vfs, FileNames.manifest(directory, CurrentFile.read(vfs, directory))).version();
    }

    private void requireStore(Path directory) throws IOException {
        if (!vfs.exists(directory.resolve(CurrentFile.NAME))) {
            throw new StoreException(directory + " is not a store: it has no file " + CurrentFile.NAME);
        }
    }

    private int manifest(Path path) throws IOException {
        Path file = path;
        if (vfs.exists(path.resolve(CurrentFile.NAME))) {
            file = FileNames.manifest(path, CurrentFile.read(vfs, path));
        }
        ManifestReader reader = ManifestReader.read(vfs, file);
        out.println(file.getFileName() + ": " + reader.edits().size() + " edits");
        reader.edits().forEach(edit -> out.println("  " + edit));
        if (reader.tornBytes() > 0) {
            out.println("torn tail: " + reader.tornBytes() + " bytes that a crash left half written");
        }
        return SstableDump.CLEAN;
    }

    private void checkpoint(Path directory) throws IOException {
        CheckpointFile file = CheckpointFile.read(vfs, directory);
        long files = file.version().references().stream().mapToLong(reference -> reference.fileNumber()).distinct().count();
        long bytes = file.version().references().stream().mapToLong(reference -> reference.sizeBytes()).sum();
        out.printf("sequence %d  epoch %d  taken %s%n", file.sequence(), file.epoch(), Instant.ofEpochMilli(file.timeMillis()));
        out.printf("files %d (%s)  pieces %d (%s)%n", files, StoreDescription.bytes(bytes), file.pieces().size(),
                StoreDescription.bytes(file.pieces().stream().mapToLong(LogPiece::sizeBytes).sum()));
        for (LogPiece piece : file.pieces()) {
            out.printf("  %s  #%d to #%d  %d operations  %s%n", piece.name(), piece.firstSequence(), piece.lastSequence(), piece.operations(),
                    StoreDescription.bytes(piece.sizeBytes()));
        }
        out.print(StoreDescription.ofVersion(file.version()));
    }
}
