package io.qaexchange.s3;

import io.qaexchange.archive.objects.ObjectStore;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * A prefix of an S3 bucket. Objects are put with {@code If-None-Match: *}, so of two writers one wins and no object is ever overwritten.
 *
 * <p>Credentials, region and address are those of Amazon's SDK: environment variables ({@code AWS_ACCESS_KEY_ID}, {@code AWS_REGION},
 * {@code AWS_ENDPOINT_URL_S3}, …), system properties, the files in {@code ~/.aws}, or the machine's role. With an address of its own a server is spoken to
 * by paths, {@code http://host/bucket/key}, as servers other than Amazon's expect.
 *
 * <p>Thread-safe.
 */
final class S3Store implements ObjectStore {

    private static final Logger LOG = LoggerFactory.getLogger(S3Store.class);
    private static final int PRECONDITION_FAILED = 412;
    private static final int CONFLICT = 409;
    private static final int NOT_FOUND = 404;
    /** S3 takes no more in one put. */
    private static final long MOST_BYTES = 5L << 30;
    private static final int PUT_ATTEMPTS = 5;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(60);

    private final String uri;
    private final String bucket;
    private final String prefix;
    private final S3Client client;

    private S3Store(String uri, String bucket, String prefix, S3Client client) {
        this.uri = uri;
        this.bucket = bucket;
        this.prefix = prefix;
        this.client = client;
    }

    static S3Store open(URI uri) {
        if (uri.getHost() == null && uri.getAuthority() == null) {
            throw new IllegalArgumentException(uri + " names no bucket: s3://bucket/prefix");
        }
        String path = uri.getPath() == null ? "" : uri.getPath().replaceAll("^/+|/+$", "");
        S3ClientBuilder builder = S3Client.builder()
                .httpClientBuilder(UrlConnectionHttpClient.builder().connectionTimeout(CONNECT_TIMEOUT).socketTimeout(SOCKET_TIMEOUT))
                // Checksums in trailers are not understood by every server; the archive reads back and compares SHA-256 itself.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
        if (hasOwnAddress()) {
            builder.forcePathStyle(true);
        }
        try {
            return new S3Store(uri.toString(), uri.getAuthority(), path.isEmpty() ? "" : path + "/", builder.build());
        } catch (SdkException e) {
            throw new IllegalArgumentException(uri + " cannot be opened: " + e.getMessage() + ". Set AWS_REGION, or AWS_ENDPOINT_URL_S3 with AWS_REGION for a"
                    + " server of your own", e);
        }
    }

    private static boolean hasOwnAddress() {
        return System.getProperty("aws.endpointUrlS3", System.getProperty("aws.endpointUrl")) != null || System.getenv("AWS_ENDPOINT_URL_S3") != null
                || System.getenv("AWS_ENDPOINT_URL") != null;
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public boolean putIfAbsent(String key, Path file) throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException("file " + file + " has " + Files.size(file) + " bytes; S3 takes at most " + MOST_BYTES + " in one object");
        }
        for (int attempt = 1;; attempt++) {
            try {
                call(() -> client.putObject(request -> request.bucket(bucket).key(prefix + key).ifNoneMatch("*"), RequestBody.fromFile(file)));
                return true;
            } catch (S3Exception e) {
                if (e.statusCode() == PRECONDITION_FAILED) {
                    return false;
                }
                // Another put of this name is on its way (Amazon answers so): whoever repeats finds the object or may put it.
                if (e.statusCode() != CONFLICT || attempt == PUT_ATTEMPTS) {
                    throw failure(key, "could not be written", e);
                }
            } catch (SdkException e) {
                throw failure(key, "could not be written", e);
            }
        }
    }

    @Override
    public long length(String key) throws IOException {
        try {
            return call(() -> client.headObject(request -> request.bucket(bucket).key(prefix + key))).contentLength();
        } catch (NoSuchKeyException e) {
            requireBucket(key);
            return -1;
        } catch (S3Exception e) {
            if (e.statusCode() == NOT_FOUND) {
                requireBucket(key);
                return -1;
            }
            throw failure(key, "could not be looked up", e);
        } catch (SdkException e) {
            throw failure(key, "could not be looked up", e);
        }
    }

    /** The answer to a HEAD does not tell a missing object from a missing bucket. */
    private void requireBucket(String key) throws IOException {
        try {
            call(() -> client.headBucket(request -> request.bucket(bucket)));
        } catch (S3Exception e) {
            if (e.statusCode() == NOT_FOUND) {
                throw new IOException("object " + uri + "/" + key + " cannot be reached: there is no bucket " + bucket + ". Create it, or correct the URI", e);
            }
            throw failure(key, "could not be looked up", e);
        } catch (SdkException e) {
            throw failure(key, "could not be looked up", e);
        }
    }

    @Override
    public InputStream open(String key) throws IOException {
        try {
            return new ObjectStream(call(() -> client.getObject(request -> request.bucket(bucket).key(prefix + key))), uri + "/" + key);
        } catch (NoSuchKeyException e) {
            throw (FileNotFoundException) new FileNotFoundException("object " + uri + "/" + key + " does not exist").initCause(e);
        } catch (SdkException e) {
            throw failure(key, "could not be read", e);
        }
    }

    @Override
    public void delete(String key) throws IOException {
        try {
            call(() -> client.deleteObject(request -> request.bucket(bucket).key(prefix + key)));
        } catch (SdkException e) {
            throw failure(key, "could not be deleted", e);
        }
    }

    /**
     * Makes a call; once more if its connection broke. The JDK keeps up to five connections, and after a restart of the server all of them are dead: more
     * than the four that the SDK tries.
     */
    private static <T> T call(Supplier<T> request) {
        try {
            return request.get();
        } catch (SdkClientException e) {
            if (isBroken(e.getCause())) {
                LOG.info("a connection broke; trying once more", e);
                return request.get();
            }
            throw e;
        }
    }

    /** Whether a connection stood and broke. The JDK says so in many ways: a reset, an end inside the answer, an error while the body was written. */
    private static boolean isBroken(Throwable cause) {
        boolean neverStood = cause instanceof ConnectException || cause instanceof UnknownHostException;
        return cause instanceof IOException && !neverStood && !(cause instanceof SocketTimeoutException) && !(cause instanceof SSLException);
    }

    private IOException failure(String key, String what, SdkException cause) {
        String status = cause instanceof S3Exception s3 && s3.statusCode() > 0 ? "HTTP status " + s3.statusCode() + ", " : "";
        return new IOException("object " + uri + "/" + key + " " + what + ": " + status + cause.getMessage(), cause);
    }

    @Override
    public void close() {
        client.close();
    }
}
