package io.qaexchange.s3;

import java.io.FilterInputStream;
import java.io.IOException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** The bytes of an object. A connection that breaks is an exception that names the object, and an answer that ends early is one too. */
final class ObjectStream extends FilterInputStream {

    private final String name;
    private final long length;
    private long read;

    ObjectStream(ResponseInputStream<GetObjectResponse> in, String name) {
        super(in);
        this.name = name;
        this.length = in.response().contentLength();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        int n = read(one, 0, 1);
        return n < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
        int n;
        try {
            n = in.read(bytes, offset, count);
        } catch (IOException | SdkException e) {
            throw new IOException("object " + name + " could not be read behind byte " + read + " of " + length + ": " + e.getMessage(), e);
        }
        if (n < 0 && read < length) {
            throw new IOException("object " + name + " ended at byte " + read + " of " + length);
        }
        read += Math.max(n, 0);
        return n;
    }

    @Override
    public void close() throws IOException {
        if (read < length) {
            // Else the rest would be read.
            ((ResponseInputStream<?>) in).abort();
        }
        super.close();
    }
}
