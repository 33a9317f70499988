package io.qaexchange.parquet;

import java.io.IOException;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/** A file on any of Flink's file systems, for the Parquet reader. */
public final class FlinkInputFile implements InputFile {

    private final Path path;
    private final long lengthBytes;

    private FlinkInputFile(Path path, long lengthBytes) {
        this.path = path;
        this.lengthBytes = lengthBytes;
    }

    /**
     * The file at that path.
     *
     * @throws java.io.FileNotFoundException if there is none
     */
    public static FlinkInputFile of(Path path) throws IOException {
        FileSystem fileSystem = path.getFileSystem();
        return new FlinkInputFile(path, fileSystem.getFileStatus(path).getLen());
    }

    @Override
    public long getLength() {
        return lengthBytes;
    }

    @Override
    public SeekableInputStream newStream() throws IOException {
        FSDataInputStream in = path.getFileSystem().open(path);
        return new DelegatingSeekableInputStream(in) {
            @Override
            public long getPos() throws IOException {
                return in.getPos();
            }

            @Override
            public void seek(long newPos) throws IOException {
                in.seek(newPos);
            }
        };
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
