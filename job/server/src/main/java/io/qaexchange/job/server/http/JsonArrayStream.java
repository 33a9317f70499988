package io.qaexchange.job.server.http;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Turns lines of JSON into one array of them, while they pass; closing it ends the array. One thread. */
final class JsonArrayStream extends FilterOutputStream {

    private boolean begun;
    private boolean lineOpen;

    JsonArrayStream(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int from = offset;
        for (int i = offset; i < offset + length; i++) {
            if (bytes[i] == '\n') {
                part(bytes, from, i - from);
                lineOpen = false;
                from = i + 1;
            }
        }
        part(bytes, from, offset + length - from);
    }

    private void part(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return;
        }
        if (!lineOpen) {
            out.write(begun ? ",\n".getBytes(StandardCharsets.US_ASCII) : new byte[] {'['});
            begun = true;
            lineOpen = true;
        }
        out.write(bytes, offset, length);
    }

    /** Ends the array, and the stream below. */
    @Override
    public void close() throws IOException {
        out.write((begun ? "]\n" : "[]\n").getBytes(StandardCharsets.US_ASCII));
        out.close();
    }
}
