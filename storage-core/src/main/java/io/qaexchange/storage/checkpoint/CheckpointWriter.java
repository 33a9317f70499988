package io.qaexchange.storage.checkpoint;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.LogRange;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes a checkpoint into a folder: links, pieces, and at the end the file that makes it one. Stateless. */
public final class CheckpointWriter {
    private CheckpointWriter() {}

    /** @return its pieces */
    public static List<LogPiece> write(Checkpoint checkpoint, Vfs vfs, Path directory) throws IOException {
        vfs.createDirectories(directory);
        List<String> strangers = vfs.list(directory);
        if (!strangers.isEmpty()) {
            throw new StoreException("a checkpoint needs an empty folder: " + directory + " holds " + strangers.get(0));
        }
        for (Checkpoint.Sstable sstable : checkpoint.sstables()) {
            vfs.link(sstable.path(), directory.resolve(sstable.name()));
        }
        List<LogPiece> pieces = new ArrayList<>();
        for (LogRange range : checkpoint.planLog(List.of()).missing()) {
            String name = String.format("%06d.piece", pieces.size() + 1);
            try (WritableFile file = vfs.create(directory.resolve(name))) {
                pieces.add(checkpoint.writePiece(range, name, new FileOutput(file)));
                file.sync();
            }
        }
        vfs.syncDirectory(directory);
        CheckpointFile.write(vfs, directory, checkpoint.describe(pieces));
        return pieces;
    }

    /** A file as a stream. */
    private static final class FileOutput extends OutputStream {
        private final WritableFile file;

        FileOutput(WritableFile file) {
            this.file = file;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            file.append(ByteBuffer.wrap(bytes, offset, length));
        }
    }
}
