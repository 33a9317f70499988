package io.qaexchange.archive.tier;

import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.archive.objects.ObjectStore;
import io.qaexchange.archive.objects.ObjectStores;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Local copies of files that are in an object store only, in a folder that several processes share.
 *
 * <pre>
 *   lock                       locked while space is made, for moments
 *   files/&lt;SHA-256&gt;            a whole file, compared with its length and SHA-256 before it got this name
 *   users/&lt;uuid&gt;.lock          locked by a process as long as it lives
 *   users/&lt;uuid&gt;/…             its downloads, and a second name (hard link) for each file that it reads
 * </pre>
 *
 * <p>Invariants: all files together have at most the given size, and no more than their disk has space for, counted before a download begins. A file
 * with a second name is being read and is not evicted; the others go in the order of their last use. What a killed process left goes when the next one
 * makes space.
 *
 * <p>Thread-safe, also between processes.
 */
public final class TierCache implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TierCache.class);
    private static final String LOCK_SUFFIX = ".lock";
    /** As operating systems call it. */
    private static final String NO_SPACE = "No space left on device";
    private static final int ATTEMPTS = 3;
    private static final int BUFFER_BYTES = 1 << 16;
    /** Within a process a file cannot be locked twice. */
    private static final Object SPACE_LOCK = new Object();
    /** Locks of this process: to open and close such a file again would release its lock (POSIX). */
    private static final Set<Path> OWN_LOCKS = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final long maxBytes;
    /** Files that this process compared with their SHA-256. */
    private final Set<String> compared = ConcurrentHashMap.newKeySet();
    private final ConcurrentHashMap<String, Object> downloads = new ConcurrentHashMap<>();
    private Path ownFolder;
    private FileChannel ownLock;

    private record Entry(Path path, long bytes, FileTime used, boolean evictable) {
    }

    /**
     * A cache; its folder is made when the first file is needed.
     *
     * @param folder on the local disk, for nothing else
     * @param maxBytes of all files in it
     */
    public TierCache(Path folder, long maxBytes) {
        if (maxBytes < 1) {
            throw new IllegalArgumentException("the cache must have at least one byte: " + maxBytes);
        }
        this.folder = folder.toAbsolutePath().normalize();
        this.maxBytes = maxBytes;
    }

    /**
     * A file of an object store.
     *
     * @param name of the file, for messages and as the end of its path
     * @throws IOException if the store is away, the object is not the file, or the cache is too small for what is being read
     */
    ColdFile open(String name, RemoteCopy copy) throws IOException {
        try {
            for (int attempt = 1;; attempt++) {
                ColdFile file = link(name, copy);
                if (file != null) {
                    return file;
                }
                if (attempt > ATTEMPTS) {
                    throw new IOException("other processes evict it from " + folder + " as fast as it is read. Raise the size of the cache");
                }
                // Two queries of this process download a file once.
                synchronized (downloads.computeIfAbsent(copy.sha256(), sha -> new Object())) {
                    if (!Files.exists(fileOf(copy))) {
                        download(copy);
                    }
                }
            }
        } catch (IOException e) {
            throw new IOException("file " + name + " is in an object store only, as " + copy.uri() + ", and cannot be read from there: " + e.getMessage(), e);
        }
    }

    /** Bytes of all files of the cache. */
    public long bytes() throws IOException {
        return Files.exists(folder) ? locked(this::entries).stream().mapToLong(Entry::bytes).sum() : 0;
    }

    /**
     * Takes the copy of an object out of the cache. Who reads it goes on.
     *
     * @param sha256 SHA-256 of its bytes in hexadecimal digits
     */
    public void forget(String sha256) throws IOException {
        Path cached = folder.resolve("files").resolve(sha256);
        if (Files.exists(cached)) {
            locked(() -> Files.deleteIfExists(cached));
        }
    }

    private Path fileOf(RemoteCopy copy) {
        return folder.resolve("files").resolve(copy.sha256());
    }

    /** Gives a cached file a second name, under which it is read; null if it is not there. */
    private ColdFile link(String name, RemoteCopy copy) throws IOException {
        Path cached = fileOf(copy);
        Path link = own().resolve(UUID.randomUUID() + "-" + name.substring(name.lastIndexOf('/') + 1));
        try {
            locked(() -> Files.createLink(link, cached));
        } catch (NoSuchFileException e) {
            LOG.debug("file {} is not in the cache", name, e);
            return null;
        }
        boolean good = false;
        try {
            good = Files.size(link) == copy.lengthBytes() && (compared.contains(copy.sha256()) || copy.sha256().equals(sha256(link)));
            if (!good) {
                LOG.warn("file {} of the cache is not file {} any more; it is read anew", cached, name);
                locked(() -> Files.deleteIfExists(cached));
                return null;
            }
            compared.add(copy.sha256());
            touch(cached);
            return new ColdFile(new org.apache.flink.core.fs.Path(link.toUri()), () -> Files.deleteIfExists(link));
        } finally {
            if (!good) {
                Files.deleteIfExists(link);
            }
        }
    }

    private static String sha256(Path file) throws IOException {
        return Sha256.of(new org.apache.flink.core.fs.Path(file.toUri()));
    }

    private static void touch(Path cached) throws IOException {
        try {
            Files.setLastModifiedTime(cached, FileTime.fromMillis(System.currentTimeMillis()));
        } catch (NoSuchFileException e) {
            LOG.debug("file {} was evicted while it was linked; its second name stays", cached, e);
        }
    }

    private void download(RemoteCopy copy) throws IOException {
        Path download = own().resolve("download-" + UUID.randomUUID());
        try {
            reserve(download, copy.lengthBytes());
            copyTo(copy, download);
            Files.createDirectories(folder.resolve("files"));
            // In one step: who counts sees the file under one name, or under both.
            locked(() -> Files.createLink(fileOf(copy), download));
            compared.add(copy.sha256());
        } catch (FileAlreadyExistsException e) {
            LOG.debug("another process was faster with {}", copy.uri(), e);
        } finally {
            Files.deleteIfExists(download);
        }
    }

    /**
     * Copies an object into a file of the local disk, and compares it.
     *
     * @throws IOException if it is not the object that the manifest names
     */
    static void copyTo(RemoteCopy copy, Path target) throws IOException {
        ObjectStore store = ObjectStores.of(copy.store());
        long bytes = 0;
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                InputStream in = store.open(copy.key())) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                bytes += n;
                if (bytes > copy.lengthBytes()) {
                    break;
                }
                write(channel, buffer, n, target);
            }
            channel.force(true);
        }
        String hash = bytes == copy.lengthBytes() ? sha256(target) : null;
        if (!copy.sha256().equals(hash)) {
            throw new IOException("object " + copy.uri() + " is not the file that was copied there: it has " + (bytes > copy.lengthBytes() ? "more than " : "")
                    + (hash == null ? Math.min(bytes, copy.lengthBytes()) + " bytes, the manifest says " + copy.lengthBytes()
                            : "SHA-256 " + hash + ", the manifest says " + copy.sha256()));
        }
    }

    private static void write(FileChannel channel, byte[] bytes, int length, Path target) throws IOException {
        try {
            for (ByteBuffer left = ByteBuffer.wrap(bytes, 0, length); left.hasRemaining();) {
                channel.write(left);
            }
        } catch (IOException e) {
            throw new IOException("local file " + target + " could not be written: " + e.getMessage(), e);
        }
    }

    /** Work that is done while no process makes space, links or evicts. */
    @FunctionalInterface
    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> T locked(Work<T> work) throws IOException {
        synchronized (SPACE_LOCK) {
            try (FileChannel channel = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                return work.run();
            }
        }
    }

    /** Makes space for a file, and takes it: the file has its length from here on. */
    private void reserve(Path download, long bytes) throws IOException {
        locked(() -> {
            removeLeftovers();
            evict(bytes);
            try (RandomAccessFile file = new RandomAccessFile(download.toFile(), "rw")) {
                file.setLength(bytes);
            }
            return download;
        });
    }

    private void evict(long wanted) throws IOException {
        List<Entry> entries = entries();
        long bytes = entries.stream().mapToLong(Entry::bytes).sum();
        List<Entry> unused = new ArrayList<>(entries.stream().filter(Entry::evictable).toList());
        unused.sort(Comparator.comparing(Entry::used));
        long free = freeBytes();
        for (Entry entry : unused) {
            if (bytes + wanted <= maxBytes && wanted <= free) {
                return;
            }
            Files.deleteIfExists(entry.path());
            bytes -= entry.bytes();
            free = freeBytes();
        }
        if (bytes + wanted > maxBytes) {
            throw new IOException(String.format("the cache %s has %,d bytes, of which %,d are being read, and the file needs %,d. Raise the size of the cache"
                    + " (--tier-cache-size), ask for fewer days, or fetch the files (bin/archive fetch)", folder, maxBytes, bytes, wanted));
        }
        if (wanted > free) {
            throw new IOException(String.format("%s: the disk of the cache %s has %,d bytes left, and the file needs %,d. Free space, or name a folder on"
                    + " another disk (--tier-cache)", NO_SPACE, folder, free, wanted));
        }
    }

    /** Bytes that are left on the disk. */
    private long freeBytes() throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }

    /** Whole files, and of all processes the downloads and what they read that was evicted meanwhile. */
    private List<Entry> entries() throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (Path file : list(folder.resolve("files"))) {
            add(entries, file, true);
        }
        for (Path user : list(folder.resolve("users"))) {
            for (Path file : Files.isDirectory(user) ? list(user) : List.<Path>of()) {
                add(entries, file, false);
            }
        }
        return entries;
    }

    private static void add(List<Entry> entries, Path file, boolean whole) throws IOException {
        try {
            boolean single = ((Number) Files.getAttribute(file, "unix:nlink")).intValue() == 1;
            // A file with two names counts under the one in files/.
            if (whole || single) {
                entries.add(new Entry(file, Files.size(file), Files.getLastModifiedTime(file), whole && single));
            }
        } catch (NoSuchFileException e) {
            LOG.debug("file {} went while the cache was listed", file, e);
        }
    }

    /** Removes the folders of processes that do not live any more. */
    private void removeLeftovers() throws IOException {
        for (Path lockFile : list(folder.resolve("users"))) {
            String name = lockFile.getFileName().toString();
            if (!name.endsWith(LOCK_SUFFIX) || OWN_LOCKS.contains(lockFile)) {
                continue;
            }
            try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
                if (lock == null) {
                    continue;
                }
                Path user = lockFile.resolveSibling(name.substring(0, name.length() - LOCK_SUFFIX.length()));
                for (Path file : list(user)) {
                    Files.deleteIfExists(file);
                }
                Files.deleteIfExists(user);
                Files.deleteIfExists(lockFile);
            } catch (NoSuchFileException e) {
                LOG.debug("{} is gone", name, e);
            }
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        } catch (NoSuchFileException e) {
            LOG.debug("there is no folder {}", folder, e);
            return List.of();
        }
    }

    /** The folder of this process, locked before it exists. The order of locks is this object, then the file. */
    private synchronized Path own() throws IOException {
        if (ownFolder == null) {
            Path users = Files.createDirectories(folder.resolve("users"));
            String name = UUID.randomUUID().toString();
            ownFolder = locked(() -> {
                Path lockFile = users.resolve(name + LOCK_SUFFIX);
                OWN_LOCKS.add(lockFile);
                boolean good = false;
                try {
                    ownLock = FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                    if (ownLock.tryLock() == null) {
                        throw new IOException("file " + lockFile + " is locked already");
                    }
                    removeLeftovers();
                    Path own = Files.createDirectory(users.resolve(name));
                    good = true;
                    return own;
                } finally {
                    if (!good) {
                        releaseLock(lockFile);
                    }
                }
            });
        }
        return ownFolder;
    }

    private void releaseLock(Path lockFile) throws IOException {
        if (ownLock != null) {
            ownLock.close();
            ownLock = null;
        }
        OWN_LOCKS.remove(lockFile);
        Files.deleteIfExists(lockFile);
    }

    /** Lets everything go that this process reads; whole files stay for the next. */
    @Override
    public synchronized void close() throws IOException {
        if (ownFolder != null) {
            for (Path file : list(ownFolder)) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(ownFolder);
            releaseLock(ownFolder.resolveSibling(ownFolder.getFileName() + LOCK_SUFFIX));
            ownFolder = null;
        }
    }
}
