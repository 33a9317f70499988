package io.qaexchange.storage.vfs;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that is written through a stream. A channel would be closed by the interruption of a thread that writes or syncs, and could
 * not be opened again where the file has been deleted meanwhile, as segments of the log are. The price is a copy of direct buffers.
 */
final class NioWritableFile implements WritableFile {
    /** The JVM copies a longer piece through memory that it allocates for it. */
    private static final int PIECE_BYTES = 64 << 10;

    private final FileOutputStream stream;
    private final boolean syncs;
    /** For direct buffers; null until there is one. */
    private byte[] copy;
    /** Volatile: written by the appending thread, read by the one that syncs. */
    private volatile long size;

    private NioWritableFile(FileOutputStream stream, boolean syncs) {
        this.stream = stream;
        this.syncs = syncs;
    }

    static NioWritableFile create(Path path, boolean syncs) throws IOException {
        Files.createFile(path);
        boolean opened = false;
        try {
            NioWritableFile file = new NioWritableFile(new FileOutputStream(path.toFile(), true), syncs);
            opened = true;
            return file;
        } finally {
            if (!opened) {
                Files.deleteIfExists(path);
            }
        }
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
        int length = bytes.remaining();
        while (bytes.hasRemaining()) {
            int piece = Math.min(bytes.remaining(), PIECE_BYTES);
            if (bytes.hasArray()) {
                stream.write(bytes.array(), bytes.arrayOffset() + bytes.position(), piece);
                bytes.position(bytes.position() + piece);
            } else {
                if (copy == null) {
                    copy = new byte[PIECE_BYTES];
                }
                bytes.get(copy, 0, piece);
                stream.write(copy, 0, piece);
            }
        }
        size += length;
    }

    @Override
    public void sync() throws IOException {
        if (syncs) {
            stream.getFD().sync();
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
