package io.qaexchange.s3;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/** A real S3 server, S3Proxy, as a process of its own on the loopback address: its libraries meet none of ours, and it can be killed. */
public final class S3Server implements AutoCloseable {

    private static final String IDENTITY = "test";
    private static final String SECRET = "test-secret";
    private static final long START_MS = 60_000;

    private final Path folder;
    private final int port;
    private Process process;

    private S3Server(Path folder, int port) {
        this.folder = folder;
        this.port = port;
    }

    /**
     * Starts a server with a bucket.
     *
     * @param folder for its objects
     */
    public static S3Server start(Path folder, String bucket) throws IOException, InterruptedException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Files.createDirectories(folder.resolve("objects").resolve(bucket));
        S3Server server = new S3Server(folder, port);
        server.restart();
        return server;
    }

    /** Starts the process again, with the same objects. */
    public void restart() throws IOException, InterruptedException {
        Properties properties = new Properties();
        properties.putAll(Map.of("s3proxy.endpoint", address(), "s3proxy.authorization", "aws-v2-or-v4", "s3proxy.identity", IDENTITY, "s3proxy.credential", SECRET,
                "jclouds.provider", "filesystem-nio2", "jclouds.filesystem.basedir", folder.resolve("objects").toString(), "jclouds.identity", "local",
                "jclouds.credential", "local"));
        Path file = folder.resolve("s3proxy.properties");
        try (var out = Files.newOutputStream(file)) {
            properties.store(out, null);
        }
        Path log = folder.resolve("s3proxy.log");
        process = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-jar", jar().toString(),
                "--properties", file.toString())).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MS);
        while (!answers()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("S3Proxy does not answer on " + address() + ": " + Files.readString(log));
            }
            process.waitFor(50, TimeUnit.MILLISECONDS);
        }
    }

    /** The jar that this module's build copied. */
    private static Path jar() throws IOException {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            for (String below : List.of("target/s3proxy/s3proxy.jar", "connectors/s3/target/s3proxy/s3proxy.jar")) {
                if (Files.exists(folder.resolve(below))) {
                    return folder.resolve(below);
                }
            }
        }
        throw new IOException("there is no connectors/s3/target/s3proxy/s3proxy.jar: build module connector-s3 first");
    }

    private boolean answers() throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create(address()).toURL().openConnection();
        try {
            return connection.getResponseCode() > 0;
        } catch (java.net.ConnectException e) {
            return false;
        } finally {
            connection.disconnect();
        }
    }

    /** Its address. */
    public String address() {
        return "http://127.0.0.1:" + port;
    }

    /** Its port. */
    public int port() {
        return port;
    }

    /** Where it keeps an object. */
    public Path object(String bucket, String key) {
        return folder.resolve("objects").resolve(bucket).resolve(key);
    }

    /** Environment variables of a process that uses it. */
    public Map<String, String> environment() {
        return Map.of("AWS_ACCESS_KEY_ID", IDENTITY, "AWS_SECRET_ACCESS_KEY", SECRET, "AWS_REGION", "us-east-1", "AWS_ENDPOINT_URL_S3", address());
    }

    /** Makes the clients of this process use a server, or a wire in front of it. */
    public static void use(String address) {
        System.setProperty("aws.accessKeyId", IDENTITY);
        System.setProperty("aws.secretAccessKey", SECRET);
        System.setProperty("aws.region", "us-east-1");
        System.setProperty("aws.endpointUrlS3", address);
    }

    /** Ends {@link #use}. */
    public static void useNone() {
        List.of("aws.accessKeyId", "aws.secretAccessKey", "aws.region", "aws.endpointUrlS3").forEach(System::clearProperty);
    }

    /** Kills the process. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }

    /** Settings of Flink's S3 file system for this server. Its checksums in trailers are off, which the server does not know. */
    public Configuration flinkConfiguration() {
        Configuration flink = new Configuration();
        flink.setString("s3.endpoint", address());
        flink.setString("s3.path-style-access", "true");
        flink.setString("s3.access-key", environment().get("AWS_ACCESS_KEY_ID"));
        flink.setString("s3.secret-key", environment().get("AWS_SECRET_ACCESS_KEY"));
        flink.setString("s3.region", "us-east-1");
        flink.setString("s3.chunked-encoding.enabled", "false");
        flink.setString("s3.checksum-validation.enabled", "false");
        return flink;
    }
}
