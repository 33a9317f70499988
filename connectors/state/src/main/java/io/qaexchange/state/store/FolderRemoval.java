package io.qaexchange.state.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.util.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes a folder without waiting until the file system has freed what its files took: about half a second for each gigabyte, in which a
 * task that is cancelled is not gone and the job that failed cannot begin again.
 *
 * <p>Large files are held open while their names are removed, so that their space is freed when a thread in the background closes them, at
 * once. If the process ends before, the system does it: nothing is left in either case.
 */
final class FolderRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(FolderRemoval.class);
    private static final long LARGE_BYTES = 1 << 20;
    /** Files of a process are counted; what is beyond this is freed at once. */
    private static final int MOST_HELD = 256;

    private FolderRemoval() {
    }

    /** Removes the folder with all that is in it; nothing happens if it is not there. */
    static void remove(Path folder) throws IOException {
        List<FileChannel> held = new ArrayList<>();
        try {
            if (Files.exists(folder)) {
                hold(folder, held);
            }
            FileUtils.deleteDirectory(folder.toFile());
        } finally {
            if (!held.isEmpty()) {
                Thread closing = new Thread(() -> close(held), "lsm-state-freeing");
                closing.setDaemon(true);
                closing.start();
            }
        }
    }

    private static void hold(Path folder, List<FileChannel> held) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (held.size() < MOST_HELD && Files.isRegularFile(file) && Files.size(file) >= LARGE_BYTES) {
                    held.add(FileChannel.open(file, StandardOpenOption.READ));
                }
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("files of {} are not held and are freed as they are removed", folder, e);
        }
    }

    private static void close(List<FileChannel> held) {
        for (FileChannel file : held) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.debug("a removed file did not close cleanly", e);
            }
        }
    }
}
