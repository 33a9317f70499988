package io.qaexchange.storage.engine;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.StoreListener;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.checkpoint.CheckpointFile;
import io.qaexchange.storage.checkpoint.CheckpointWriter;
import io.qaexchange.storage.checkpoint.CheckpointWriter.LogPart;
import io.qaexchange.storage.memtable.Memtable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** A view, and how far the active memtable's log had come. Thread-safe: immutable but for being closed. */
final class PinnedCheckpoint implements Checkpoint {
    private final ReadView view;
    private final long sequence;
    private final Memtable.LogPosition activeEnd;
    private final boolean activeEmpty;
    private final Path storeDirectory;
    private final StoreOptions options;
    private final AtomicBoolean closed = new AtomicBoolean();

    private PinnedCheckpoint(ReadView view, long sequence, Path storeDirectory, StoreOptions options) {
        this.view = view;
        this.sequence = sequence;
        activeEnd = view.active().logEnd();
        activeEmpty = view.active().isEmpty();
        this.storeDirectory = storeDirectory;
        this.options = options;
    }

    /**
     * With the write turn held, so that view, log and number belong together.
     *
     * @param view used for the checkpoint, which releases it
     */
    static PinnedCheckpoint pin(ReadView view, long sequence, Path storeDirectory, StoreOptions options) {
        return new PinnedCheckpoint(view, sequence, storeDirectory, options);
    }

    @Override
    public long sequence() {
        return sequence;
    }

    @Override
    public long epoch() {
        return view.version().epoch();
    }

    @Override
    public void writeTo(Path directory) throws IOException {
        if (closed.get()) {
            throw new IllegalStateException("the checkpoint is closed");
        }
        List<LogPart> logs = new ArrayList<>();
        for (int i = view.frozen().size() - 1; i >= 0; i--) {
            Memtable frozen = view.frozen().get(i);
            logs.add(new LogPart(frozen, frozen.logEnd(), frozen.lastSequence()));
        }
        if (!activeEmpty) {
            logs.add(new LogPart(view.active(), activeEnd, sequence));
        }
        long started = System.nanoTime();
        CheckpointFile file = new CheckpointWriter(options.vfs(), storeDirectory)
                .write(directory, view.version(), sequence, logs, options.clock().getAsLong());
        options.listener().on(StoreListener.Kind.CHECKPOINTED, "sequence=" + sequence + " files=" + file.version().references().size() + " pieces="
                + file.pieces().size() + " millis=" + (System.nanoTime() - started) / 1_000_000);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            view.release();
        }
    }
}
