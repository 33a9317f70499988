package io.qaexchange.archive.manifest;

import io.qaexchange.archive.objects.ObjectStore;
import io.qaexchange.archive.objects.ObjectStores;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.UUID;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates a file with all its bytes, unless there is one of that name. On local disks that is atomic: written to a temporary file, then linked.
 * In an object store of which there is a client, it is a conditional put. Elsewhere it uses the file system's {@code NO_OVERWRITE} and reads the result back,
 * which is no more atomic than that file system. Stateless.
 */
public final class NewFile {

    private static final Logger LOG = LoggerFactory.getLogger(NewFile.class);
    /** Files being written; apart, so that listing the folder does not meet files that come and go. */
    private static final String ASIDE_FOLDER = ".new";

    private NewFile() {
    }

    /**
     * Creates the file; its folder must exist.
     *
     * @return false if there is one already, which stays as it is
     */
    public static boolean create(Path target, byte[] bytes) throws IOException {
        FileSystem fileSystem = target.getFileSystem();
        if (!fileSystem.isDistributedFS()) {
            return createLocally(target, bytes);
        }
        ObjectStore store = ObjectStores.conditional(target.toUri().getScheme(), target.toUri().getAuthority());
        return store == null ? createElsewhere(fileSystem, target, bytes) : put(store, target.getPath().substring(1), bytes);
    }

    /** Flink's own S3 file systems look whether there is an object, then put without a condition: two writers could both win. */
    private static boolean put(ObjectStore store, String key, byte[] bytes) throws IOException {
        java.nio.file.Path file = Files.createTempFile("put", null);
        try {
            Files.write(file, bytes);
            if (store.putIfAbsent(key, file)) {
                return true;
            }
        } finally {
            Files.delete(file);
        }
        // An answer may have been lost, and the client tried again: then the object is ours.
        try (InputStream in = store.open(key)) {
            boolean ours = Arrays.equals(bytes, in.readAllBytes());
            LOG.info("object {} in {} exists already{}", key, store.uri(), ours ? ", with these bytes" : "");
            return ours;
        }
    }

    private static boolean createLocally(Path target, byte[] bytes) throws IOException {
        java.nio.file.Path file = java.nio.file.Path.of(target.getPath());
        java.nio.file.Path aside = file.resolveSibling(ASIDE_FOLDER).resolve(UUID.randomUUID().toString());
        try {
            Files.createDirectories(aside.getParent());
            write(aside, bytes);
            Files.createLink(file, aside);
            try (FileChannel parent = FileChannel.open(file.getParent())) {
                parent.force(true);
            }
            return true;
        } catch (FileAlreadyExistsException e) {
            LOG.info("file {} exists already", file);
            return false;
        } catch (IOException e) {
            throw new IOException("file " + file + " could not be created: " + e.getMessage(), e);
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    private static void write(java.nio.file.Path file, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }

    private static boolean createElsewhere(FileSystem fileSystem, Path target, byte[] bytes) throws IOException {
        if (fileSystem.exists(target)) {
            return false;
        }
        try (FSDataOutputStream out = fileSystem.create(target, FileSystem.WriteMode.NO_OVERWRITE)) {
            out.write(bytes);
        }
        try (FSDataInputStream in = fileSystem.open(target)) {
            return Arrays.equals(bytes, in.readAllBytes());
        }
    }
}
