package io.qaexchange.state.restore;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.state.AbstractIncrementalStateHandle;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;

/** Brings the files of a checkpoint into a local folder: by links where they are on the same file system. One thread. */
final class FileFetch {
    private static final int COPY_BYTES = 64 << 10;

    private final Vfs files;
    private final CloseableRegistry cancelled;

    /**
     * @param files where copies go
     * @param cancelled closed when the task is cancelled
     */
    FileFetch(Vfs files, CloseableRegistry cancelled) {
        this.files = files;
        this.cancelled = cancelled;
    }

    /**
     * @param folder to make; not used for a local copy, which lies in a folder already
     * @return where the files are
     */
    Path layOut(AbstractIncrementalStateHandle handle, Path folder) throws IOException {
        if (handle instanceof IncrementalLocalKeyedStateHandle local) {
            Path directory = local.getDirectoryStateHandle().getDirectory();
            if (!Files.exists(directory.resolve(Checkpoint.FILE_NAME))) {
                throw foreign(handle);
            }
            return directory;
        }
        if (!(handle instanceof IncrementalRemoteKeyedStateHandle remote)
                || remote.getPrivateState().stream().noneMatch(file -> file.getLocalPath().equals(Checkpoint.FILE_NAME))) {
            throw foreign(handle);
        }
        Files.createDirectories(folder);
        for (HandleAndLocalPath file : remote.getSharedState()) {
            bring(file, folder);
        }
        for (HandleAndLocalPath file : remote.getPrivateState()) {
            bring(file, folder);
        }
        return folder;
    }

    private static IOException foreign(AbstractIncrementalStateHandle handle) {
        return new IOException("checkpoint " + handle.getCheckpointId() + " has no file " + Checkpoint.FILE_NAME + ", so it is an incremental"
                + " checkpoint or native savepoint of another backend, RocksDB's for instance: start the job on that backend, take a canonical"
                + " savepoint (flink savepoint --type canonical), restore from it");
    }

    private void bring(HandleAndLocalPath file, Path folder) throws IOException {
        Path to = folder.resolve(file.getLocalPath());
        if (!to.normalize().startsWith(folder)) {
            throw new IOException("the checkpoint names a file outside its folder: " + file.getLocalPath());
        }
        if (!link(file.getHandle(), to)) {
            try (InputStream in = open(file.getHandle(), file.getLocalPath())) {
                copy(in, to, file);
            }
        }
        if (Files.size(to) != file.getStateSize()) {
            throw new IOException("file " + file.getLocalPath() + " of the checkpoint is cut off: it has " + Files.size(to) + " bytes instead of "
                    + file.getStateSize() + ", in " + file.getHandle() + "; restore from another checkpoint");
        }
    }

    private void copy(InputStream in, Path to, HandleAndLocalPath file) throws IOException {
        byte[] bytes = new byte[COPY_BYTES];
        try (WritableFile copy = files.create(to)) {
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                copy.append(ByteBuffer.wrap(bytes, 0, read));
            }
        } catch (IOException e) {
            throw new IOException("file " + file.getLocalPath() + " of the checkpoint could not be copied from " + file.getHandle() + " to "
                    + to.getParent() + ": " + e.getMessage(), e);
        }
    }

    private static boolean link(StreamStateHandle handle, Path to) {
        if (!(handle instanceof FileStateHandle file) || !"file".equals(file.getFilePath().toUri().getScheme())) {
            return false;
        }
        try {
            Files.createLink(to, Path.of(file.getFilePath().toUri().getPath()));
            return true;
        } catch (IOException | UnsupportedOperationException e) {
            // Another file system, or one without links: the bytes are copied.
            return false;
        }
    }

    /** The stream is closed when the task is cancelled. */
    InputStream open(StreamStateHandle handle, String what) throws IOException {
        try {
            return RestoreStream.open(handle, cancelled);
        } catch (FileNotFoundException | NoSuchFileException e) {
            throw new IOException("file " + what + " of the checkpoint is missing: " + handle + "; restore from another checkpoint", e);
        }
    }
}
