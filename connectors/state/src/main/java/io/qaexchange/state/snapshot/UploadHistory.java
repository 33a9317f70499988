package io.qaexchange.state.snapshot;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.LogPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;

/**
 * Which files of earlier checkpoints a checkpoint may refer to.
 *
 * <p>The job manager deletes a file when a checkpoint completes that does not name it, before any task is notified. So a file may be
 * referred to only if the last confirmed checkpoint <em>and every later one that has begun and was not aborted</em> refer to the same
 * physical file. What one of them has let go is never referred to again, only uploaded anew. Savepoints own their files and take no
 * part. A restored checkpoint counts as confirmed; of a restored native savepoint, no file is referred to, also if it was claimed.
 *
 * <p>What a checkpoint refers to is decided in the order in which checkpoints began, whichever of them is first at work.
 *
 * <p>Thread-safe.
 */
public final class UploadHistory {
    /**
     * A file that is in a checkpoint.
     *
     * @param handle of the physical file, or a placeholder for it
     * @param piece what it holds of the log; null for an sstable
     */
    public record Uploaded(StreamStateHandle handle, @Nullable LogPiece piece) {
        boolean isSameFile(@Nullable Uploaded other) {
            return other != null && handle.getStreamStateHandleID().equals(other.handle.getStreamStateHandleID());
        }
    }

    /** How a checkpoint uses files of earlier ones: by name, and what of its log is missing. */
    record Reuse(Map<String, Uploaded> files, LogPlan log) {
    }

    /** A checkpoint that has begun. */
    private static final class Round {
        final Checkpoint checkpoint;
        final Predicate<StreamStateHandle> reusable;
        /** Null until it is decided. */
        @Nullable
        Reuse reuse;
        /** Null until all is uploaded. */
        @Nullable
        Map<String, Uploaded> files;

        Round(Checkpoint checkpoint, Predicate<StreamStateHandle> reusable) {
            this.checkpoint = checkpoint;
            this.reusable = reusable;
        }
    }

    /** By checkpoint id, all later than the confirmed one. */
    private final TreeMap<Long, Round> rounds = new TreeMap<>();
    private Map<String, Uploaded> confirmed;
    private long confirmedId;

    /** @param restored files of the checkpoint that was restored, by their names now */
    public UploadHistory(long restoredId, Map<String, Uploaded> restored) {
        confirmedId = restoredId;
        confirmed = restored.entrySet().stream().filter(file -> canBeNamedByOthers(file.getValue().handle()))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /**
     * A native savepoint's files are named relative to its folder, so that it can be moved. Metadata of another checkpoint that name them
     * would be read relative to that checkpoint's folder ({@code MetadataV2V3SerializerBase}), where they are not.
     */
    private static boolean canBeNamedByOthers(StreamStateHandle handle) {
        return !(handle instanceof RelativeFileStateHandle);
    }

    /** @param reusable false for files that this checkpoint must not refer to */
    synchronized void begin(long id, Checkpoint checkpoint, Predicate<StreamStateHandle> reusable) {
        rounds.put(id, new Round(checkpoint, reusable));
    }

    /** The files and log pieces that a checkpoint refers to; decided once, at its beginning. */
    synchronized Reuse reuse(long id) {
        for (Map.Entry<Long, Round> earlier : rounds.headMap(id, true).entrySet()) {
            Round round = earlier.getValue();
            if (round.reuse == null) {
                round.reuse = decide(round, rounds.headMap(earlier.getKey(), false));
            }
        }
        Round round = rounds.get(id);
        // Aborted, or a later one was confirmed, while this one waited for a thread: nobody will look at it.
        return round != null ? round.reuse : null;
    }

    private Reuse decide(Round round, Map<Long, Round> between) {
        Map<String, Uploaded> available = new HashMap<>();
        confirmed.forEach((name, file) -> {
            if (between.values().stream().allMatch(other -> file.isSameFile(other.reuse.files().get(name))) && round.reusable.test(file.handle())) {
                available.put(name, file);
            }
        });
        return plan(round.checkpoint, available);
    }

    /** For a checkpoint that is not in the history. */
    static Reuse none(Checkpoint checkpoint) {
        return plan(checkpoint, Map.of());
    }

    private static Reuse plan(Checkpoint checkpoint, Map<String, Uploaded> available) {
        Map<String, Uploaded> reused = new HashMap<>();
        for (Checkpoint.Sstable sstable : checkpoint.sstables()) {
            if (available.containsKey(sstable.name())) {
                reused.put(sstable.name(), available.get(sstable.name()));
            }
        }
        List<LogPiece> pieces = new ArrayList<>();
        available.values().stream().filter(file -> file.piece() != null).forEach(file -> pieces.add(file.piece()));
        LogPlan log = checkpoint.planLog(pieces);
        log.reused().forEach(piece -> reused.put(piece.name(), available.get(piece.name())));
        return new Reuse(reused, log);
    }

    /** All files of a checkpoint are there. */
    synchronized void uploaded(long id, Map<String, Uploaded> files) {
        Round round = rounds.get(id);
        if (round != null) {
            round.files = Map.copyOf(files);
        }
    }

    /** @param id of a checkpoint; a savepoint's is passed over */
    public synchronized void confirm(long id) {
        Round round = rounds.get(id);
        if (round != null && round.files != null && id > confirmedId) {
            confirmed = round.files;
            confirmedId = id;
            rounds.headMap(id, true).clear();
        }
    }

    /** The checkpoint will never be complete. */
    public synchronized void abort(long id) {
        rounds.remove(id);
    }
}
