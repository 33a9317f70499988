package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/cancel}. */
@Command(name = "cancel", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Cancels a job of the local cluster, without a savepoint. Its last Flink checkpoint stays: bin/resume latest goes on from it.",
                "To stop with a savepoint: bin/savepoint JOB --stop."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
public final class CancelCommand implements Callable<Integer> {

    private static final long POLL_MS = 200;

    @Parameters(paramLabel = "JOB", description = "Id of the job.")
    private String job;
    @Option(names = "--wait", paramLabel = "SECONDS", defaultValue = "60", description = "How long to wait for its end. Default: ${DEFAULT-VALUE}.")
    private long waitSeconds;
    @Option(names = "--dir", defaultValue = "run", description = "Folder of the cluster. Default: ${DEFAULT-VALUE}.")
    private Path folder;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new CancelCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        String id = FlinkRest.jobId(job);
        FlinkRest rest = ClusterFolder.of(folder).connect();
        JsonNode before = rest.get("/jobs/" + id);
        String state = before.path("state").asText();
        if (FlinkRest.hasEnded(state) && !state.equals("CANCELLING") && !state.equals("FAILING")) {
            throw new UsageException("job " + id + " has ended already: " + state);
        }
        rest.cancel(id);
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(waitSeconds);
        while (true) {
            state = rest.get("/jobs/" + id).path("state").asText();
            if (state.equals("CANCELED") || state.equals("FINISHED") || state.equals("FAILED")) {
                System.out.println("job " + id + " is " + state);
                return Tool.GOOD;
            }
            if (System.nanoTime() > deadlineNs) {
                throw new IOException("job " + id + " is still " + state + " after " + waitSeconds + " s");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }
}
