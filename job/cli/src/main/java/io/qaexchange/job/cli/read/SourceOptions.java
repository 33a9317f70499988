package io.qaexchange.job.cli.read;

import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.events.instruments.InstrumentsException;
import io.qaexchange.job.cli.demo.RunFolder;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.job.stream.JobOptions;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.annotation.Nullable;
import picocli.CommandLine.Option;

/**
 * Where a reading command reads: a demo, a cluster, or a checkpoint and an archive. What is not there is an error that says so; it is never
 * the same as nothing found.
 *
 * <p>Checkpoints of a running job go while they are read: their files get second names first, and if one is gone before, the next
 * checkpoint is taken.
 */
final class SourceOptions {

    static final String LATEST = "latest";

    /** For so long checkpoints are looked for that are not deleted at once. */
    private static final long LONGEST_SEARCH_NS = 10_000_000_000L;

    @Option(names = "--dir", paramLabel = "DIR", description = "Folder of a demo or of a cluster: its newest checkpoint or savepoint, and its archive.")
    Path folder;
    @Option(names = "--checkpoint", paramLabel = "PATH|latest", description = "Checkpoint or savepoint; latest: the newest in --dir.")
    String checkpoint;
    @Option(names = "--parquet", paramLabel = "DIR", description = "Folder of the archive; default with --dir: its own.")
    String archive;
    @Option(names = "--instruments", paramLabel = "FILE", description = "Instruments file of the job; default with --dir of a demo: its own.")
    String instrumentsFile;

    /** Whether the folder is a demo's. */
    boolean isDemo() {
        return folder != null && Files.exists(folder.resolve(RunFolder.FILE));
    }

    /** Checks that there is a checkpoint to read. */
    void requireCheckpoint() {
        if (folder == null && checkpoint == null) {
            throw new UsageException("say --dir (folder of a demo or of a cluster) or --checkpoint (with --parquet, if archived rows count)");
        }
        if (folder == null && LATEST.equals(checkpoint)) {
            throw new UsageException("--checkpoint latest needs --dir, the folder of a demo or of a cluster");
        }
        requireFolder();
    }

