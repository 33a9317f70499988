package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.cluster.JobStatus;
import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.live.LiveReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/status}. */
@Command(name = "status", mixinStandardHelpOptions = true, sortOptions = false,
        description = "One screen: broker, cluster, jobs with their checkpoints, lag, hot and cold rows, the sum of all messages, the last failure, "
                + "and what is wrong, with what to do.",
        footer = {"", "Figures are some seconds old.", "Exit code: 0 a job runs and none fails, 1 not so, 2 it could not run."})
public final class StatusCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String CLEAR = "\u001b[H\u001b[2J";

    @Option(names = "--dir", defaultValue = "run", description = "Folder of the cluster. Default: ${DEFAULT-VALUE}.")
    private Path folder;
    @Option(names = "--watch", paramLabel = "SECONDS", arity = "0..1", fallbackValue = "2", description = "Show it again and again, until Ctrl-C.")
    private Integer watchSeconds;
    @Option(names = "--all", description = "Jobs that have ended too.")
    private boolean all;
    @Option(names = "--instruments", paramLabel = "N", arity = "0..1", fallbackValue = "20",
            description = "The N instruments with the most rows, 20 without a number: rows, hot and cold, late ones, newest event. Read from metadata, "
                    + "as of the last barrier of a Flink checkpoint.")
    private Integer instruments;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new StatusCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        if (watchSeconds != null && watchSeconds < 1) {
            throw new UsageException("--watch must be at least 1, not " + watchSeconds);
        }
        if (instruments != null && instruments < 1) {
            throw new UsageException("--instruments must be at least 1, not " + instruments);
        }
        ClusterFolder cluster = ClusterFolder.of(folder);
        while (true) {
            List<String> lines = new ArrayList<>();
            boolean good = show(cluster, lines);
            System.out.println((watchSeconds == null ? "" : System.console() == null ? "----" + System.lineSeparator() : CLEAR)
                    + String.join(System.lineSeparator(), lines));
            if (watchSeconds == null) {
                return good ? Tool.GOOD : Tool.BAD;
            }
            TimeUnit.SECONDS.sleep(watchSeconds);
        }
    }

    private boolean show(ClusterFolder cluster, List<String> lines) throws IOException, InterruptedException {
        lines.add(broker(cluster));
        FlinkRest rest = cluster.connect();
        JsonNode overview = rest.get("/overview");
        lines.add("Flink at " + rest.address() + ": " + overview.path("taskmanagers").asInt() + " TaskManagers, " + overview.path("slots-available").asInt()
                + " of " + overview.path("slots-total").asInt() + " slots free");
        int running = 0;
        boolean failing = false;
        for (JsonNode job : rest.get("/jobs/overview").path("jobs")) {
            String state = job.path("state").asText();
            boolean ended = FlinkRest.hasEnded(state);
            if (ended && !all && !state.equals("FAILED")) {
                continue;
            }
            String id = job.path("jid").asText();
            lines.add("");
            lines.add("job " + id + "  " + job.path("name").asText() + "  " + state);
            JobStatus status = JobStatus.of(rest, id);
            if (!ended) {
                running++;
                failing |= !state.equals("RUNNING") || !status.waiting().isEmpty();
                if (!status.waiting().isEmpty()) {
                    lines.add("  " + status.waiting().size() + " of its operators do not run");
                }
                status.figures().lines().forEach(line -> lines.add("  " + line));
            } else {
                failing |= state.equals("FAILED");
            }
            lines.add("  last checkpoint  " + status.checkpoints().lastText());
            lines.add("  last failure     " + (status.failure() == null ? "none" : status.failure()));
            if (!ended) {
                status.alerts().forEach(alert -> lines.add("  " + alert.severity() + ": " + alert.title() + " (" + alert.detail() + "). " + alert.action()));
                if (instruments != null) {
                    lines.add("");
                    lines.addAll(ofInstruments(cluster, id));
                }
            }
        }
        if (running == 0) {
            lines.add("");
            lines.add("no job runs (bin/submit starts one, bin/resume latest goes on with the last)");
        }
        return running > 0 && !failing;
    }

    private List<String> ofInstruments(ClusterFolder cluster, String job) throws IOException {
        try (LiveReader reader = new LiveReader(FlinkJobDirectory.of("127.0.0.1", cluster.port(), job), EndpointPool.of(new Configuration()), PATIENCE)) {
            return InstrumentLines.of(reader.statistics(), instruments, System.currentTimeMillis()).stream().map(line -> "  " + line).toList();
        } catch (JobNotRunningException e) {
            return List.of("  instruments      not known: " + e.getMessage());
        }
    }

    private static String broker(ClusterFolder cluster) throws InterruptedException {
        LocalBroker broker = LocalBroker.of(cluster.path());
        if (!broker.wasStarted()) {
            return "Kafka: none was started in " + cluster.path();
        }
        try {
            return "Kafka at " + broker.connect();
        } catch (IOException | UsageException e) {
            return "Kafka: " + e.getMessage();
        }
    }
}
