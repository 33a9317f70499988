package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/monitor}: a Prometheus on this machine that watches the processes of a folder. */
@Command(name = "monitor", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Starts, stops or shows a Prometheus on 127.0.0.1 that collects the metrics of the cluster, server or demo of a folder and evaluates "
                + "the alerts of flink-conf/prometheus/alerts.yml.",
                "Prometheus must be installed; Debian and Ubuntu have the package prometheus. Its data, log and configuration are in DIR/monitor."},
        footer = {"", "Exit code: 0 success; 1 (status) Prometheus is not running; 2 the command could not run."})
public final class MonitorCommand implements Callable<Integer> {

    private static final String NAME = "prometheus";
    private static final String RULES = "alerts.yml";
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    @Parameters(paramLabel = "start|stop|status", description = "The action.")
    private String action;
    @Option(names = "--dir", defaultValue = "run", description = "Folder of the cluster or demo to watch. Default: ${DEFAULT-VALUE}.")
    private Path folder;
    @Option(names = "--port", defaultValue = "9090", description = "Port of Prometheus. Default: ${DEFAULT-VALUE}.")
    private int port;
    @Option(names = "--interval", paramLabel = "SECONDS", defaultValue = "5",
            description = "How often metrics are collected and alerts evaluated. Default: ${DEFAULT-VALUE}.")
    private int intervalSeconds;
    @Option(names = "--rules", paramLabel = "FILE", description = "Alerts with thresholds of your own. Default: flink-conf/prometheus/alerts.yml.")
    private Path ownRules;
    @Option(names = "--keep", paramLabel = "DAYS", defaultValue = "15", description = "How long metrics are kept. Default: ${DEFAULT-VALUE}.")
    private int keepDays;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new MonitorCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        Path target = folder.toAbsolutePath().normalize();
        if (!Files.isDirectory(target)) {
            throw new UsageException("there is no folder " + target + ". Start a cluster first: bin/cluster start --dir " + Tool.shellWord(folder));
        }
        LocalProcesses processes = new LocalProcesses(target.resolve("processes"));
        switch (action) {
            case "start" -> start(target, processes);
            case "stop" -> processes.stop(NAME);
            case "status" -> {
                if (processes.find(NAME).isEmpty()) {
                    System.out.println("does not run");
                    return Tool.BAD;
                }
                System.out.println("runs, process " + processes.find(NAME).get().pid() + ", output " + processes.output(NAME));
            }
            default -> throw new UsageException("the action must be start, stop or status, not " + action);
        }
        return Tool.GOOD;
    }

    private void start(Path target, LocalProcesses processes) throws Exception {
        if (intervalSeconds < 1 || keepDays < 1) {
            throw new UsageException("--interval and --keep must be at least 1");
        }
        Path program = find(NAME);
        if (processes.find(NAME).isEmpty()) {
            Ports.checkFree(Map.of("--port", port));
        }
        Path monitor = Files.createDirectories(target.resolve("monitor"));
        Files.createDirectories(MetricsTargets.of(target).folder());
        Path rules = ownRules == null ? LocalProcesses.home().resolve("flink-conf/prometheus").resolve(RULES) : ownRules;
        if (!Files.isReadable(rules)) {
            throw new UsageException("file " + rules + " with alerts cannot be read");
        }
        Files.copy(rules, monitor.resolve(RULES), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(monitor.resolve("prometheus.yml"), configuration());
        // Relative names only: Prometheus takes the names of files for patterns, and the folder may be called anything.
        processes.startProgram(NAME, monitor, List.of(program.toString(), "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                "--storage.tsdb.retention.time=" + keepDays + "d", "--web.listen-address=127.0.0.1:" + port));
        String url = "http://127.0.0.1:" + port;
        processes.await(NAME, START_TIMEOUT, () -> isReady(url));
        System.out.println(url);
    }

    private String configuration() {
        return """
                # Written by bin/monitor start; the next start writes it again.
                global:
                  scrape_interval: %ds
                  evaluation_interval: %ds
                rule_files: [%s]
                scrape_configs:
                  - job_name: qaexchange
                    # Targets are processes of this machine; a server's certificate names its public host.
                    tls_config: {insecure_skip_verify: true}
                    file_sd_configs:
                      - files: [targets/*.json]
                        refresh_interval: %ds
                """.formatted(intervalSeconds, intervalSeconds, RULES, intervalSeconds);
    }

    private static Path find(String program) {
        for (String place : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            Path candidate = Path.of(place).resolve(program);
            if (Files.isExecutable(candidate) && Files.isRegularFile(candidate)) {
                return candidate;
            }
        }
        throw new UsageException("no program " + program + " was found on the PATH. Install it (Debian and Ubuntu: apt-get install prometheus), or let "
                + "your own Prometheus read DIR/monitor/targets/*.json; docs/operations.md says how");
    }

    private static boolean isReady(String url) throws InterruptedException {
        try {
            return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url + "/-/ready")).build(),
                    HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }
}
