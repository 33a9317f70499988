package io.qaexchange.parquet;

import java.io.IOException;
import java.io.InputStream;
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
        BufferedFile in = new BufferedFile(path.getFileSystem().open(path));
        return new DelegatingSeekableInputStream(in) {
            @Override
            public long getPos() {
                return in.position();
            }

            @Override
            public void seek(long newPos) throws IOException {
                in.seek(newPos);
            }
        };
    }

    /** Reads ahead a little: metadata is read byte by byte, and each would be a call of the system. One thread. */
    private static final class BufferedFile extends InputStream {
        private static final int BUFFER_BYTES = 8 << 10;

        private final FSDataInputStream file;
        private final byte[] buffer = new byte[BUFFER_BYTES];
        /** Position in the file where the buffer ends, which is where the file stands unless something sought elsewhere. */
        private long bufferEnd;
        private int next;
        private int count;
        private boolean moved;

        BufferedFile(FSDataInputStream file) throws IOException {
            this.file = file;
            this.bufferEnd = file.getPos();
        }

        long position() {
            return bufferEnd - (count - next);
        }

        void seek(long position) {
            long begin = bufferEnd - count;
            if (position >= begin && position <= bufferEnd) {
                next = (int) (position - begin);
            } else {
                bufferEnd = position;
                next = 0;
                count = 0;
                moved = true;
            }
        }

        @Override
        public int read() throws IOException {
            return next < count || fill() ? buffer[next++] & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (next == count && length >= BUFFER_BYTES) {
                stand();
                int read = file.read(target, offset, length);
                bufferEnd += Math.max(0, read);
                next = 0;
                count = 0;
                return read;
            }
            if (length == 0) {
                return 0;
            }
            if (next == count && !fill()) {
                return -1;
            }
            int read = Math.min(length, count - next);
            System.arraycopy(buffer, next, target, offset, read);
            next += read;
            return read;
        }

        private boolean fill() throws IOException {
            stand();
            int read = file.read(buffer, 0, BUFFER_BYTES);
            next = 0;
            count = Math.max(0, read);
            bufferEnd += count;
            return count > 0;
        }

        /** The file stands where the buffer ends. */
        private void stand() throws IOException {
            if (moved) {
                file.seek(bufferEnd);
                moved = false;
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
