package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.hot.CheckpointReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;

/** The checkpoints and savepoints that {@code --checkpoints} of a command names. Stateless. */
public final class Snapshots {

    private Snapshots() {
    }

    /**
     * Their folders.
     *
     * @param folders with checkpoints and savepoints, or "none"
     * @throws UsageException if none is named, or one is no folder
     */
    public static List<Path> of(List<String> folders) throws IOException {
        if (folders.isEmpty()) {
            throw new UsageException("say with --checkpoints where the checkpoints and savepoints are from which the job may be restored, such as"
                    + " run/checkpoints,run/savepoints; or --checkpoints none");
        }
        List<Path> found = new ArrayList<>();
        for (String folder : folders.equals(List.of("none")) ? List.<String>of() : folders) {
            Path local = LocalFolders.find(folder);
            if (local == null || !Files.isDirectory(local)) {
                throw new UsageException("--checkpoints " + folder + " is no folder on this machine"
                        + (local == null ? ": copy the newest checkpoint and the savepoints here" : LocalFolders.hint(local)));
            }
            found.addAll(LocalFolders.snapshots(local));
        }
        return found;
    }

    /** An archive as each of them needs it. */
    public static List<RetainedCheckpoint> retained(List<Path> snapshots) throws Exception {
        List<RetainedCheckpoint> retained = new ArrayList<>();
        for (Path snapshot : snapshots) {
            RetainedCheckpoint one = read(snapshot);
            if (one != null) {
                retained.add(one);
            }
        }
        return retained;
    }

    /** A checkpoint, or null if its job deleted it just now. */
    @Nullable
    private static RetainedCheckpoint read(Path snapshot) throws Exception {
        try {
            CheckpointReader reader = CheckpointReader.open(LocalFolders.forFlink(snapshot));
            return new RetainedCheckpoint(snapshot.toString(), reader.epoch(), reader.checkpointId(), reader.uncommittedFiles());
        } catch (IOException e) {
            if (!Files.exists(snapshot.resolve(LocalFolders.METADATA))) {
                return null;
            }
            throw new IOException("checkpoint " + snapshot + " cannot be read, so nothing is let go that it may need: " + e.getMessage()
                    + ". Remove it if it is none of this job's", e);
        }
    }
}
