package io.qaexchange.job.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.eclipse.jetty.io.Content;

/**
 * The body of an answer, sent in pieces of some size: each piece that Jetty is given goes to the network alone. An answer that fits into one is sent together with its headers and their
 * {@code Content-Length}. Closing it ends the answer; one that is not closed never looks whole. Only an answer that never ends is
 * flushed: writers flush at their end, and then the last piece would go alone.
 *
 * <p>One thread. Memory: the piece, {@value #MOST_BYTES} bytes at most.
 */
final class AnswerBody extends OutputStream {

    private static final int FIRST_BYTES = 1 << 10;
    private static final int MOST_BYTES = 1 << 15;

    private final Content.Sink sink;
    private byte[] piece = new byte[FIRST_BYTES];
    private int length;
    private final boolean endless;
    private boolean closed;

    /** @param endless whether {@link #flush} sends what was written */
    AnswerBody(Content.Sink sink, boolean endless) {
        this.sink = sink;
        this.endless = endless;
    }

    @Override
    public void write(int b) throws IOException {
        makeRoom(1);
        piece[length++] = (byte) b;
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
        if (count > MOST_BYTES) {
            sendPiece();
            send(false, ByteBuffer.wrap(bytes, offset, count));
            return;
        }
        makeRoom(count);
        System.arraycopy(bytes, offset, piece, length, count);
        length += count;
    }

    private void makeRoom(int count) throws IOException {
        requireOpen();
        if (count > MOST_BYTES - length) {
            sendPiece();
        }
        if (count > piece.length - length) {
            piece = Arrays.copyOf(piece, Math.min(MOST_BYTES, Math.max(2 * piece.length, length + count)));
        }
    }

    /** Sends what was written, if the answer never ends. */
    @Override
    public void flush() throws IOException {
        if (endless) {
            sendPiece();
        }
    }

    private void sendPiece() throws IOException {
        if (length > 0) {
            send(false, ByteBuffer.wrap(piece, 0, length));
            length = 0;
        }
    }

    private void send(boolean last, ByteBuffer bytes) throws IOException {
        requireOpen();
        Content.Sink.write(sink, last, bytes);
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("the answer has ended");
        }
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            send(true, ByteBuffer.wrap(piece, 0, length));
            closed = true;
        }
    }
}
