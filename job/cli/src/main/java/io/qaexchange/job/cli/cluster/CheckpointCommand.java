package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.query.cluster.FlinkRest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/checkpoint}. */
@Command(name = "checkpoint", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Takes a Flink checkpoint of a job of the local cluster now, without waiting for the interval.",
        footer = {"", "Last line: the checkpoint's path.", "Exit code: 0 good, 2 it could not run."})
public final class CheckpointCommand implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();

    @Parameters(paramLabel = "JOB", description = "Id of the job.")
    private String job;
    @Option(names = "--full", description = "A full one instead of an incremental one.")
    private boolean full;
    @Option(names = "--wait", paramLabel = "SECONDS", defaultValue = "60",
            description = "How long to wait until the job's tasks run, and then for the checkpoint. Default: ${DEFAULT-VALUE}.")
    private long waitSeconds;
    @Option(names = "--dir", defaultValue = "run", description = "Folder of the cluster. Default: ${DEFAULT-VALUE}.")
    private Path folder;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new CheckpointCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        String id = FlinkRest.jobId(job);
        FlinkRest rest = ClusterFolder.of(folder).connect();
        rest.awaitRunning(id, Duration.ofSeconds(waitSeconds));
        String path = "/jobs/" + id + "/checkpoints";
        JsonNode done;
        try {
            done = rest.await(path, null, JSON.createObjectNode().put("checkpointType", full ? "FULL" : "CONFIGURED"), Duration.ofSeconds(waitSeconds));
        } catch (IOException e) {
            throw new IOException("no checkpoint was taken: " + e.getMessage(), e);
        }
        long number = done.path("checkpointId").asLong();
        JsonNode details = rest.get(path + "/details/" + number);
        System.out.println(details.path("external_path").asText("checkpoint " + number));
        return Tool.GOOD;
    }
}
