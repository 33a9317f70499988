package io.qaexchange.job.query.export;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** A stream that is flushed instead of closed, for libraries that close what they write to. */
public final class Unclosed extends FilterOutputStream {

    /** That stream, not to be closed. */
    public Unclosed(OutputStream out) {
        super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
        flush();
    }
}
