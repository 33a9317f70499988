package io.qaexchange.analytics;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The commands in {@code bin/} as a new user runs them, on what Maven has packaged, with a broker and a cluster of their own in one folder.
 * {@link #close} ends what they started.
 */
final class Bin implements AutoCloseable {

    private static final Path ROOT = Path.of(System.getProperty("checkout", "..")).toAbsolutePath().normalize();
    private static final long TIMEOUT_SECONDS = 300;

    private final Path folder;
    private final int kafkaPort = freePorts();
    private final int restPort = freePorts();
    private final int rpcPort = freePort();
    private final List<Process> begun = new ArrayList<>();

    Bin(Path folder) throws IOException, InterruptedException {
        this.folder = Files.createDirectories(folder);
        Process kept = new ProcessBuilder("bash", "-c", "set -euo pipefail; . bin/lib/run.sh; keep_packaged").directory(ROOT.toFile()).inheritIO().start();
        if (kept.waitFor() != 0) {
            throw new IOException("what Maven packaged could not be kept for the commands");
        }
    }

    Path folder() {
        return folder;
    }

    String brokers() {
        return "127.0.0.1:" + kafkaPort;
    }

    void startKafkaAndFlink() throws IOException, InterruptedException {
        run("kafka", "start", "--dir", folder.toString(), "--port", Integer.toString(kafkaPort));
        run("cluster", "start", "--dir", folder.toString(), "--port", Integer.toString(restPort), "--rpc-port", Integer.toString(rpcPort));
    }

    /** Runs a command that must succeed; the lines that it printed. */
    List<String> run(String command, String... arguments) throws IOException, InterruptedException {
        Path out = Files.createTempFile(folder, command, ".out");
        Path err = Files.createTempFile(folder, command, ".err");
        Process process = start(command, arguments).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(command + " " + List.of(arguments) + " did not end within " + TIMEOUT_SECONDS + " s\n" + Files.readString(err));
        }
        if (process.exitValue() != 0) {
            throw new IOException(command + " " + List.of(arguments) + " ended with " + process.exitValue() + "\n" + Files.readString(out) + Files.readString(err));
        }
        return Files.readAllLines(out);
    }

    /** Starts a command that goes on until {@link #close}. */
    void begin(String command, String... arguments) throws IOException {
        begun.add(start(command, arguments).redirectErrorStream(true).redirectOutput(Files.createTempFile(folder, command, ".out").toFile()).start());
    }

    private static ProcessBuilder start(String command, String... arguments) {
        List<String> line = new ArrayList<>(List.of(ROOT.resolve("bin").resolve(command).toString()));
        line.addAll(List.of(arguments));
        return new ProcessBuilder(line).directory(ROOT.toFile());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        begun.forEach(Process::destroy);
        for (Process process : begun) {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        run("cluster", "stop", "--dir", folder.toString());
        run("kafka", "stop", "--dir", folder.toString());
    }

    /** Keeps the logs of the processes, for a failure; the folder goes with the test. */
    void keepLogs(Path target) throws IOException {
        Files.createDirectories(target);
        try (Stream<Path> files = Stream.concat(Files.list(folder), Files.list(folder.resolve("processes")))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, target.resolve(file.getFileName()), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    /** A port whose next one is free too. */
    private static int freePorts() throws IOException {
        int port = freePort();
        while (!isFree(port + 1)) {
            port = freePort();
        }
        return port;
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