    private void requireFolder() {
        if (folder == null) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new UsageException("there is no folder " + folder + LocalFolders.hint(folder));
        }
        boolean cluster = Stream.of("checkpoints", "savepoints", "archive").anyMatch(name -> Files.isDirectory(folder.resolve(name)));
        if (!isDemo() && !cluster) {
            throw new UsageException(folder + " is neither a demo's folder (it has no " + RunFolder.FILE
                    + ") nor a cluster's (it has no checkpoints, savepoints or archive)");
        }
    }

    /** Whether hot rows count. */
    boolean hasCheckpoint() {
        return folder != null || checkpoint != null;
    }

    /** Whether archived rows count. */
    boolean hasArchive() {
        return folder != null || archive != null;
    }

    Instruments instruments() {
        if (instrumentsFile == null && isDemo()) {
            try {
                return Instruments.load(folder.resolve(RunFolder.read(folder).instruments()));
            } catch (InstrumentsException e) {
                throw new UsageException(e.getMessage(), e);
            }
        }
        return JobOptions.instruments(instrumentsFile);
    }

    /**
     * The archive.
     *
     * @throws UsageException if there is none
     */
    ManifestStore archive() throws IOException {
        requireFolder();
        Path local = archive != null ? LocalFolders.find(archive) : folder.resolve(isDemo() ? RunFolder.read(folder).archive() : "archive");
        org.apache.flink.core.fs.Path root = new org.apache.flink.core.fs.Path(local == null ? archive : LocalFolders.forFlink(local));
        if (!root.getFileSystem().exists(new org.apache.flink.core.fs.Path(root, ManifestStore.MANIFEST_FOLDER))) {
            throw new UsageException(local == null ? archive + " is no archive: it has no " + ManifestStore.MANIFEST_FOLDER : noArchive(local));
        }
        return ManifestStore.of(root);
    }

    private static String noArchive(Path local) {
        if (!Files.isDirectory(local)) {
            return "there is no archive " + local + LocalFolders.hint(local);
        }
        boolean inside = Files.isDirectory(local.resolve("archive").resolve(ManifestStore.MANIFEST_FOLDER));
        return local + " is no archive, or nothing was archived yet: it has no folder " + ManifestStore.MANIFEST_FOLDER
                + (inside ? "; did you mean " + local.resolve("archive") + "?" : "");
    }

    /** Opens the checkpoint. */
    CheckpointReader openCheckpoint() throws Exception {
        requireCheckpoint();
        return open(path -> CheckpointReader.openPinned(path, Files.createTempDirectory("checkpoint")));
    }

    /** Opens the checkpoint and the archive. */
    UnionReader openUnion(Instruments instruments) throws Exception {
        requireCheckpoint();
        ManifestStore store = archive();
        return UnionReader.open(openCheckpoint(), store.root(), instruments);
    }

    /** Opens a checkpoint by its path. */
    @FunctionalInterface
    interface Opener<T> {
        T open(String path) throws Exception;
    }

    /** Opens the checkpoint that was asked for, or the newest that stays there long enough. */
    <T> T open(Opener<T> opener) throws Exception {
        if (checkpoint != null && !checkpoint.equals(LATEST)) {
            return openNamed(opener);
        }
        if (isDemo() && checkpoint == null) {
            return opener.open(LocalFolders.forFlink(folder.resolve(RunFolder.read(folder).savepoint())));
        }
        Set<Path> gone = new HashSet<>();
        long beganNs = System.nanoTime();
        while (true) {
            Path newest = newestSnapshot(gone);
            boolean isTime = System.nanoTime() - beganNs > LONGEST_SEARCH_NS;
            if (newest == null && (gone.isEmpty() || isTime)) {
                throw new UsageException("there is no checkpoint or savepoint in " + folder + (gone.isEmpty() ? "" : " that stays: " + gone.size()
                        + " were deleted while they were opened. Let the job keep more (execution.checkpointing.num-retained), or name a savepoint (--checkpoint)"));
            }
            if (newest == null) {
                // The list was made while the job deleted one and completed another: it need not have the other.
                continue;
            }
            try {
                return opener.open(LocalFolders.forFlink(newest));
            } catch (IOException e) {
                if (isTime || !isGone(e, newest)) {
                    throw e;
                }
                gone.add(newest);
            }
        }
    }

    @Nullable
    private Path newestSnapshot(Set<Path> gone) throws IOException {
        Path[] parents = Stream.of("checkpoints", "savepoints").map(folder::resolve).filter(Files::isDirectory).toArray(Path[]::new);
        return LocalFolders.snapshots(parents).stream().filter(snapshot -> !gone.contains(snapshot)).findFirst().orElse(null);
    }

    private <T> T openNamed(Opener<T> opener) throws Exception {
        Path local = LocalFolders.find(checkpoint);
        if (local == null) {
            return opener.open(checkpoint);
        }
        Path snapshot = local.getFileName() != null && local.getFileName().toString().equals(LocalFolders.METADATA) ? local.getParent() : local;
        if (!Files.exists(snapshot)) {
            throw new UsageException("there is no checkpoint " + snapshot + LocalFolders.hint(snapshot));
        }
        if (!Files.exists(snapshot.resolve(LocalFolders.METADATA))) {
            List<Path> below = LocalFolders.snapshots(snapshot);
            throw new UsageException(snapshot + " is no checkpoint or savepoint: it has no " + LocalFolders.METADATA
                    + (below.isEmpty() ? "" : "; the newest one below it is " + below.get(0)));
        }
        try {
            return opener.open(LocalFolders.forFlink(snapshot));
        } catch (IOException e) {
            if (isGone(e, snapshot)) {
                throw new UsageException("checkpoint " + snapshot + " was deleted while it was opened, as a running job does with old ones; "
                        + "--dir with --checkpoint latest takes the newest that stays", e);
            }
            throw e;
        }
    }

    private static boolean isGone(IOException failure, Path snapshot) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof NoSuchFileException || cause instanceof FileNotFoundException) {
                return true;
            }
        }
        return !Files.exists(snapshot.resolve(LocalFolders.METADATA));
    }
}
