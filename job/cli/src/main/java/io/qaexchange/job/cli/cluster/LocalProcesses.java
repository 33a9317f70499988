package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.RestError;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Processes that outlive the command that started them, each with {@code <name>.pid} and {@code <name>.log} in a folder.
 *
 * <p>One thread.
 */
public final class LocalProcesses {

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);
    private static final long POLL_MS = 200;
    private static final String PID = ".pid";
    private static final String LOG_FORMAT = "QAEXCHANGE_LOG";
    private static final String JAVA = "java";
    private static final List<String> PASSED_ON = List.of("--add-opens", "--add-exports", "--enable-native-access", "--sun-misc-unsafe-memory-access");
    private static final Duration START_TOLERANCE = Duration.ofSeconds(5);
    private static final Pattern CAUSE = Pattern.compile("^(?:Caused by: |.* ERROR +\\S+: |Exception in thread .*?\" )(.*)$");

    private final Path folder;
    private final Map<String, Long> logStart = new HashMap<>();

    public LocalProcesses(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    /** The checkout that the commands belong to. */
    static Path home() {
        return given("QAEXCHANGE_HOME");
    }

    /** The folder of what was built: {@code lib}, and {@code cluster.jar} for the commands that need it. */
    static Path build() {
        return given("QAEXCHANGE_BUILD");
    }

    private static Path given(String variable) {
        String path = System.getenv(variable);
        if (path == null) {
            throw new UsageException(variable + " is not set; use the commands in bin/");
        }
        return Path.of(path);
    }

    /** Makes Flink's processes log to {@code file}, as text or as JSON; log4j takes its setting for a URI. */
    static List<String> logging(Path file) {
        String format = System.getenv().getOrDefault(LOG_FORMAT, "text");
        if (!format.equals("text") && !format.equals("json")) {
            throw new UsageException(LOG_FORMAT + "=" + format + " is neither text nor json");
        }
        String settings = "flink-conf/log4j2-cluster" + (format.equals("json") ? "-json" : "") + ".properties";
        return List.of("-Dlog.file=" + file, "-Dlog4j.configurationFile=" + home().resolve(settings).toUri());
    }

    /** The packages that Flink's own scripts open on Java 17, and the permissions that later JDKs want: passed on from this process. */
    static List<String> openPackages() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> PASSED_ON.stream().anyMatch(argument::startsWith)).toList();
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", JAVA).toString();
    }

    /**
     * Starts {@code java} with these arguments.
     *
     * @throws UsageException if it runs already
     */
    void start(String name, List<String> arguments) throws IOException {
        if (find(name).isPresent()) {
            throw new UsageException(name + " is already running as process " + find(name).get().pid() + "; its log is " + log(name));
        }
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(openPackages());
        command.addAll(logging(log(name)));
        command.addAll(arguments);
        startProgram(name, home(), command);
    }

    /**
     * Starts another program than Java.
     *
     * @param directory its working directory
     * @param command the program's path, and its arguments
     * @throws UsageException if it runs already
     */
    void startProgram(String name, Path directory, List<String> command) throws IOException {
        if (find(name).isPresent()) {
            throw new UsageException(name + " is already running as process " + find(name).get().pid() + "; its output is " + output(name));
        }
        Process process = new ProcessBuilder(command).directory(directory.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true).redirectOutput(output(name).toFile()).start();
        logStart.put(name, Files.exists(log(name)) ? Files.size(log(name)) : 0);
        Files.writeString(folder.resolve(name + PID), process.pid() + "\n" + System.currentTimeMillis() + "\n"
                + Path.of(command.get(0)).getFileName());
    }

    /** Waits until a condition holds; a process that ends meanwhile is an error. */
    void await(String name, Duration timeout, Callable<Boolean> condition) throws Exception {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        while (!condition.call()) {
            if (find(name).isEmpty()) {
                throw new IOException(name + " ended: " + cause(name) + " (more in " + log(name) + " and " + output(name) + ")");
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
        String[] lines = Files.readString(file).strip().split("\\s+");
        return ProcessHandle.of(Long.parseLong(lines[0])).filter(ProcessHandle::isAlive)
                .filter(process -> process.info().command().map(command -> command.endsWith(lines.length < 3 ? JAVA : lines[2])).orElse(true))
                .filter(process -> lines.length < 2 || startedAbout(process, Long.parseLong(lines[1])));
    }

    /** Another process may have got the number of one that has ended. */
    private static boolean startedAbout(ProcessHandle process, long startedMs) {
        return process.info().startInstant().map(start -> Math.abs(start.toEpochMilli() - startedMs) < START_TOLERANCE.toMillis()).orElse(true);
    }

    /** Why a process that was started here ended, from its log and output of this start. */
    private String cause(String name) throws IOException {
        String found = "it says no reason";
        for (Path file : List.of(output(name), log(name))) {
            if (!Files.exists(file)) {
                continue;
            }
            byte[] all = Files.readAllBytes(file);
            int from = file.equals(log(name)) ? (int) Math.min(all.length, logStart.getOrDefault(name, 0L)) : 0;
            for (String line : new String(all, from, all.length - from, StandardCharsets.UTF_8).split("\\R")) {
                Matcher cause = CAUSE.matcher(line);
                // A process that ends has closed its class loaders: what its threads miss then is not the reason.
                if (cause.matches() && !line.contains("NoClassDefFoundError") && !line.contains("ClassNotFoundException")) {
                    found = RestError.cause(cause.group(1));
                }
            }
        }
        return found;
    }

    /** Names of all that were started here. */
    public List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(PID))
                    .map(file -> file.substring(0, file.length() - PID.length())).sorted().toList();
        }
    }

    /** Stops a process, forcibly if it does not exit by itself. Does nothing if it is not running. */
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

    /** Where standard output and errors go. */
    Path output(String name) {
        return folder.resolve(name + ".out");
    }
}
