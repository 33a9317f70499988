package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/savepoint}. */
@Command(name = "savepoint", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Takes a savepoint of a job of the local cluster.",
        footer = {"", "Last line: the savepoint's path.", "Exit code: 0 good, 2 it could not run."})
public final class SavepointCommand implements Callable<Integer> {

    @Parameters(paramLabel = "JOB", description = "Id of the job.")
    private String job;
    @Option(names = "--format", defaultValue = "canonical", description = "native or canonical. Default: ${DEFAULT-VALUE}.")
    private String format;
    @Option(names = "--stop", description = "Stop the job with it.")
    private boolean stop;
    @Option(names = "--wait", paramLabel = "SECONDS", defaultValue = "60",
            description = "How long to wait until the job's tasks run, as after a submit or a restart. Default: ${DEFAULT-VALUE}.")
    private long waitSeconds;
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
        ClusterFolder cluster = ClusterFolder.of(folder);
        new FlinkRest(cluster.port()).awaitRunning(job, Duration.ofSeconds(waitSeconds));
        String target = cluster.savepoints().toUri().toString();
        List<String> flink = new ArrayList<>(stop ? List.of("stop", "--savepointPath", target, "--type", format, job)
                : List.of("savepoint", "--type", format, job, target));
        System.out.println(new FlinkCommand(cluster).runForSavepoint(flink));
        return Tool.GOOD;
    }
}
