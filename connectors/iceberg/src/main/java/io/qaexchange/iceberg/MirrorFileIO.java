package io.qaexchange.iceberg;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;

/**
 * How Iceberg reads and writes its metadata. Such files are small: each is read and written as a whole. Never touches data files.
 *
 * <p>Thread-safe.
 */
public final class MirrorFileIO implements FileIO {

    private static final long serialVersionUID = 1L;
    private static final String DATA_FILE = ".parquet";

    private final transient MirrorFiles files;

    /** On the file systems of Flink; for Iceberg's clients, which make it by its name. */
    public MirrorFileIO() {
        this(new FlinkFiles());
    }

    MirrorFileIO(MirrorFiles files) {
        this.files = files;
    }

    @Override
    public InputFile newInputFile(String location) {
        return new Input(location);
    }

    @Override
    public OutputFile newOutputFile(String location) {
        return new Output(location);
    }

    @Override
    public void deleteFile(String location) {
        if (location.endsWith(DATA_FILE)) {
            throw new IllegalArgumentException("data file " + location + " belongs to the archive: the mirror never deletes it");
        }
        try {
            files.delete(location);
        } catch (IOException e) {
            throw new UncheckedIOException("metadata file " + location + " could not be deleted", e);
        }
    }

    private final class Input implements InputFile {
        private final String location;
        private byte[] bytes;

        Input(String location) {
            this.location = location;
        }

        private byte[] bytes() {
            if (bytes == null) {
                try {
                    bytes = files.read(location);
                } catch (FileNotFoundException e) {
                    throw new NotFoundException(e, "metadata file %s is not there", location);
                } catch (IOException e) {
                    throw new RuntimeIOException(e, "metadata file %s cannot be read", location);
                }
            }
            return bytes;
        }

        @Override
        public long getLength() {
            return bytes().length;
        }

        @Override
        public SeekableInputStream newStream() {
            return new Bytes(bytes());
        }

        @Override
        public String location() {
            return location;
        }

        @Override
        public boolean exists() {
            try {
                return files.exists(location);
            } catch (IOException e) {
                throw new RuntimeIOException(e, "cannot see whether %s is there", location);
            }
        }
    }

    private final class Output implements OutputFile {
        private final String location;

        Output(String location) {
            this.location = location;
        }

        @Override
        public PositionOutputStream create() {
            return new Buffer(location);
        }

        @Override
        public PositionOutputStream createOrOverwrite() {
            return new Buffer(location);
        }

        @Override
        public String location() {
            return location;
        }

        @Override
        public InputFile toInputFile() {
            return new Input(location);
        }
    }

    /** Writes the file when it is closed. Iceberg's names are unique: there is none of that name. */
    private final class Buffer extends PositionOutputStream {
        private final String location;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private boolean closed;

        Buffer(String location) {
            this.location = location;
        }

        @Override
        public long getPos() {
            return bytes.size();
        }

        @Override
        public void write(int b) {
            bytes.write(b);
        }

        @Override
        public void write(byte[] b, int offset, int length) {
            bytes.write(b, offset, length);
        }

        @Override
        public void close() throws IOException {
            if (closed) {
                return;
            }
            closed = true;
            if (!files.createIfAbsent(location, bytes.toByteArray())) {
                throw new AlreadyExistsException("metadata file %s exists already", location);
            }
        }
    }

    private static final class Bytes extends SeekableInputStream {
        private final byte[] bytes;
        private int position;

        Bytes(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public long getPos() {
            return position;
        }

        @Override
        public void seek(long newPosition) throws IOException {
            if (newPosition < 0 || newPosition > bytes.length) {
                throw new IOException("position " + newPosition + " is not in a file of " + bytes.length + " bytes");
            }
            position = (int) newPosition;
        }

        @Override
        public int read() {
            return position < bytes.length ? bytes[position++] & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            int count = new ByteArrayInputStream(bytes, position, bytes.length - position).read(target, offset, length);
            position += Math.max(count, 0);
            return count;
        }

        @Override
        public int available() {
            return bytes.length - position;
        }
    }
}
