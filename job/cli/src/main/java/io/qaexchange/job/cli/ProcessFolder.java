package io.qaexchange.job.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for all temporary files of this process. The launcher makes it and names it to Java as the temporary folder, so that libraries
 * use it too: Java reads that setting before any class of ours runs. It goes when the process ends, also by Ctrl-C or SIGTERM. A killed
 * process leaves it; the next one removes it, as nobody holds its lock any more and its process is gone.
 *
 * <p>Nothing but the process's own user can read it.
 */
final class ProcessFolder {

    private static final Logger LOG = LoggerFactory.getLogger(ProcessFolder.class);
    static final String MADE = "qaexchange.temporary";
    private static final Pattern NAME = Pattern.compile("qaexchange-(\\d+)-.*");
    /** A process that begins has its folder for a moment without holding the lock; longer, and its number is another process's. */
    private static final Duration START = Duration.ofMinutes(10);
    static final String LOCK = ".lock";
    /** Other threads may still write while the process ends. */
    private static final int REMOVE_ATTEMPTS = 5;

    private final Path path;

    private ProcessFolder(Path path) {
        this.path = path;
    }

    /**
     * Takes the folder that the launcher made.
     *
     * @return null without a launcher: temporary files lie in the machine's folder then
     */
    @Nullable
    static ProcessFolder install() throws IOException {
        String made = System.getProperty(MADE);
        if (made == null) {
            return null;
        }
        ProcessFolder folder = new ProcessFolder(Path.of(made));
        Runtime.getRuntime().addShutdownHook(new Thread(folder::remove, "remove temporary files"));
        // Held, and never closed, for the life of the process.
        FileChannel lock = FileChannel.open(folder.path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (lock.tryLock() == null) {
            throw new IOException("another process uses " + made);
        }
        removeLeftovers(folder.path.getParent());
        return folder;
    }

    /** Removes the folders of processes that are gone. */
    static void removeLeftovers(Path parent) {
        List<Path> found;
        try (Stream<Path> entries = Files.list(parent)) {
            found = entries.filter(entry -> NAME.matcher(entry.getFileName().toString()).matches()
                    && Files.exists(entry.resolve(LOCK))).toList();
        } catch (IOException e) {
            LOG.warn("temporary folder {} could not be listed", parent, e);
            return;
        }
        for (Path folder : found) {
            // A folder of another user cannot be opened and is left to him.
            if (Files.isWritable(folder) && Files.isWritable(folder.resolve(LOCK)) && !mayStart(folder)) {
                removeIfAbandoned(folder);
            }
        }
    }

    private static boolean mayStart(Path folder) {
        Matcher name = NAME.matcher(folder.getFileName().toString());
        if (!name.matches() || ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()) {
            return false;
        }
        try {
            return Files.getLastModifiedTime(folder.resolve(LOCK)).toInstant().isAfter(Instant.now().minus(START));
        } catch (IOException e) {
            LOG.debug("{} was removed by another process", folder, e);
            return true;
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
