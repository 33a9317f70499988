package io.qaexchange.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * The store at one sequence number, held until it is closed: making one costs pointers only and stops no writer; the bytes are written
 * later, from any thread, while writing goes on.
 *
 * <p>A checkpoint is sstables, linked where the file system can, and <em>pieces</em>: the log of what was not flushed. Nothing is
 * flushed for it. {@code LsmStore.restore} makes a store of one, or of several side by side, whole or clipped.
 *
 * <p>It is written either as a whole into a folder ({@link #writeTo}), or file by file by a host that keeps files itself and has those
 * of earlier checkpoints already:
 * <pre>
 *   sstables()                           which of them are new?
 *   planLog(pieces that are there)       which ranges of the log are missing?
 *   writePiece(range, name, out)         for each of these
 *   describe(pieces)                     the content of the file CHECKPOINT
 * </pre>
 *
 * <p>Thread-safe.
 */
public interface Checkpoint extends AutoCloseable {
    /** The file that says what a checkpoint consists of; {@link #describe} gives its content. */
    String FILE_NAME = "CHECKPOINT";

    /**
     * An sstable of the checkpoint.
     *
     * @param name under which a restore looks for it
     * @param path where it is as long as the checkpoint is open; it never changes
     * @param sizeBytes of the file
     */
    record Sstable(String name, Path path, long sizeBytes) {}

    /** Everything up to this write is in the checkpoint, and nothing after it. */
    long sequence();

    /** The store epoch that the checkpoint was taken in. */
    long storeEpoch();

    /**
     * Writes the checkpoint into a folder, durably; it exists once its file {@code CHECKPOINT} does.
     *
     * @param directory empty, or not there yet
     */
    void writeTo(Path directory) throws IOException;

    /** Each file once, also where several parts of it are in the checkpoint. */
    List<Sstable> sstables();

    /**
     * Says how to cover the log with pieces that are there and new ones. Pieces are merged like size tiers of factor 4: when a new one
     * would be the fourth of its size, one is written in place of all four. So there are few of them, and a write is written to few of
     * them, however often a checkpoint is taken.
     *
     * @param available pieces of earlier checkpoints of this store, or of the one that it was restored from
     */
    LogPlan planLog(Collection<LogPiece> available);

    /**
     * Writes a range of the log.
     *
     * @param range that {@link #planLog} found missing
     * @param name under which a restore will look for the piece
     * @param out left open
     */
    LogPiece writePiece(LogRange range, String name, OutputStream out) throws IOException;

    /**
     * The content of the file {@value #FILE_NAME}.
     *
     * @param pieces what the plan reused and what was written since, by sequence number
     * @throws IllegalArgumentException if a part of the log is in none of them
     */
    byte[] describe(List<LogPiece> pieces);

    @Override
    void close();
}
