package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.broker.FreePorts;
import io.qaexchange.job.cli.cluster.LocalProcesses;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.annotation.Nullable;

/**
 * The commands in {@code bin/}, run as a user runs them: as processes, on what Maven packaged. Everything lies in one folder; a broker and
 * a cluster that were started are ended by {@link #close()}.
 */
final class Commands implements AutoCloseable {

    private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
    private static final long TIMEOUT_SECONDS = 240;
    /** The build's options of compilers for this JVM; the processes of a test end before the second compiler's work pays. */
    private static final String COMPILER = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(option -> option.startsWith("-XX:TieredStopAtLevel") || option.startsWith("-XX:ReservedCodeCacheSize")).collect(Collectors.joining(" "));

    private final Path folder;
    private final int kafkaPort;
    private final int restPort = freePorts();
    private final int rpcPort = freePort();
    private final int zooKeeperPort = freePort();
    private final Map<String, String> environment = new HashMap<>();
    private Path root = ROOT;

    Commands(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.kafkaPort = freePorts();
        // Java's launcher reads it: in the commands and in what they start.
        if (!COMPILER.isEmpty()) {
            environment.put("JDK_JAVA_OPTIONS", COMPILER);
        }
        keepPackaged();
    }

    /** The commands build what is missing; here Maven has just packaged it. */
    private static void keepPackaged() throws IOException {
        Process process = new ProcessBuilder("bash", "-c", "set -euo pipefail; . bin/lib/run.sh; keep_packaged").directory(ROOT.toFile()).inheritIO().start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException("what Maven packaged could not be kept for the commands");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    String brokers() {
        return "127.0.0.1:" + kafkaPort;
    }

    Path folder() {
        return folder;
    }

    /** Runs the commands of another checkout from now on, which must be built; null for this one. */
    void use(@Nullable Path checkout) {
        root = checkout == null ? ROOT : checkout;
    }

    /** Sets an environment variable of commands, and of the processes that they start, from now on. */
    void set(String variable, String value) {
        environment.put(variable, value);
    }

    void startKafka() throws Exception {
        run("kafka", "start", "--dir", folder.toString(), "--port", Integer.toString(kafkaPort));
    }

    /** Starts what of the cluster does not run. */
    void startCluster() throws Exception {
        run("cluster", "start", "--dir", folder.toString(), "--port", Integer.toString(restPort), "--rpc-port", Integer.toString(rpcPort));
    }

    /** As {@link #startCluster}, with a ZooKeeper and two JobManagers. */
    void startClusterWithTwoJobManagers() throws Exception {
        run("cluster", "start", "--dir", folder.toString(), "--port", Integer.toString(restPort), "--rpc-port", Integer.toString(rpcPort), "--ha", "zookeeper",
                "--zookeeper-port", Integer.toString(zooKeeperPort));
    }

    /**
     * Runs a command of {@code bin/} that must succeed.
     *
     * @return its last line on standard output
     */
    String run(String command, String... arguments) throws Exception {
        List<String> line = new ArrayList<>(List.of(root.resolve("bin").resolve(command).toString()));
        line.addAll(List.of(arguments));
        Path out = Files.createTempFile(folder, command, ".out");
        Path err = Files.createTempFile(folder, command, ".err");
        ProcessBuilder builder = new ProcessBuilder(line).directory(root.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(line + " did not end within " + TIMEOUT_SECONDS + " s\n" + Files.readString(err));
        }
        if (process.exitValue() != 0) {
            throw new IOException(line + " ended with " + process.exitValue() + "\n" + Files.readString(out) + Files.readString(err));
        }
        List<String> lines = Files.readAllLines(out);
        return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    }

    /** Starts a command that goes on until it is stopped. */
    Process begin(String command, String... arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of(root.resolve("bin").resolve(command).toString()));
        line.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(line).directory(root.toFile()).redirectErrorStream(true)
                .redirectOutput(Files.createTempFile(folder, command, ".out").toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Starts Prometheus on the processes of the folder, with these alerts. */
    String startMonitor(Path rules) throws Exception {
        return run("monitor", "start", "--dir", folder.toString(), "--port", Integer.toString(freePort()), "--interval", "2", "--rules", rules.toString());
    }

    /** Asks the server of the folder; before it runs, nobody. */
    void get(String path) throws IOException, InterruptedException {
        ask("GET", path);
    }

    /** As {@link #get}, with any method and these headers, name and value in turn. */
    void ask(String method, String path, String... headers) throws IOException, InterruptedException {
        Path target = folder.resolve("monitor/targets/server.json");
        if (Files.exists(target)) {
            String address = new ObjectMapper().readTree(target.toFile()).path(0).path("targets").path(0).asText();
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://" + address + path)).method(method, HttpRequest.BodyPublishers.noBody());
            if (headers.length > 0) {
                request.headers(headers);
            }
            HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.discarding());
        }
    }

    /** Lines of the logs of all processes of the folder, but for one that is being written. */
    List<String> logs() throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.resolve("processes"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".log")).toList()) {
                String text = Files.readString(file);
                text.substring(0, text.lastIndexOf('\n') + 1).lines().forEach(lines::add);
            }
        }
        return lines;
    }

    /** Ends a process with SIGKILL and waits until it is gone. */
    void kill(String process) throws Exception {
        ProcessHandle handle = new LocalProcesses(folder.resolve("processes")).find(process)
                .orElseThrow(() -> new IOException(process + " does not run"));
        handle.destroyForcibly();
        handle.onExit().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /** Explains a failure before the folder goes: the jobs' states and exceptions. Logs are kept, and the answer says where. */
    String explain(String job) throws IOException, InterruptedException {
        Path kept = Files.createDirectories(ROOT.resolve("job/cli/target/killed-processes"));
        try (Stream<Path> files = Files.list(folder.resolve("processes"))) {
            for (Path file : files.toList()) {
                Files.copy(file, kept.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        FlinkRest rest = new FlinkRest(restPort);
        StringBuilder text = new StringBuilder("logs are in " + kept);
        for (String path : List.of("/overview", "/jobs/overview", "/jobs/" + job + "/exceptions")) {
            text.append('\n').append(path).append(": ");
            try {
                text.append(rest.get(path));
            } catch (IOException | UsageException e) {
                text.append(e.getMessage());
            }
        }
        return text.toString();
    }

    @Override
    public void close() throws Exception {
        LocalProcesses processes = new LocalProcesses(folder.resolve("processes"));
        for (String name : processes.names()) {
            if (processes.find(name).isPresent()) {
                kill(name);
            }
        }
        try (Stream<Path> beside = Files.list(folder.getParent())) {
            assertThat(beside.filter(Files::isDirectory)).as("folders beside that of the cluster: some program split or escaped its path").containsExactly(folder);
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

    private static int freePort() throws IOException {
        return FreePorts.find(1).get(0);
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
