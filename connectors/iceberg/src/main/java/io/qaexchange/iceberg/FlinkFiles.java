package io.qaexchange.iceberg;

import io.qaexchange.archive.manifest.NewFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** On any of Flink's file systems. Thread-safe: has no state. */
class FlinkFiles implements MirrorFiles {

    private static final Logger LOG = LoggerFactory.getLogger(FlinkFiles.class);
    private static final int LIST_ATTEMPTS = 10;

    @Override
    public byte[] read(String location) throws IOException {
        Path path = new Path(location);
        try (FSDataInputStream in = path.getFileSystem().open(path)) {
            return in.readAllBytes();
        } catch (NoSuchFileException e) {
            throw (FileNotFoundException) new FileNotFoundException(e.getMessage()).initCause(e);
        }
    }

    @Override
    public boolean exists(String location) throws IOException {
        Path path = new Path(location);
        return path.getFileSystem().exists(path);
    }

    @Override
    public boolean createIfAbsent(String location, byte[] bytes) throws IOException {
        Path path = new Path(location);
        path.getFileSystem().mkdirs(path.getParent());
        return NewFile.create(path, bytes);
    }

    @Override
    public void replace(String location, byte[] bytes) throws IOException {
        Path path = new Path(location);
        FileSystem fileSystem = path.getFileSystem();
        fileSystem.mkdirs(path.getParent());
        if (fileSystem.isDistributedFS()) {
            write(fileSystem, path, bytes);
            return;
        }
        Path aside = path.suffix("." + UUID.randomUUID());
        try {
            write(fileSystem, aside, bytes);
            java.nio.file.Files.move(java.nio.file.Path.of(aside.getPath()), java.nio.file.Path.of(path.getPath()), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            java.nio.file.Files.deleteIfExists(java.nio.file.Path.of(aside.getPath()));
        }
    }

    private static void write(FileSystem fileSystem, Path path, byte[] bytes) throws IOException {
        try (FSDataOutputStream out = fileSystem.create(path, FileSystem.WriteMode.OVERWRITE)) {
            out.write(bytes);
            out.sync();
        }
    }

    @Override
    public void delete(String location) throws IOException {
        Path path = new Path(location);
        path.getFileSystem().delete(path, false);
    }

    @Override
    public List<String> list(String folder) throws IOException {
        Path path = new Path(folder);
        if (!path.getFileSystem().exists(path)) {
            return List.of();
        }
        for (int attempt = 1;; attempt++) {
            try {
                FileStatus[] entries = path.getFileSystem().listStatus(path);
                return entries == null ? List.of() : Arrays.stream(entries).map(entry -> entry.getPath().getName()).toList();
            } catch (FileNotFoundException | NoSuchFileException e) {
                if (attempt == LIST_ATTEMPTS) {
                    throw e;
                }
                LOG.debug("listing {} again, as another process removed a file", folder, e);
            }
        }
    }

    @Override
    public void rename(String folder, String other) throws IOException {
        Path path = new Path(folder);
        if (!path.getFileSystem().rename(path, new Path(other))) {
            throw new IOException("folder " + folder + " could not be renamed to " + other);
        }
    }
}
