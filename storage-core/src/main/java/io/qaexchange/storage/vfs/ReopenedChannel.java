package io.qaexchange.storage.vfs;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A channel for reading that survives the interruption of a thread that uses it.
 *
 * <p>Java closes a {@link FileChannel} for all threads when one is interrupted in it: the thread gets a
 * {@link java.nio.channels.ClosedByInterruptException}, others an {@link java.nio.channels.AsynchronousCloseException}. A thread that is
 * interrupted before it calls is no problem: its flag is cleared for the time of the call and set again afterwards. If the interruption
 * comes in the middle, the file is opened again by its path and the call repeated; after {@value Uninterrupted#TRIES} such calls, by a thread and on a
 * channel of its own.
 *
 * <p>Thread-safe. A channel that its owner closed stays closed.
 */
final class ReopenedChannel implements Closeable {
    private interface Call<T> {
        T on(FileChannel channel) throws IOException;
    }

    private final Path path;
    private final OpenOption[] options;
    /** Volatile: replaced after an interruption, under the lock. */
    private volatile FileChannel channel;
    /** Guarded by this. */
    private boolean closed;

    private ReopenedChannel(Path path, FileChannel channel, OpenOption... options) {
        this.path = path;
        this.options = options;
        this.channel = channel;
    }

    static ReopenedChannel open(Path path) throws IOException {
        return open(path, StandardOpenOption.READ);
    }

    /** @param options {@link StandardOpenOption#READ}, and how to read */
    static ReopenedChannel open(Path path, OpenOption... options) throws IOException {
        return new ReopenedChannel(path, FileChannel.open(path, options), options);
    }

    /** Fills the buffer from a position on. */
    void read(long position, ByteBuffer target) throws IOException {
        read(position, target, target.remaining());
    }

    /** Reads what there is from a position on, at most up to the buffer's limit. @param least that must be there */
    void read(long position, ByteBuffer target, int least) throws IOException {
        int begin = target.position();
        repeat(used -> {
            target.position(begin);
            long at = position;
            while (target.position() - begin < least) {
                int read = used.read(target, at);
                if (read < 0) {
                    throw new EOFException("file ends early: file=" + path + " offset=" + position + " missing=" + (least - target.position() + begin));
                }
                at += read;
            }
            return null;
        });
    }

    long size() throws IOException {
        return repeat(FileChannel::size);
    }

    MappedByteBuffer map(long position, int length) throws IOException {
        return repeat(used -> used.map(FileChannel.MapMode.READ_ONLY, position, length));
    }

    private <T> T repeat(Call<T> call) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            for (int i = 0; i < Uninterrupted.TRIES; i++) {
                FileChannel used = channel;
                try {
                    return call.on(used);
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                    reopen(used, e);
                }
            }
            return Uninterrupted.onAnotherThread(() -> {
                try (FileChannel own = FileChannel.open(path, options)) {
                    return call.on(own);
                }
            });
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Another thread may have done it already. */
    private synchronized void reopen(FileChannel broken, ClosedChannelException cause) throws IOException {
        if (closed) {
            throw cause;
        }
        if (channel == broken) {
            channel = FileChannel.open(path, options);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        channel.close();
    }
}
