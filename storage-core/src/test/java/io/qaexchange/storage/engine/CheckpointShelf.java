package io.qaexchange.storage.engine;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.LogPlan;
import io.qaexchange.storage.LogRange;
import io.qaexchange.storage.RestoredCheckpoint;
import io.qaexchange.storage.key.KeyRange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A host that keeps the files of checkpoints itself, each once, as a distributed file system would: put down once, never changed. */
final class CheckpointShelf {
    private final Path directory;
    private int files;
    private int folders;
    /** Files put down since this was last set to zero. */
    int sstablesPutDown;

    /** A checkpoint on the shelf. @param files place of each by its name in the checkpoint */
    record Kept(List<LogPiece> pieces, Map<String, Path> files, byte[] description, long sequence) {}

    CheckpointShelf(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
    }

    /** The checkpoint that a restored store continues from, as one that has been taken. */
    static Kept resumed(RestoredCheckpoint restored, List<Kept> sources) {
        Map<String, Path> files = new HashMap<>();
        restored.files().forEach(file -> files.put(file.name(), sources.get(file.source()).files().get(file.sourceName())));
        restored.pieces().forEach(piece -> files.put(piece.name(), sources.get(0).files().get(piece.name())));
        return new Kept(restored.pieces(), files, null, 0);
    }

    /** @param base the checkpoint whose files may be used again; null for none */
    Kept put(Checkpoint checkpoint, Kept base) throws IOException {
        Map<String, Path> kept = new HashMap<>();
        for (Checkpoint.Sstable sstable : checkpoint.sstables()) {
            Path there = base == null ? null : base.files().get(sstable.name());
            if (there == null) {
                there = directory.resolve("file-" + files++);
                Files.copy(sstable.path(), there);
                sstablesPutDown++;
            }
            kept.put(sstable.name(), there);
        }
        LogPlan plan = checkpoint.planLog(base == null ? List.of() : base.pieces());
        List<LogPiece> pieces = new ArrayList<>(plan.reused());
        plan.reused().forEach(piece -> kept.put(piece.name(), base.files().get(piece.name())));
        for (LogRange range : plan.missing()) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            String name = "file-" + files++;
            pieces.add(checkpoint.writePiece(range, name, bytes));
            Files.write(directory.resolve(name), bytes.toByteArray());
            kept.put(name, directory.resolve(name));
        }
        return new Kept(pieces, kept, checkpoint.describe(pieces), checkpoint.sequence());
    }

    /** Lays a checkpoint out for a restore. */
    CheckpointSource source(Kept kept, KeyRange clip) throws IOException {
        Path folder = Files.createDirectories(directory.resolve("folder-" + folders++));
        Map<String, String> identities = new HashMap<>();
        for (Map.Entry<String, Path> file : kept.files().entrySet()) {
            Files.createLink(folder.resolve(file.getKey()), file.getValue());
            identities.put(file.getKey(), file.getValue().toString());
        }
        Files.write(folder.resolve(Checkpoint.FILE_NAME), kept.description());
        return new CheckpointSource(folder, clip, identities);
    }
}
