package io.qaexchange.storage.engine;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.LogPlan;
import io.qaexchange.storage.LogRange;
import io.qaexchange.storage.StoreEvent.CheckpointEvent;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.checkpoint.CheckpointFile;
import io.qaexchange.storage.checkpoint.CheckpointWriter;
import io.qaexchange.storage.checkpoint.LogPlanner;
import io.qaexchange.storage.checkpoint.PieceWriter;
import io.qaexchange.storage.error.Arguments;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.memtable.Memtable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/** A view, and how far the active memtable's log had come. Thread-safe: immutable but for being closed. */
final class PinnedCheckpoint implements Checkpoint {
    private final ReadView view;
    private final long sequence;
    /** Memtables with the log that is not in files, oldest first. */
    private final List<Memtable> logs;
    private final Path storeDirectory;
    private final StoreOptions options;
    /** Null: none. */
    private final Executor helpers;
    private final AtomicBoolean closed = new AtomicBoolean();

    private PinnedCheckpoint(ReadView view, long sequence, List<Memtable> logs, Path storeDirectory, StoreOptions options, Executor helpers) {
        this.view = view;
        this.sequence = sequence;
        this.logs = logs;
        this.storeDirectory = storeDirectory;
        this.options = options;
        this.helpers = helpers;
    }

    /**
     * With the write lock held, so that view, log and number belong together.
     *
     * @param view used for the checkpoint, which releases it
     * @param helpers threads that write pieces beside the caller's; null: none
     */
    static PinnedCheckpoint pin(ReadView view, long sequence, Path storeDirectory, StoreOptions options, Executor helpers) {
        List<Memtable> logs = new ArrayList<>();
        for (int i = view.frozen().size() - 1; i >= 0; i--) {
            logs.add(view.frozen().get(i));
        }
        if (!view.active().isEmpty()) {
            view.active().mark(sequence);
            logs.add(view.active());
        }
        return new PinnedCheckpoint(view, sequence, logs, storeDirectory, options, helpers);
    }

    @Override
    public long sequence() {
        return sequence;
    }

    @Override
    public long storeEpoch() {
        return view.version().epoch();
    }

    @Override
    public void writeTo(Path directory) throws IOException {
        Arguments.notNull(directory, "directory");
        requireOpen();
        long started = System.nanoTime();
        List<LogPiece> pieces = CheckpointWriter.write(this, options.vfs(), directory, this::logBytes,
                helpers == null ? null : parts -> JobCrew.runTogether(parts, helpers));
        options.listener().on(new CheckpointEvent(sequence, sstables().size(), pieces.size(), JobContext.since(started)));
    }

    @Override
    public List<Sstable> sstables() {
        List<Sstable> files = new ArrayList<>();
        Set<Long> numbers = new HashSet<>();
        for (FileReference reference : view.version().references()) {
            if (numbers.add(reference.fileNumber())) {
                Path path = FileNames.sstable(storeDirectory, reference.fileNumber());
                files.add(new Sstable(path.getFileName().toString(), path, reference.sizeBytes()));
            }
        }
        return files;
    }

    @Override
    public LogPlan planLog(Collection<LogPiece> available) {
        Arguments.notNull(available, "available");
        return LogPlanner.plan(view.version().flushedSequence(), sequence, available, this::logBytes);
    }

    private long logBytes(LogRange range) {
        return overlapping(range).stream().mapToLong(log -> log.logBytes(range.firstSequence() - 1, range.lastSequence())).sum();
    }

    private List<Memtable> overlapping(LogRange range) {
        return logs.stream().filter(log -> log.firstSequence() <= range.lastSequence() && log.lastSequence() >= range.firstSequence()).toList();
    }

    @Override
    public LogPiece writePiece(LogRange range, String name, OutputStream out) throws IOException {
        Arguments.notNull(range, "range");
        Arguments.notNull(name, "name");
        Arguments.notNull(out, "out");
        requireOpen();
        PieceWriter writer = new PieceWriter(out, storeEpoch(), range.firstSequence(), range.lastSequence());
        for (Memtable log : overlapping(range)) {
            log.walkLog(range.firstSequence() - 1, range.lastSequence(), writer::add);
        }
        long size = writer.finish();
        return new LogPiece(name, range.firstSequence(), range.lastSequence(), writer.operations(), size, writer.logBytes());
    }

    @Override
    public byte[] describe(List<LogPiece> pieces) {
        Arguments.notNull(pieces, "pieces");
        LogPlan plan = LogPlanner.plan(view.version().flushedSequence(), sequence, pieces, range -> 0);
        if (!plan.missing().isEmpty() || plan.reused().size() != pieces.size()) {
            throw new IllegalArgumentException("the pieces do not make up the log: " + plan.missing() + " is in none of " + pieces);
        }
        Version version = view.version();
        return new CheckpointFile(version.epoch(), sequence, options.clock().getAsLong(), pieces, version).encode();
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("the checkpoint is closed");
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            view.release();
        }
    }
}
