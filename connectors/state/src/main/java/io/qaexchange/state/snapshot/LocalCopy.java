package io.qaexchange.state.snapshot;

import io.qaexchange.storage.Checkpoint;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.annotation.Nullable;
import org.apache.flink.runtime.state.DirectoryStateHandle;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProvider;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.util.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A checkpoint's copy on the task manager's own disk, for local recovery: links to sstables and pieces, and the small files. Flink
 * removes the folders of old checkpoints.
 *
 * <p>Pieces are kept in a folder of the store too, from where later checkpoints link those that they reuse. What goes wrong here
 * costs the copy, not the checkpoint. One use, one thread.
 */
final class LocalCopy {
    private static final Logger LOG = LoggerFactory.getLogger(LocalCopy.class);

    private final long checkpointId;
    private final Path directory;
    private final Path pieces;
    private final Set<String> keptPieces = new HashSet<>();
    private boolean broken;

    private LocalCopy(long checkpointId, Path directory, Path pieces) {
        this.checkpointId = checkpointId;
        this.directory = directory;
        this.pieces = pieces;
    }

    /** Null if local recovery is off, or the disk is too full for it. @param pieces folder for pieces of this and later checkpoints */
    @Nullable
    static LocalCopy begin(LocalRecoveryConfig config, UUID backendId, long checkpointId, Path pieces) {
        LocalSnapshotDirectoryProvider provider = config.isLocalBackupEnabled() ? config.getLocalStateDirectoryProvider().orElse(null) : null;
        if (provider == null) {
            return null;
        }
        // Two operators in one task have one folder.
        Path directory = provider.subtaskSpecificCheckpointDirectory(checkpointId).toPath().resolve(backendId.toString());
        LocalCopy copy = new LocalCopy(checkpointId, directory, pieces);
        try {
            FileUtils.deleteDirectory(directory.toFile());
            Files.createDirectories(directory);
            Files.createDirectories(pieces);
        } catch (IOException e) {
            copy.giveUp(e);
        }
        return copy;
    }

    private void giveUp(IOException cause) {
        if (!broken) {
            broken = true;
            LOG.warn("checkpoint {} gets no local copy in {}: recovery will read the remote one", checkpointId, directory, cause);
            FileUtils.deleteDirectoryQuietly(directory.toFile());
        }
    }

    void link(Checkpoint.Sstable sstable) {
        link(sstable.path(), sstable.name());
    }

    /** A piece that an earlier checkpoint of this store has written. */
    void linkPiece(String name) {
        keptPieces.add(name);
        link(pieces.resolve(name), name);
    }

    private void link(Path from, String name) {
        if (broken) {
            return;
        }
        try {
            Files.createLink(directory.resolve(name), from);
        } catch (IOException | UnsupportedOperationException e) {
            giveUp(e instanceof IOException io ? io : new IOException(e));
        }
    }

    /**
     * Everything that is written to the stream is also written to the local copy of the log piece.
     *
     * @param out stays open when the result is closed
     */
    OutputStream piece(String name, OutputStream out) {
        return tee(pieces.resolve(name), out);
    }

    /** The same for a file that no other checkpoint shares. */
    OutputStream file(String name, OutputStream out) {
        return tee(directory.resolve(name), out);
    }

    private OutputStream tee(Path file, OutputStream out) {
        if (broken) {
            return new Tee(out, null);
        }
        try {
            return new Tee(out, new BufferedOutputStream(Files.newOutputStream(file), 64 << 10));
        } catch (IOException e) {
            giveUp(e);
            return new Tee(out, null);
        }
    }

    private final class Tee extends FilterOutputStream {
        @Nullable
        private final OutputStream copy;

        Tee(OutputStream out, @Nullable OutputStream copy) {
            super(out);
            this.copy = copy;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            if (copy != null && !broken) {
                try {
                    copy.write(bytes, offset, length);
                } catch (IOException e) {
                    giveUp(e);
                }
            }
        }

        @Override
        public void close() {
            if (copy != null) {
                try {
                    copy.close();
                } catch (IOException e) {
                    giveUp(e);
                }
            }
        }
    }

    /** Null if there is none. Forgets pieces that this checkpoint does not have. */
    @Nullable
    IncrementalLocalKeyedStateHandle finish(UUID backendId, KeyGroupRange keyGroups, @Nullable StreamStateHandle localMeta,
            List<HandleAndLocalPath> shared) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(pieces)) {
            for (Path piece : all) {
                if (!keptPieces.contains(piece.getFileName().toString())) {
                    Files.delete(piece);
                }
            }
        } catch (IOException e) {
            giveUp(e);
        }
        if (broken || localMeta == null) {
            return null;
        }
        return new IncrementalLocalKeyedStateHandle(backendId, checkpointId, new DirectoryStateHandle(directory, sizeOf(shared)), keyGroups,
                localMeta, shared);
    }

    private static long sizeOf(List<HandleAndLocalPath> shared) {
        return shared.stream().mapToLong(HandleAndLocalPath::getStateSize).sum();
    }

    /** The checkpoint has failed. */
    void discard() {
        FileUtils.deleteDirectoryQuietly(directory.toFile());
    }
}
