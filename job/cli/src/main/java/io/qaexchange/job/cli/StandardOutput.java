package io.qaexchange.job.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Standard output as UTF-8 whose failures end the command: a {@link PrintStream} alone goes on printing into a closed pipe or a full disk.
 *
 * <p>Thread-safe as far as the stream behind it is.
 */
public final class StandardOutput extends OutputStream {

    private final OutputStream target;

    private StandardOutput(OutputStream target) {
        this.target = target;
    }

    /** A stream to print to; a line is written when it ends. */
    public static PrintStream over(OutputStream target) {
        return new PrintStream(new StandardOutput(target), true, StandardCharsets.UTF_8);
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        try {
            target.write(bytes, offset, length);
        } catch (IOException e) {
            throw new OutputFailedException(e);
        }
    }

    @Override
    public void flush() {
        try {
            target.flush();
        } catch (IOException e) {
            throw new OutputFailedException(e);
        }
    }

    @Override
    public void close() {
        flush();
    }
}
