package io.qaexchange.archive.objects;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.UnsupportedFileSystemSchemeException;

/**
 * A folder on one of Flink's file systems: another disk, a mounted share, HDFS. An object is written under a hidden name first. On local disks it is
 * then linked, elsewhere renamed after a look whether its name is free.
 *
 * <p>Thread-safe: has no state of its own.
 */
final class FolderStore implements ObjectStore {

    private static final String HIDDEN_PREFIX = ".copying-";

    private final String uri;
    private final Path folder;
    private final FileSystem fileSystem;

    private FolderStore(String uri, Path folder, FileSystem fileSystem) {
        this.uri = uri;
        this.folder = folder;
        this.fileSystem = fileSystem;
    }

    static FolderStore at(String uri) throws IOException {
        Path folder = new Path(uri);
        try {
            return new FolderStore(uri, folder, folder.getFileSystem());
        } catch (UnsupportedFileSystemSchemeException e) {
            throw new IllegalArgumentException(uri + ": this installation has no object store and no file system for that scheme. file:// and s3:// are"
                    + " always there", e);
        }
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public boolean putIfAbsent(String key, java.nio.file.Path file) throws IOException {
        Path target = new Path(folder, key);
        Path hidden = new Path(target.getParent(), HIDDEN_PREFIX + UUID.randomUUID());
        try {
            requireFolder();
            if (fileSystem.exists(target)) {
                return false;
            }
            NewFolder.make(target.getParent());
            try (FSDataOutputStream out = fileSystem.create(hidden, FileSystem.WriteMode.NO_OVERWRITE)) {
                Files.copy(file, out);
                out.sync();
            }
            return fileSystem.isDistributedFS() ? rename(hidden, target) : link(hidden, target);
        } catch (IOException e) {
            throw failure(key, "could not be written", e);
        } finally {
            if (fileSystem.exists(hidden)) {
                fileSystem.delete(hidden, false);
            }
        }
    }

    private boolean rename(Path hidden, Path target) throws IOException {
        if (fileSystem.exists(target)) {
            return false;
        }
        if (!fileSystem.rename(hidden, target)) {
            throw new IOException("it could not be renamed from " + hidden);
        }
        return true;
    }

    private static boolean link(Path hidden, Path target) throws IOException {
        java.nio.file.Path file = java.nio.file.Path.of(target.getPath());
        try {
            Files.createLink(file, java.nio.file.Path.of(hidden.getPath()));
        } catch (FileAlreadyExistsException e) {
            return false;
        }
        try (FileChannel parent = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
            parent.force(true);
        }
        return true;
    }

    @Override
    public long length(String key) throws IOException {
        try {
            return fileSystem.getFileStatus(new Path(folder, key)).getLen();
        } catch (FileNotFoundException e) {
            requireFolder();
            return -1;
        } catch (IOException e) {
            throw failure(key, "could not be looked up", e);
        }
    }

    @Override
    public InputStream open(String key) throws IOException {
        try {
            return fileSystem.open(new Path(folder, key));
        } catch (FileNotFoundException | NoSuchFileException e) {
            requireFolder();
            throw (FileNotFoundException) new FileNotFoundException("object " + uri + "/" + key + " does not exist").initCause(e);
        } catch (IOException e) {
            throw failure(key, "could not be read", e);
        }
    }

    @Override
    public void delete(String key) throws IOException {
        Path target = new Path(folder, key);
        try {
            if (length(key) >= 0 && !fileSystem.delete(target, false)) {
                throw new IOException("the file system refused");
            }
        } catch (IOException e) {
            throw failure(key, "could not be deleted", e);
        }
    }

    /** A disk that is not mounted is a store that is away, not one without objects. */
    private void requireFolder() throws IOException {
        if (!fileSystem.exists(folder)) {
            throw new IOException("folder " + uri + " is not there: mount its disk, or create it if it is new");
        }
    }

    private IOException failure(String key, String what, IOException cause) {
        return new IOException("object " + uri + "/" + key + " " + what + ": " + cause.getMessage(), cause);
    }

    @Override
    public void close() {
        // Flink keeps its file systems.
    }
}
