package io.qaexchange.job.server.pg;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import javax.annotation.Nullable;

/** Reads messages of a client. One thread. */
final class PgInput {

    /** Type of the first message, which has none. */
    static final char START_UP = 0;

    private static final int MAX_START_UP_BYTES = 10_000;

    private final InputStream in;
    private final int maxBytes;

    PgInput(InputStream in, int maxBytes) {
        this.in = in;
        this.maxBytes = maxBytes;
    }

    /**
     * A message of a client; its body is read from the front.
     *
     * @param type its letter
     */
    record Message(char type, ByteBuffer body) {

        int getByte() throws PgException {
            need(1);
            return body.get() & 0xff;
        }

        int getShort() throws PgException {
            need(2);
            return body.getShort();
        }

        /** A number of things, each of at least some bytes, so that no message makes us allocate more than its size. */
        int getCount(int bytesOfEach) throws PgException {
            int count = getShort() & 0xffff;
            need(count * bytesOfEach);
            return count;
        }

        int getInt() throws PgException {
            need(4);
            return body.getInt();
        }

        String getString() throws PgException {
            for (int end = body.position(); end < body.limit(); end++) {
                if (body.get(end) == 0) {
                    String text = text(body.slice(body.position(), end - body.position()));
                    body.position(end + 1);
                    return text;
                }
            }
            throw PgException.protocol("a text in message " + name() + " has no end");
        }

        /** A value: its length and bytes; null for NULL. */
        @Nullable
        byte[] getValue() throws PgException {
            int length = getInt();
            if (length == -1) {
                return null;
            }
            if (length < 0) {
                throw PgException.protocol("a value in message " + name() + " has length " + length);
            }
            need(length);
            byte[] value = new byte[length];
            body.get(value);
            return value;
        }

        byte[] getRest() {
            byte[] rest = new byte[body.remaining()];
            body.get(rest);
            return rest;
        }

        void end() throws PgException {
            if (body.hasRemaining()) {
                throw PgException.protocol("message " + name() + " has " + body.remaining() + " bytes too many");
            }
        }

        private void need(int bytes) throws PgException {
            if (body.remaining() < bytes) {
                throw PgException.protocol("message " + name() + " is too short");
            }
        }

        private String name() {
            return type == START_UP ? "of start-up" : type > ' ' && type < 127 ? "\"" + type + "\"" : "0x" + Integer.toHexString(type);
        }
    }

    static String text(ByteBuffer utf8) throws PgException {
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(utf8);
            return text.toString();
        } catch (CharacterCodingException e) {
            throw new PgException(SqlState.BAD_ENCODING, "a text of the client is not UTF-8");
        }
    }

    /** The first message, or a request for encryption or to cancel, which look the same. */
    Message readStartUp() throws IOException, PgException {
        return new Message(START_UP, readBody(in.read(), "of start-up", 8, MAX_START_UP_BYTES));
    }

    /** The next message; null if the client has closed the connection between messages. */
    @Nullable
    Message read() throws IOException, PgException {
        int type = in.read();
        if (type < 0) {
            return null;
        }
        return new Message((char) type, readBody(in.read(), "0x" + Integer.toHexString(type), 4, maxBytes));
    }

    private ByteBuffer readBody(int first, String name, int least, int most) throws IOException, PgException {
        byte[] rest = in.readNBytes(3);
        if (first < 0 || rest.length < 3) {
            throw new EOFException("the client left within a message");
        }
        int length = first << 24 | (rest[0] & 0xff) << 16 | (rest[1] & 0xff) << 8 | rest[2] & 0xff;
        if (length < least || length > most) {
            throw PgException.protocol("message " + name + " names a length of " + length + " bytes; from " + least + " to " + most + " can be");
        }
        // Grows with what arrives: a length alone makes nobody allocate.
        byte[] body = in.readNBytes(length - 4);
        if (body.length < length - 4) {
            throw new EOFException("the client left within a message");
        }
        return ByteBuffer.wrap(body);
    }
}
