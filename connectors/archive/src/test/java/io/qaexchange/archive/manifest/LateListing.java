package io.qaexchange.archive.manifest;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystemFactory;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.local.LocalFileSystem;

/**
 * The local disk under the scheme {@code late}, whose lists of files lack the newest, as those of some object stores do for a while. A file that is asked
 * for by name is found.
 */
public final class LateListing extends FileSystem {

    private static final URI ADDRESS = URI.create("late:///");
    /** Names that sort behind it are not listed; null if all are. */
    static volatile String lastListed;

    private final LocalFileSystem disk = new LocalFileSystem();

    /** Found by Flink. */
    public static final class Factory implements FileSystemFactory {
        @Override
        public String getScheme() {
            return ADDRESS.getScheme();
        }

        @Override
        public FileSystem create(URI address) {
            return new LateListing();
        }
    }

    @Override
    public FileStatus[] listStatus(Path folder) throws IOException {
        FileStatus[] all = disk.listStatus(folder);
        return all == null || lastListed == null ? all
                : Arrays.stream(all).filter(file -> file.getPath().getName().compareTo(lastListed) <= 0).toArray(FileStatus[]::new);
    }

    @Override
    public boolean isDistributedFS() {
        return true;
    }

    @Override
    public URI getUri() {
        return ADDRESS;
    }

    @Override
    public Path getWorkingDirectory() {
        return disk.getWorkingDirectory();
    }

    @Override
    public Path getHomeDirectory() {
        return disk.getHomeDirectory();
    }

    @Override
    public FileStatus getFileStatus(Path file) throws IOException {
        return disk.getFileStatus(file);
    }

    @Override
    public BlockLocation[] getFileBlockLocations(FileStatus file, long start, long length) throws IOException {
        return disk.getFileBlockLocations(file, start, length);
    }

    @Override
    public FSDataInputStream open(Path file, int bufferSize) throws IOException {
        return disk.open(file, bufferSize);
    }

    @Override
    public FSDataInputStream open(Path file) throws IOException {
        return disk.open(file);
    }

    @Override
    public boolean delete(Path file, boolean recursive) throws IOException {
        return disk.delete(file, recursive);
    }

    @Override
    public boolean mkdirs(Path folder) throws IOException {
        return disk.mkdirs(folder);
    }

    @Override
    public FSDataOutputStream create(Path file, WriteMode mode) throws IOException {
        return disk.create(file, mode);
    }

    @Override
    public boolean rename(Path source, Path target) throws IOException {
        return disk.rename(source, target);
    }
}
