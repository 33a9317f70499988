package io.qaexchange.storage.vfs;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds how many files are open for reading and how many are mapped. Beyond the first bound, the file that was not read for longest is
 * closed, and opened again when it is read; a file in use is never closed. "Longest" is by second chance: a file that was read since it
 * was last looked at goes to the end of the queue, so that a read takes no lock. Beyond the second bound, files are not mapped; their
 * readers read them by position.
 *
 * <p>Files that are being written are not counted: a store writes a few at a time.
 *
 * <p>Thread-safe. Files are opened and closed outside the lock.
 */
public final class OpenFiles {
    private static final Logger LOG = LoggerFactory.getLogger(OpenFiles.class);
    private static final int FEWEST = 16;
    private static final Path MAPPING_LIMIT = Path.of("/proc/sys/vm/max_map_count");
    /** The limit on systems that do not name theirs. */
    private static final long USUAL_DESCRIPTORS = 4096;
    private static final long USUAL_MAPPINGS = 65_530;
    private static final int LONGEST_NUMBER = 32;
    private static final OpenFiles OF_PROCESS = new OpenFiles(defaultFiles(), defaultMappings());

    private final int mostFiles;
    private final int mostMappings;
    /** The open files, the next to look at first. Guarded by this. */
    private final Set<EvictableFile> queue = new LinkedHashSet<>();
    private final AtomicInteger mappings = new AtomicInteger();
    private final LongAdder reopened = new LongAdder();

    /**
     * @param mostFiles open at the same time, unless more are in use
     * @param mostMappings at the same time
     */
    public OpenFiles(int mostFiles, int mostMappings) {
        this.mostFiles = mostFiles;
        this.mostMappings = mostMappings;
    }

    /** Shared by all stores of the process that have no bound of their own. */
    public static OpenFiles ofProcess() {
        return OF_PROCESS;
    }

    /** Half of the descriptors that the process may have. */
    public static int defaultFiles() {
        long limit = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix ? unix.getMaxFileDescriptorCount()
                : USUAL_DESCRIPTORS;
        return (int) Math.max(FEWEST, Math.min(Integer.MAX_VALUE, limit / 2));
    }

    /** Half of the mappings that the system allows a process. */
    public static int defaultMappings() {
        return (int) Math.max(FEWEST, Math.min(Integer.MAX_VALUE, systemMappings() / 2));
    }

    private static long systemMappings() {
        try {
            return Files.isReadable(MAPPING_LIMIT) ? number(MAPPING_LIMIT) : USUAL_MAPPINGS;
        } catch (IOException | NumberFormatException e) {
            LOG.debug("the limit of mappings cannot be read, {} is assumed: file={}", USUAL_MAPPINGS, MAPPING_LIMIT, e);
            return USUAL_MAPPINGS;
        }
    }

    /**
     * The number in a file of the kernel's. Such a file gives all it has to the first read and nothing to the next one, however few bytes the first one asked
     * for; and as its size is said to be 0, {@code Files.readString} asks for one.
     */
    private static long number(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Long.parseLong(new String(in.readNBytes(LONGEST_NUMBER), StandardCharsets.US_ASCII).trim());
        }
    }

    /** Opens a file whose number of descriptors is bounded by this. */
    ReadableFile open(Vfs vfs, Path path) throws IOException {
        ReadableFile first = openNow(vfs, path);
        EvictableFile file = new EvictableFile(this, vfs, path, first);
        opened(file);
        return file;
    }

    /** Opens a file for {@link EvictableFile}, which says so with {@link #opened}. */
    ReadableFile reopen(Vfs vfs, Path path) throws IOException {
        reopened.increment();
        return openNow(vfs, path);
    }

    private ReadableFile openNow(Vfs vfs, Path path) throws IOException {
        return withDescriptor(() -> vfs.open(path));
    }

    /** Something that takes a descriptor. */
    interface Opening<T> {
        T open() throws IOException;
    }

    /** If the process has no descriptor left, since others took them, closes half of what is open and not in use, and tries once more. */
    <T> T withDescriptor(Opening<T> opening) throws IOException {
        try {
            return opening.open();
        } catch (IOException e) {
            if (!isOutOfDescriptors(e) || closeIdle(openCount() / 2) == 0) {
                throw e;
            }
            return opening.open();
        }
    }

    private static boolean isOutOfDescriptors(IOException e) {
        String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return reason != null && reason.contains("Too many open files");
    }

    /** A file has been opened, or opened again. */
    void opened(EvictableFile file) {
        synchronized (this) {
            queue.add(file);
        }
        closeIdle(mostFiles);
    }

    /** Closes files that are not in use until at most {@code most} are open. @return how many were closed */
    private int closeIdle(int most) {
        List<EvictableFile.Evicted> victims = new ArrayList<>();
        synchronized (this) {
            // Twice around: the first time all may have been read since.
            for (int looks = 2 * queue.size(); queue.size() > most && looks > 0; looks--) {
                Iterator<EvictableFile> next = queue.iterator();
                EvictableFile file = next.next();
                next.remove();
                EvictableFile.Evicted evicted = file.evict();
                if (evicted != null) {
                    victims.add(evicted);
                } else {
                    queue.add(file);
                }
            }
        }
        victims.forEach(OpenFiles::close);
        return victims.size();
    }

    private static void close(EvictableFile.Evicted victim) {
        try {
            victim.file().close();
        } catch (IOException e) {
            LOG.warn("a file could not be closed: file={}", victim.path(), e);
        }
    }

    /** The owner closes a file. @return what is to be closed; null if it is not open */
    synchronized ReadableFile remove(EvictableFile file) {
        queue.remove(file);
        return file.end();
    }

    /** @return whether one more mapping may be made; {@link #unmapped} must follow */
    boolean reserveMapping() {
        int now;
        do {
            now = mappings.get();
            if (now >= mostMappings) {
                return false;
            }
        } while (!mappings.compareAndSet(now, now + 1));
        return true;
    }

    void unmapped() {
        mappings.decrementAndGet();
    }

    /** Files that are open for reading. */
    public synchronized int openCount() {
        return queue.size();
    }

    public int mappingCount() {
        return mappings.get();
    }

    /** How often a file was opened again. */
    public long reopenCount() {
        return reopened.sum();
    }
}
