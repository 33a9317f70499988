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

/**
 * Writes a checkpoint into a folder: links, pieces, and at the end the file that makes it one. With helpers a long log becomes several pieces, which are
 * compressed, written and synced at the same time. Stateless.
 */
public final class CheckpointWriter {
    /** Log of a piece that is written beside others. Shorter ones would compress as well; each costs a file and a sync. */
    private static final long PART_BYTES = 12 << 20;
    private static final int MOST_PARTS = 16;

    /** Runs parts at the same time, as far as there are threads; returns or throws when all have ended. */
    public interface Crew {
        void runAll(List<JobPart> parts) throws IOException;
    }

    private CheckpointWriter() {}

    /**
     * @param logBytes tells how much log a range is
     * @param crew null: this thread alone
     * @return the checkpoint's pieces
     */
    public static List<LogPiece> write(Checkpoint checkpoint, Vfs vfs, Path directory, LogPlanner.LogBytes logBytes, Crew crew) throws IOException {
        vfs.createDirectories(directory);
        List<String> strangers = vfs.list(directory);
        if (!strangers.isEmpty()) {
            throw new StoreException("a checkpoint needs an empty folder: " + directory + " holds " + strangers.get(0));
        }
        for (Checkpoint.Sstable sstable : checkpoint.sstables()) {
            vfs.link(sstable.path(), directory.resolve(sstable.name()));
        }
        List<LogRange> ranges = new ArrayList<>();
        for (LogRange range : checkpoint.planLog(List.of()).missing()) {
            ranges.addAll(crew == null ? List.of(range) : split(range, logBytes.of(range)));
        }
        LogPiece[] pieces = new LogPiece[ranges.size()];
        List<JobPart> parts = new ArrayList<>();
        for (int i = 0; i < pieces.length; i++) {
            int number = i;
            parts.add(() -> pieces[number] = writePiece(checkpoint, ranges.get(number), vfs, directory, number + 1));
        }
        if (pieces.length > 1) {
            crew.runAll(parts);
        } else if (pieces.length == 1) {
            parts.get(0).run();
        }
        vfs.syncDirectory(directory);
        CheckpointFile.write(vfs, directory, checkpoint.describe(List.of(pieces)));
        return List.of(pieces);
    }

    private static LogPiece writePiece(Checkpoint checkpoint, LogRange range, Vfs vfs, Path directory, int number) throws IOException {
        String name = String.format("%06d.piece", number);
        try (WritableFile file = vfs.create(directory.resolve(name))) {
            LogPiece piece = checkpoint.writePiece(range, name, new FileOutput(file));
            file.sync();
            return piece;
        }
    }

    /** Cuts a range into parts with equally many sequence numbers. */
    static List<LogRange> split(LogRange range, long logBytes) {
        long numbers = range.lastSequence() - range.firstSequence() + 1;
        int count = (int) Math.max(1, Math.min(Math.min(MOST_PARTS, numbers), logBytes / PART_BYTES));
        List<LogRange> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            parts.add(new LogRange(range.firstSequence() + numbers * i / count, range.firstSequence() + numbers * (i + 1) / count - 1));
        }
        return parts;
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
