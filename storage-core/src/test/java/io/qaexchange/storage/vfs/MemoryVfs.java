package io.qaexchange.storage.vfs;

import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.memory.Memory;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A disk in memory that can lose power. Files and names are kept twice: as processes see them, and as far as they are durable. What a
 * power cut leaves is chosen by a {@link PowerCut}; a killed process leaves what it had written, durable or not.
 *
 * <p>A file is an append-only run of bytes, durable up to its last sync. Names change in a folder's pending operations, which
 * {@link #syncDirectory} makes durable. Folders themselves are durable when {@link #createDirectories} returns.
 *
 * <p>Copies share bytes with their original until one of them appends, so that an image costs microseconds.
 *
 * <p>Thread-safe, except that {@link #observer} is set before the disk is used.
 */
public final class MemoryVfs implements Vfs {
    public static final int SECTOR_BYTES = 512;

    private final Map<Path, Folder> folders = new TreeMap<>();
    private final Set<Path> locks = new HashSet<>();
    private Observer observer = (operation, path) -> {};
    private int openHandles;

    /** Told after each call that changed the disk, on the caller's thread. */
    @FunctionalInterface
    public interface Observer {
        void changed(Operation operation, Path path);
    }

    public enum Operation { CREATE, APPEND, SYNC, RENAME, LINK, DELETE, CREATE_FOLDER, SYNC_FOLDER, TRUNCATE, LOCK }

    /** Bytes with any number of names. */
    private static final class Inode {
        byte[] bytes;
        int size;
        int syncedSize;
        /** Whether {@link #bytes} may be written to after {@link #size}: no copy shows what is there. */
        boolean owned;
        /** Parts that a failed sync dropped, [from, to) in pairs: readable until the power goes. */
        int[] dropped = {};
        private int hashedSize = -1;
        private long hash;

        Inode(byte[] bytes, int size, int syncedSize, boolean owned) {
            this.bytes = bytes;
            this.size = size;
            this.syncedSize = syncedSize;
            this.owned = owned;
        }

        Inode copy() {
            Inode copy = new Inode(bytes, size, syncedSize, false);
            copy.dropped = dropped;
            copy.hashedSize = hashedSize;
            copy.hash = hash;
            return copy;
        }

        void append(ByteBuffer from) {
            int length = from.remaining();
            if (!owned || size + length > bytes.length) {
                bytes = Arrays.copyOf(Arrays.copyOf(bytes, size), Math.max(256, (size + length) * 2));
                owned = true;
            }
            from.get(bytes, size, length);
            size += length;
        }

        void truncate(int to) {
            size = to;
            owned = false;
            hashedSize = -1;
        }

        long hash() {
            if (hashedSize != size) {
                hash = Memory.hash(bytes, Memory.ARRAY_BASE, size);
                hashedSize = size;
            }
            return hash;
        }

        Inode afterPowerCut(PowerCut cut) {
            if (size == syncedSize && dropped.length == 0) {
                return copy();
            }
            int kept = Math.toIntExact(cut.sizeKept(syncedSize, size));
            byte[] left = Arrays.copyOf(bytes, kept);
            for (int i = 0; i < dropped.length; i += 2) {
                Arrays.fill(left, Math.min(kept, dropped[i]), Math.min(kept, dropped[i + 1]), (byte) 0);
            }
            for (int at = syncedSize; at < kept; at = (at / SECTOR_BYTES + 1) * SECTOR_BYTES) {
                if (!cut.sectorKept(at / SECTOR_BYTES)) {
                    Arrays.fill(left, at, Math.min(kept, (at / SECTOR_BYTES + 1) * SECTOR_BYTES), (byte) 0);
                }
            }
            return new Inode(left, kept, kept, false);
        }
    }

    /**
     * A change of names that is not durable yet.
     *
     * @param unlinked a name that goes, null if none
     * @param linked a name that comes, null if none
     */
    private record NameChange(String unlinked, String linked, Inode inode) {
        void apply(Map<String, Inode> names) {
            if (unlinked != null) {
                names.remove(unlinked);
            }
            if (linked != null) {
                names.put(linked, inode);
            }
        }

        boolean touches(Set<String> names) {
            return names.contains(unlinked) || names.contains(linked);
        }
    }

    private static final class Folder {
        final TreeMap<String, Inode> names = new TreeMap<>();
        final TreeMap<String, Inode> durable = new TreeMap<>();
        final List<NameChange> pending = new ArrayList<>();

        void change(NameChange change) {
            change.apply(names);
            pending.add(change);
        }

        void sync() {
            durable.clear();
            durable.putAll(names);
            pending.clear();
        }

        /** Pending changes that share names stay in their order; others reach the disk in any. */
        List<List<NameChange>> independentChanges() {
            List<List<NameChange>> groups = new ArrayList<>();
            List<Set<String>> touched = new ArrayList<>();
            for (NameChange change : pending) {
                List<NameChange> group = new ArrayList<>();
                Set<String> names = new HashSet<>();
                for (int i = groups.size() - 1; i >= 0; i--) {
                    if (change.touches(touched.get(i))) {
                        group.addAll(0, groups.remove(i));
                        names.addAll(touched.remove(i));
                    }
                }
                group.add(change);
                names.add(change.unlinked());
                names.add(change.linked());
                names.remove(null);
                groups.add(group);
                touched.add(names);
            }
            return groups;
        }
    }

    public void observer(Observer value) {
        observer = value;
    }

    /** The disk after a power cut: what was synced, and of the rest what the cut keeps. Nothing is locked or open. */
    public synchronized MemoryVfs afterPowerCut(PowerCut cut) {
        MemoryVfs image = new MemoryVfs();
        Map<Inode, Inode> inodes = new IdentityHashMap<>();
        folders.forEach((path, folder) -> {
            TreeMap<String, Inode> names = new TreeMap<>(folder.durable);
            for (List<NameChange> group : folder.independentChanges()) {
                group.subList(0, cut.namesKept(group.size())).forEach(change -> change.apply(names));
            }
            Folder left = new Folder();
            names.forEach((name, inode) -> left.names.put(name, inodes.computeIfAbsent(inode, i -> i.afterPowerCut(cut))));
            left.durable.putAll(left.names);
            image.folders.put(path, left);
        });
        return image;
    }

    /** The disk as the next process finds it if this one is killed: all that was written, and the same of it durable as before. */
    public synchronized MemoryVfs afterKill() {
        MemoryVfs image = new MemoryVfs();
        Map<Inode, Inode> inodes = new IdentityHashMap<>();
        folders.forEach((path, folder) -> {
            Folder left = new Folder();
            folder.names.forEach((name, inode) -> left.names.put(name, inodes.computeIfAbsent(inode, Inode::copy)));
            folder.durable.forEach((name, inode) -> left.durable.put(name, inodes.computeIfAbsent(inode, Inode::copy)));
            folder.pending.forEach(change -> left.pending.add(new NameChange(change.unlinked(), change.linked(),
                    change.inode() == null ? null : inodes.computeIfAbsent(change.inode(), Inode::copy))));
            image.folders.put(path, left);
        });
        return image;
    }

    /** Names and bytes of all files as processes see them, as one number. */
    public synchronized long contentHash() {
        long hash = 0;
        for (Map.Entry<Path, Folder> folder : folders.entrySet()) {
            for (Map.Entry<String, Inode> file : folder.getValue().names.entrySet()) {
                byte[] name = folder.getKey().resolve(file.getKey()).toString().getBytes(StandardCharsets.UTF_8);
                hash = (hash ^ Memory.hash(name, Memory.ARRAY_BASE, name.length)) * 0x9E3779B97F4A7C15L;
                hash = (Long.rotateLeft(hash, 29) ^ file.getValue().hash()) * 0xD6E8FEB86659FD93L;
            }
        }
        return hash;
    }

    /** Whether a power cut now can take anything. */
    public synchronized boolean isAllDurable() {
        for (Folder folder : folders.values()) {
            if (!folder.pending.isEmpty() || folder.names.values().stream().anyMatch(i -> i.size != i.syncedSize || i.dropped.length > 0)) {
                return false;
            }
        }
        return true;
    }

    /** Files and mappings that are open. */
    public synchronized int openHandles() {
        return openHandles;
    }

    /** A file's bytes as processes see them. */
    public synchronized byte[] contents(Path path) throws IOException {
        Inode inode = inode(path);
        return Arrays.copyOf(inode.bytes, inode.size);
    }

    /** Puts a durable file in place, over one of that name, as nobody but a test can. */
    public synchronized void replace(Path path, byte[] bytes) throws IOException {
        Folder folder = folder(path);
        Inode inode = new Inode(bytes.clone(), bytes.length, bytes.length, false);
        folder.names.put(name(path), inode);
        folder.durable.put(name(path), inode);
    }

    /** Fails a sync: the bytes not synced before can be read until the power goes, and no later sync brings them to disk. */
    synchronized void dropUnsynced(Path path) throws IOException {
        Inode inode = inode(path);
        if (inode.syncedSize < inode.size) {
            int[] more = Arrays.copyOf(inode.dropped, inode.dropped.length + 2);
            more[inode.dropped.length] = inode.syncedSize;
            more[inode.dropped.length + 1] = inode.size;
            inode.dropped = more;
            inode.syncedSize = inode.size;
        }
    }

    private Folder folder(Path path) throws NoSuchFileException {
        Folder folder = folders.get(path.getParent());
        if (folder == null) {
            throw new NoSuchFileException(path.getParent().toString());
        }
        return folder;
    }

    private Inode inode(Path path) throws NoSuchFileException {
        Inode inode = folder(path).names.get(name(path));
        if (inode == null) {
            throw new NoSuchFileException(path.toString());
        }
        return inode;
    }

    private static String name(Path path) {
        return path.getFileName().toString();
    }

    @Override
    public synchronized WritableFile create(Path path) throws IOException {
        Folder folder = folder(path);
        if (folder.names.containsKey(name(path))) {
            throw new FileAlreadyExistsException(path.toString());
        }
        Inode inode = new Inode(new byte[0], 0, 0, false);
        folder.change(new NameChange(null, name(path), inode));
        openHandles++;
        observer.changed(Operation.CREATE, path);
        return new Writable(path, inode);
    }

    @Override
    public synchronized ReadableFile open(Path path) throws IOException {
        Inode inode = inode(path);
        openHandles++;
        return new Readable(path, inode.bytes, inode.size);
    }

    @Override
    public synchronized void rename(Path source, Path target) throws IOException {
        if (!source.getParent().equals(target.getParent())) {
            throw new IOException("rename between folders is not simulated: " + source + " to " + target);
        }
        folder(source).change(new NameChange(name(source), name(target), inode(source)));
        observer.changed(Operation.RENAME, target);
    }

    @Override
    public synchronized void link(Path existing, Path name) throws IOException {
        Inode inode = inode(existing);
        if (folder(name).names.containsKey(name(name))) {
            throw new FileAlreadyExistsException(name.toString());
        }
        folder(name).change(new NameChange(null, name(name), inode));
        observer.changed(Operation.LINK, name);
    }

    @Override
    public synchronized void delete(Path path) throws IOException {
        inode(path);
        folder(path).change(new NameChange(name(path), null, null));
        observer.changed(Operation.DELETE, path);
    }

    @Override
    public synchronized void createDirectories(Path directory) throws IOException {
        if (folders.putIfAbsent(directory, new Folder()) == null) {
            observer.changed(Operation.CREATE_FOLDER, directory);
        }
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        folder(directory.resolve("any")).sync();
        observer.changed(Operation.SYNC_FOLDER, directory);
    }

    @Override
    public synchronized List<String> list(Path directory) {
        Folder folder = folders.get(directory);
        return folder == null ? List.of() : List.copyOf(folder.names.keySet());
    }

    @Override
    public synchronized boolean exists(Path path) {
        Folder folder = folders.get(path.getParent());
        return folders.containsKey(path) || folder != null && folder.names.containsKey(name(path));
    }

    @Override
    public synchronized long size(Path path) throws IOException {
        return inode(path).size;
    }

    @Override
    public synchronized void truncate(Path path, long size) throws IOException {
        Inode inode = inode(path);
        if (size < inode.size) {
            inode.truncate((int) size);
        }
        inode.syncedSize = inode.size;
        observer.changed(Operation.TRUNCATE, path);
    }

    @Override
    public synchronized Closeable lock(Path path) throws IOException {
        if (!locks.add(path)) {
            throw new StoreException("the store is in use, by this process or another one: close it there first (lock file " + path + ")");
        }
        if (!exists(path)) {
            folder(path).change(new NameChange(null, name(path), new Inode(new byte[0], 0, 0, false)));
            observer.changed(Operation.LOCK, path);
        }
        return () -> unlock(path);
    }

    private synchronized void unlock(Path path) {
        locks.remove(path);
    }

    private synchronized void handleClosed() {
        openHandles--;
    }

    private final class Writable implements WritableFile {
        private final Path path;
        private final Inode inode;
        private boolean closed;

        Writable(Path path, Inode inode) {
            this.path = path;
            this.inode = inode;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            synchronized (MemoryVfs.this) {
                requireOpen();
                inode.append(bytes);
                observer.changed(Operation.APPEND, path);
            }
        }

        @Override
        public void sync() throws IOException {
            synchronized (MemoryVfs.this) {
                requireOpen();
                inode.syncedSize = inode.size;
                observer.changed(Operation.SYNC, path);
            }
        }

        private void requireOpen() throws IOException {
            if (closed) {
                throw new IOException("file is closed: " + path);
            }
        }

        @Override
        public long size() {
            synchronized (MemoryVfs.this) {
                return inode.size;
            }
        }

        @Override
        public void close() {
            synchronized (MemoryVfs.this) {
                if (!closed) {
                    closed = true;
                    handleClosed();
                }
            }
        }
    }

    private final class Readable implements ReadableFile {
        private final Path path;
        private final byte[] bytes;
        private final int size;
        /** Volatile: closed by one thread, checked by others. */
        private volatile boolean closed;

        Readable(Path path, byte[] bytes, int size) {
            this.path = path;
            this.bytes = bytes;
            this.size = size;
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            requireOpen();
            if (position < 0 || position + target.remaining() > size) {
                throw new EOFException("file ends early: file=" + path + " size=" + size + " offset=" + position + " wanted=" + target.remaining());
            }
            target.put(bytes, (int) position, target.remaining());
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void readDirect(long position, ByteBuffer target) throws IOException {
            read(position, target);
        }

        @Override
        public MappedRegion map(long position, int length) throws IOException {
            requireOpen();
            if (position < 0 || position + length > size) {
                throw new EOFException("mapping behind the end: file=" + path + " size=" + size + " offset=" + position + " length=" + length);
            }
            return new Region(bytes, (int) position, length);
        }

        private void requireOpen() throws IOException {
            if (closed) {
                throw new IOException("file is closed: " + path);
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                handleClosed();
            }
        }
    }

    /** Part of a file's own bytes: those below a file's size never change. */
    private record Region(byte[] bytes, int position, int length) implements MappedRegion {
        @Override
        public void load(int offset, int bytes) {
            // It is there.
        }

        @Override
        public boolean isInMemory(int offset, int bytes) {
            return true;
        }

        @Override
        public Object base() {
            return bytes;
        }

        @Override
        public long address() {
            return Memory.ARRAY_BASE + position;
        }

        @Override
        public ByteBuffer buffer() {
            return ByteBuffer.wrap(bytes, position, length).slice();
        }

        @Override
        public void close() {
            // Memory on the heap goes when nobody sees it any more.
        }
    }

    /** Sizes by name, for messages. */
    @Override
    public synchronized String toString() {
        Map<String, String> sizes = new TreeMap<>();
        folders.forEach((path, folder) -> folder.names.forEach((name, inode) -> sizes.put(path.resolve(name).toString(),
                inode.size + (inode.size == inode.syncedSize ? "" : " (synced " + inode.syncedSize + ")"))));
        return sizes + " pending=" + folders.values().stream().mapToInt(folder -> folder.pending.size()).sum();
    }
}
