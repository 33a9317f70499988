package io.qaexchange.storage.vfs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Another file system, with a bound on open files and mappings; see {@link OpenFiles}. Thread-safe. */
public final class BoundedVfs implements Vfs {
    private final Vfs vfs;
    private final OpenFiles open;

    private BoundedVfs(Vfs vfs, OpenFiles open) {
        this.vfs = vfs;
        this.open = open;
    }

    /** @param vfs if it is bounded already, only the bound given here holds */
    public static BoundedVfs of(Vfs vfs, OpenFiles open) {
        return new BoundedVfs(vfs instanceof BoundedVfs bounded ? bounded.vfs : vfs, open);
    }

    public OpenFiles openFiles() {
        return open;
    }

    @Override
    public WritableFile create(Path path) throws IOException {
        return open.withDescriptor(() -> vfs.create(path));
    }

    @Override
    public ReadableFile open(Path path) throws IOException {
        return open.open(vfs, path);
    }

    @Override
    public void rename(Path source, Path target) throws IOException {
        vfs.rename(source, target);
    }

    @Override
    public void link(Path existing, Path name) throws IOException {
        vfs.link(existing, name);
    }

    @Override
    public void delete(Path path) throws IOException {
        vfs.delete(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        open.withDescriptor(() -> {
            vfs.createDirectories(directory);
            return null;
        });
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        open.withDescriptor(() -> {
            vfs.syncDirectory(directory);
            return null;
        });
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return open.withDescriptor(() -> vfs.list(directory));
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return vfs.exists(path);
    }

    @Override
    public long size(Path path) throws IOException {
        return vfs.size(path);
    }

    @Override
    public void truncate(Path path, long size) throws IOException {
        open.withDescriptor(() -> {
            vfs.truncate(path, size);
            return null;
        });
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        return open.withDescriptor(() -> vfs.lock(path));
    }
}
