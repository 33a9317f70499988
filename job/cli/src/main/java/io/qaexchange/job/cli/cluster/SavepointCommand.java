package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/savepoint}. */
@Command(name = "savepoint", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Takes a savepoint of a job on the local cluster.",
        footer = {"", "The last line of the output is the path of the savepoint.", "Exit code: 0 good, 2 it could not run."})
public final class SavepointCommand implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();

    @Parameters(paramLabel = "JOB", description = "Id of the job.")
    private String job;
    @Option(names = "--format", defaultValue = "canonical", description = "native or canonical. Default: ${DEFAULT-VALUE}.")
    private String format;
    @Option(names = "--stop", description = "Stop the job after the savepoint.")
    private boolean stop;
    @Option(names = "--wait", paramLabel = "SECONDS", defaultValue = "60",
            description = "How long to wait until all tasks of the job run, for example after a submit or restart. Default: ${DEFAULT-VALUE}.")
    private long waitSeconds;
    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "600", description = "How long the savepoint may take. Default: ${DEFAULT-VALUE}.")
    private long timeoutSeconds;
    @Option(names = "--dir", defaultValue = "run", description = "Folder of the cluster. Default: ${DEFAULT-VALUE}.")
    private Path folder;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new SavepointCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        if (!List.of("native", "canonical").contains(format)) {
            throw new UsageException("--format must be native or canonical, not " + format);
        }
        String id = FlinkRest.jobId(job);
        ClusterFolder cluster = ClusterFolder.of(folder);
        FlinkRest rest = cluster.connect();
        rest.awaitRunning(id, Duration.ofSeconds(waitSeconds));
        ObjectNode body = JSON.createObjectNode().put("formatType", format.toUpperCase(Locale.ROOT));
        String target = JobOptions.folderUri(cluster.savepoints());
        String savepoints = "/jobs/" + id + "/savepoints";
        try {
            Duration timeout = Duration.ofSeconds(timeoutSeconds);
            System.out.println((stop ? rest.await("/jobs/" + id + "/stop", savepoints, body.put("targetDirectory", target).put("drain", false), timeout)
                    : rest.await(savepoints, null, body.put("target-directory", target).put("cancel-job", false), timeout)).path("location").asText());
        } catch (IOException e) {
            throw new IOException("no savepoint was taken: " + e.getMessage(), e);
        }
        return Tool.GOOD;
    }
}
