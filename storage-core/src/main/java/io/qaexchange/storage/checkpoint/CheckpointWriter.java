package io.qaexchange.storage.checkpoint;

import io.qaexchange.storage.StoreException;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.memtable.Memtable.LogPosition;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes a checkpoint into a folder: links, pieces, and at the end the file that makes it one. Stateless but for its file system. */
public final class CheckpointWriter {
    /**
     * A memtable's log, up to a place.
     *
     * @param lastSequence of the last write before {@code to}
     */
    public record LogPart(Memtable memtable, LogPosition to, long lastSequence) {}

    private final Vfs vfs;
    private final Path storeDirectory;

    public CheckpointWriter(Vfs vfs, Path storeDirectory) {
        this.vfs = vfs;
        this.storeDirectory = storeDirectory;
    }

    /** @param logs oldest first, all of them held by the caller, as the version's files are */
    public CheckpointFile write(Path directory, Version version, long sequence, List<LogPart> logs, long nowMillis) throws IOException {
        vfs.createDirectories(directory);
        List<String> strangers = vfs.list(directory);
        if (!strangers.isEmpty()) {
            throw new StoreException("a checkpoint needs an empty folder: " + directory + " holds " + strangers.get(0));
        }
        Set<Long> linked = new HashSet<>();
        for (FileReference reference : version.references()) {
            if (linked.add(reference.fileNumber())) {
                vfs.link(FileNames.sstable(storeDirectory, reference.fileNumber()), FileNames.sstable(directory, reference.fileNumber()));
            }
        }
        List<Piece> pieces = new ArrayList<>();
        for (LogPart log : logs) {
            pieces.add(writePiece(directory, version.epoch(), log, pieces.size() + 1));
        }
        vfs.syncDirectory(directory);
        CheckpointFile file = new CheckpointFile(version.epoch(), sequence, nowMillis, pieces, version);
        file.write(vfs, directory);
        return file;
    }

    private Piece writePiece(Path directory, long epoch, LogPart log, int number) throws IOException {
        String name = String.format("%06d.piece", number);
        try (WritableFile file = vfs.create(directory.resolve(name))) {
            long first = log.memtable().firstSequence();
            PieceWriter writer = new PieceWriter(file::append, epoch, first, log.lastSequence());
            log.memtable().walkLog(LogPosition.START, log.to(), log.lastSequence(), writer::add);
            long size = writer.finish();
            file.sync();
            return new Piece(name, first, log.lastSequence(), writer.operations(), size);
        }
    }
}
