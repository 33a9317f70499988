package io.qaexchange.job.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for all temporary files of this process: it takes the place of the machine's temporary folder for everything that asks Java for
 * one, libraries included. It goes when the process ends, also by Ctrl-C or SIGTERM. A killed process leaves it; the next one removes it,
 * as nobody holds its lock any more.
 *
 * <p>Nothing but the process's own user can read it.
 */
final class ProcessFolder {

    private static final Logger LOG = LoggerFactory.getLogger(ProcessFolder.class);
    private static final String PREFIX = "qaexchange-";
    private static final String LOCK = ".lock";
    private static final String TMPDIR = "java.io.tmpdir";
    /** Other threads may still write while the process ends. */
    private static final int REMOVE_ATTEMPTS = 5;

    private final Path path;

    private ProcessFolder(Path path) {
        this.path = path;
    }

    /** Makes the folder the temporary one of this process. Call it before anything makes a temporary file. */
    static ProcessFolder install() throws IOException {
        Path parent = Path.of(System.getProperty(TMPDIR));
        removeLeftovers(parent);
        // Not by Files.createTempDirectory, which would keep the machine's folder for good.
        Path path = parent.resolve(PREFIX + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime()));
        ProcessFolder folder = new ProcessFolder(createPrivate(path));
        Runtime.getRuntime().addShutdownHook(new Thread(folder::remove, "remove temporary files"));
        // Held, and never closed, for the life of the process.
        FileChannel lock = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (lock.tryLock() == null) {
            throw new IOException("another process uses " + path);
        }
        System.setProperty(TMPDIR, path.toString());
        return folder;
    }

    private static Path createPrivate(Path path) throws IOException {
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return Files.createDirectory(path, java.nio.file.attribute.PosixFilePermissions.asFileAttribute(
                    java.nio.file.attribute.PosixFilePermissions.fromString("rwx------")));
        }
        return Files.createDirectory(path);
    }

    Path path() {
        return path;
    }

    /** Removes the folders of processes that are gone. */
    static void removeLeftovers(Path parent) {
        List<Path> found;
        try (Stream<Path> entries = Files.list(parent)) {
            found = entries.filter(entry -> entry.getFileName().toString().startsWith(PREFIX) && Files.exists(entry.resolve(LOCK))).toList();
        } catch (IOException e) {
            LOG.warn("temporary folder {} could not be listed", parent, e);
            return;
        }
        for (Path folder : found) {
            // A folder of another user cannot be opened and is left to him.
            if (Files.isWritable(folder) && Files.isWritable(folder.resolve(LOCK))) {
                removeIfAbandoned(folder);
            }
        }
    }

    private static void removeIfAbandoned(Path folder) {
        try (FileChannel channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
            if (lock != null) {
                removeAll(folder);
                LOG.info("removed {}, which a killed process left", folder);
            }
        } catch (java.nio.channels.OverlappingFileLockException e) {
            LOG.debug("{} is this process's own", folder);
        } catch (NoSuchFileException e) {
            LOG.debug("{} was removed by another process", folder);
        } catch (IOException e) {
            LOG.warn("{} of a killed process could not be removed", folder, e);
        }
    }

    private void remove() {
        IOException failure = null;
        for (int attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
            try {
                removeAll(path);
                return;
            } catch (IOException e) {
                failure = e;
            }
        }
        LOG.warn("temporary files in {} could not be removed", path, failure);
    }

    private static void removeAll(Path folder) throws IOException {
        try (Stream<Path> entries = Files.walk(folder)) {
            // The lock goes last but for its folder: what was not removed is found by the next.
            Comparator<Path> lockLast = Comparator.comparing(entry -> entry.equals(folder.resolve(LOCK)));
            for (Path entry : entries.filter(entry -> !entry.equals(folder)).sorted(lockLast.thenComparing(Comparator.reverseOrder())).toList()) {
                Files.deleteIfExists(entry);
            }
            Files.deleteIfExists(folder);
        } catch (java.io.UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
