package io.qaexchange.job.server.pg;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;

/**
 * Messages to a client, gathered and sent when enough are there. One thread; {@link #isSending} from any.
 */
final class PgOutput {

    private static final int FLUSH_BYTES = 64 << 10;

    private final OutputStream out;
    private byte[] bytes = new byte[FLUSH_BYTES + (8 << 10)];
    private int size;
    private int messageStart;
    /** Where a message begins that has not ended; -1 if none has begun. */
    private int unfinished = -1;
    /** When the write that runs began; 0 without one. Read by whoever looks for clients that take nothing. */
    private volatile long sendingSinceNs;

    /** The client cannot be reached any more. */
    static final class ClientGoneException extends IOException {
        private static final long serialVersionUID = 1L;

        ClientGoneException(IOException cause) {
            super("the client has gone: " + cause.getMessage(), cause);
        }
    }

    PgOutput(OutputStream out) {
        this.out = out;
    }

    /** Begins a message. */
    PgOutput begin(char type) {
        unfinished = size;
        putByte(type);
        messageStart = size;
        return putInt(0);
    }

    /** Ends a message. */
    void end() {
        setInt(messageStart, size - messageStart);
        unfinished = -1;
    }

    /** Forgets a message that has begun and not ended, because something failed in its midst. */
    void dropUnfinished() {
        if (unfinished >= 0) {
            size = unfinished;
            unfinished = -1;
        }
    }

    /** A message that is one byte without name: answers to requests for encryption. */
    void single(char answer) throws IOException {
        putByte(answer);
        flush();
    }

    PgOutput putByte(int value) {
        ensure(1);
        bytes[size++] = (byte) value;
        return this;
    }

    PgOutput putShort(int value) {
        ensure(2);
        bytes[size++] = (byte) (value >> 8);
        bytes[size++] = (byte) value;
        return this;
    }

    PgOutput putInt(int value) {
        ensure(4);
        setInt(size, value);
        size += 4;
        return this;
    }

    PgOutput putLong(long value) {
        ensure(8);
        setInt(size, (int) (value >> 32));
        setInt(size + 4, (int) value);
        size += 8;
        return this;
    }

    /** A text with a zero after it. A zero in it would end it, so it is left out. */
    PgOutput putString(String text) {
        byte[] utf8 = (text.indexOf('\0') < 0 ? text : text.replace("\0", "")).getBytes(StandardCharsets.UTF_8);
        putBytes(utf8, 0, utf8.length);
        return putByte(0);
    }

    PgOutput putBytes(byte[] source, int from, int length) {
        ensure(length);
        System.arraycopy(source, from, bytes, size, length);
        size += length;
        return this;
    }

    PgOutput putBytes(ArrowBuf source, long from, int length) {
        ensure(length);
        source.getBytes(from, bytes, size, length);
        size += length;
        return this;
    }

    /** ASCII text. */
    PgOutput putAscii(String text) {
        ensure(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes[size++] = (byte) text.charAt(i);
        }
        return this;
    }

    /** Digits of a number that is not negative, with zeros before it up to a width. */
    PgOutput putDigits(long value, int width) {
        int digits = 1;
        for (long rest = value / 10; rest != 0; rest /= 10) {
            digits++;
        }
        int length = Math.max(digits, width);
        ensure(length);
        long rest = value;
        for (int i = size + length - 1; i >= size; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        size += length;
        return this;
    }

    /** Where the next byte goes, for {@link #setLength}. */
    int position() {
        return size;
    }

    /** Sets an int that was put at a position to the number of bytes after it. */
    void setLength(int position) {
        setInt(position, size - position - 4);
    }

    private void setInt(int at, int value) {
        bytes[at] = (byte) (value >> 24);
        bytes[at + 1] = (byte) (value >> 16);
        bytes[at + 2] = (byte) (value >> 8);
        bytes[at + 3] = (byte) value;
    }

    private void ensure(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, Math.addExact(size, more)));
        }
    }

    /** Sends what is there if it is much; between messages. */
    void flushIfMuch() throws IOException {
        if (size >= FLUSH_BYTES) {
            flush();
        }
    }

    /** Sends what is there. */
    void flush() throws IOException {
        if (size == 0) {
            return;
        }
        sendingSinceNs = Math.max(1, System.nanoTime());
        try {
            out.write(bytes, 0, size);
            out.flush();
        } catch (IOException e) {
            throw new ClientGoneException(e);
        } finally {
            sendingSinceNs = 0;
        }
        size = 0;
        if (bytes.length > 16 * FLUSH_BYTES) {
            bytes = new byte[FLUSH_BYTES + (8 << 10)];
        }
    }

    /** Whether a write has been waiting for the client for so long. */
    boolean isSending(long forNs) {
        long since = sendingSinceNs;
        return since != 0 && System.nanoTime() - since > forNs;
    }
}
