package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.cluster.JobWatch;
import io.qaexchange.job.stream.JobOption;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/submit}, and {@code bin/resume}, which names a savepoint or checkpoint first. */
@Command(name = "submit", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Submits the exchange job to the local cluster. bin/resume starts it from a savepoint or checkpoint.",
                "Ends when all tasks run and the first Flink checkpoint is complete; else it says why the job does not run."},
        footer = {"", "Options of the job may follow after --, as in: bin/submit -- --min-age \"10 min\" --archive /data/archive --kafka.security.protocol=SSL",
                "The last line of the output is the job ID.",
                "Exit code: 0 the job runs, 2 it could not be submitted or does not run."})
public final class SubmitCommand implements Callable<Integer> {

    private static final String BROKERS = "kafka.bootstrap.servers";

    @Option(names = "--from", paramLabel = "PATH|latest", description = "Savepoint or checkpoint to start from; latest: the newest in the folder.")
    private String from;
    @Option(names = "--claim", description = "Give the savepoint or checkpoint to Flink, which deletes it when the job no longer needs it. "
            + "Default: it stays where it is.")
    private boolean claim;
    @Option(names = "--no-claim", hidden = true, description = "The default.")
    private boolean noClaim;
    @Option(names = "--parallelism", description = "Parallelism. Default: 2.", defaultValue = "2")
    private int parallelism;
    @Option(names = "--backend", description = "State backend: lsm, rocksdb or hashmap.")
    private String backend;
    @Option(names = "--config", description = "YAML file with options of the job.")
    private Path config;
    @Option(names = "--wait", paramLabel = "SECONDS", defaultValue = "120",
            description = "How long to wait until the job runs and its first checkpoint is complete; 0: do not wait. Default: ${DEFAULT-VALUE}.")
    private long waitSeconds;
    @Option(names = "--dir", defaultValue = "run", description = "Folder of the cluster. Default: ${DEFAULT-VALUE}.")
    private Path folder;
    @Parameters(paramLabel = "OPTIONS", description = "Options of the job.")
    private List<String> options = List.of();

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new SubmitCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        if (claim && noClaim) {
            throw new UsageException("--claim and --no-claim exclude each other");
        }
        ClusterFolder cluster = ClusterFolder.of(folder);
        List<String> flink = new ArrayList<>(List.of("run", "-d", "-p", Integer.toString(parallelism)));
        if (from != null) {
            flink.addAll(List.of("-s", snapshot(cluster), "-claimMode", claim ? "CLAIM" : "NO_CLAIM"));
        }
        flink.add(ClusterFolder.jobJar().toString());
        flink.addAll(jobArguments(cluster, config == null ? Map.of() : JobOptions.readYaml(config)));
        FlinkRest rest = cluster.connect();
        String job = new FlinkCommand(cluster).runForJobId(flink);
        if (waitSeconds > 0) {
            new JobWatch(rest, job).awaitFirstCheckpoint(Duration.ofSeconds(waitSeconds), System.err);
        }
        System.out.println(job);
        return Tool.GOOD;
    }

    private String snapshot(ClusterFolder cluster) throws IOException {
        if (from.equals("latest")) {
            return cluster.latestSnapshot();
        }
        Path local = LocalFolders.find(from);
        if (local == null) {
            return from;
        }
        if (!Files.exists(local)) {
            throw new UsageException("there is no savepoint or checkpoint " + local + LocalFolders.hint(local));
        }
        return LocalFolders.forFlink(local);
    }

    /** The arguments of the user; then the folders and the broker of this folder, unless arguments or file name others. */
    private List<String> jobArguments(ClusterFolder cluster, Map<String, String> file) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>();
        if (isOpen(JobOptions.ARCHIVE, file)) {
            arguments.addAll(List.of("--" + JobOptions.ARCHIVE.name(), cluster.archive().toString()));
        }
        if (isOpen(JobOptions.CHECKPOINTS, file)) {
            arguments.addAll(List.of("--" + JobOptions.CHECKPOINTS.name(), cluster.checkpoints().toString()));
        }
        if (backend != null) {
            arguments.addAll(List.of("--" + JobOptions.BACKEND.name(), backend));
        }
        if (config != null) {
            arguments.addAll(List.of("--config", config.toAbsolutePath().toString()));
        }
        if (isOpen(JobOptions.BROKERS, file) && options.stream().noneMatch(option -> option.startsWith("--" + BROKERS)) && !file.containsKey(BROKERS)) {
            LocalBroker broker = LocalBroker.of(cluster.path());
            if (broker.wasStarted()) {
                arguments.addAll(List.of("--" + JobOptions.BROKERS.name(), broker.connect()));
            }
        }
        arguments.addAll(options);
        return arguments;
    }

    private boolean isOpen(JobOption<?> option, Map<String, String> file) {
        String argument = "--" + option.name();
        return !file.containsKey(option.name()) && options.stream().noneMatch(given -> given.equals(argument) || given.startsWith(argument + "="));
    }
}
