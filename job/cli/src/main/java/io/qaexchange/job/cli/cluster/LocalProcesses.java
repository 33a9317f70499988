package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Java processes that outlive the command that started them, each with {@code <name>.pid} and {@code <name>.log} in a folder.
 *
 * <p>One thread.
 */
public final class LocalProcesses {

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);
    private static final long POLL_MS = 200;
    private static final String PID = ".pid";

    private final Path folder;

    public LocalProcesses(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    /** The checkout that the commands belong to. */
    static Path home() {
        String home = System.getenv("QAEXCHANGE_HOME");
        if (home == null) {
            throw new UsageException("QAEXCHANGE_HOME is not set; use the commands in bin/");
        }
        return Path.of(home);
    }

    /** What Flink's own scripts open on Java 17: passed on from this process. */
    static List<String> openPackages() {
        return java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens")).toList();
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /**
     * Starts {@code java} with these arguments.
     *
     * @throws UsageException if it runs already
     */
    void start(String name, List<String> arguments) throws IOException {
        if (find(name).isPresent()) {
            throw new UsageException(name + " runs already, process " + find(name).get().pid() + "; its log is " + log(name));
        }
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(openPackages());
        command.add("-Dlog.file=" + log(name));
        command.add("-Dlog4j.configurationFile=" + home().resolve("flink-conf/log4j2-cluster.properties"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).directory(home().toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true).redirectOutput(folder.resolve(name + ".out").toFile()).start();
        Files.writeString(folder.resolve(name + PID), Long.toString(process.pid()));
    }

    /** Waits until a condition holds; a process that ends meanwhile is an error. */
    void await(String name, Duration timeout, Callable<Boolean> condition) throws Exception {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        while (!condition.call()) {
            if (find(name).isEmpty()) {
                throw new IOException(name + " ended; see " + log(name) + " and " + folder.resolve(name + ".out"));
            }
            if (System.nanoTime() > deadlineNs) {
                throw new TimeoutException(name + " was not ready after " + timeout.toSeconds() + " s; see " + log(name));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }

    /** The running process of that name. */
    public Optional<ProcessHandle> find(String name) throws IOException {
        Path file = folder.resolve(name + PID);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        long pid = Long.parseLong(Files.readString(file).strip());
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive)
                .filter(process -> process.info().command().map(command -> command.endsWith("java")).orElse(true));
    }

    /** Names of all that were started here. */
    public List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(PID))
                    .map(file -> file.substring(0, file.length() - PID.length())).sorted().toList();
        }
    }

    /** Ends a process, by force if it does not end by itself; nothing happens if it does not run. */
    void stop(String name) throws IOException, InterruptedException {
        Optional<ProcessHandle> process = find(name);
        if (process.isPresent()) {
            process.get().destroy();
            try {
                process.get().onExit().get(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                process.get().destroyForcibly();
            } catch (ExecutionException e) {
                throw new IOException("waiting for " + name + " failed", e);
            }
        }
        Files.deleteIfExists(folder.resolve(name + PID));
    }

    Path log(String name) {
        return folder.resolve(name + ".log");
    }
}
