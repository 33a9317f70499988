package io.qaexchange.job.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.eclipse.jetty.io.Content;

/**
 * The body of an answer, sent in pieces of some size: each piece that Jetty is given goes to the network alone. An answer that fits into one is sent together with its headers and their
 * {@code Content-Length}. Closing it ends the answer; one that is not closed never looks whole.
 *
 * <p>One thread. Memory: the piece, {@value #MOST_BYTES} bytes at most.
 */
final class AnswerStream extends OutputStream {

    private static final int FIRST_BYTES = 1 << 10;
    private static final int MOST_BYTES = 1 << 15;

    private final Content.Sink sink;
    private byte[] piece = new byte[FIRST_BYTES];
    private int length;
    private boolean closed;

    AnswerStream(Content.Sink sink) {
        this.sink = sink;
    }

    @Override
    public void write(int b) throws IOException {
        makeRoom(1);
        piece[length++] = (byte) b;
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
        if (count > MOST_BYTES) {
            flush();
            send(false, ByteBuffer.wrap(bytes, offset, count));
            return;
        }
        makeRoom(count);
        System.arraycopy(bytes, offset, piece, length, count);
        length += count;
    }

    private void makeRoom(int count) throws IOException {
        if (count > MOST_BYTES - length) {
            flush();
        }
        if (count > piece.length - length) {
            piece = Arrays.copyOf(piece, Math.min(MOST_BYTES, Math.max(2 * piece.length, length + count)));
        }
    }

    /** Sends what was written. */
    @Override
    public void flush() throws IOException {
        if (length > 0) {
            send(false, ByteBuffer.wrap(piece, 0, length));
            length = 0;
        }
    }

    private void send(boolean last, ByteBuffer bytes) throws IOException {
        if (closed) {
            throw new IOException("the answer has ended");
        }
        Content.Sink.write(sink, last, bytes);
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            send(true, ByteBuffer.wrap(piece, 0, length));
            closed = true;
        }
    }
}
