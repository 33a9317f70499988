package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/submit}, and {@code bin/resume}, which names a savepoint or checkpoint first. */
@Command(name = "submit", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Submits the exchange job to the local cluster, from a savepoint or checkpoint if one is named (bin/resume).",
        footer = {"", "Options of the job may follow after --, as in: bin/submit -- --min-age \"10 min\" --kafka.security.protocol=SSL",
                "Last line: job ID.",
                "Exit code: 0 good, 2 it could not run."})
public final class SubmitCommand implements Callable<Integer> {

    @Option(names = "--from", paramLabel = "PATH|latest", description = "Savepoint or checkpoint to start from; latest: the newest in the folder.")
    private String from;
    @Option(names = "--no-claim", description = "Leave the savepoint or checkpoint to its owner. Default: Flink may delete it when it is no longer needed.")
    private boolean noClaim;
    @Option(names = "--parallelism", description = "Parallelism. Default: 2.", defaultValue = "2")
    private int parallelism;
    @Option(names = "--backend", description = "State backend: lsm, rocksdb or hashmap.")
    private String backend;
    @Option(names = "--config", description = "YAML file with options of the job.")
    private Path config;
    @Option(names = "--dir", defaultValue = "run", description = "Folder of the cluster. Default: ${DEFAULT-VALUE}.")
    private Path folder;
    @Parameters(paramLabel = "OPTIONS", description = "Options of the job.")
    private List<String> options = List.of();

    private static final String BROKERS = "--kafka.bootstrap.servers";

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new SubmitCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        ClusterFolder cluster = ClusterFolder.of(folder);
        List<String> flink = new ArrayList<>(List.of("run", "-d", "-p", Integer.toString(parallelism)));
        if (from != null) {
            flink.addAll(List.of("-s", from.equals("latest") ? cluster.latestSnapshot() : from, "-claimMode", noClaim ? "NO_CLAIM" : "CLAIM"));
        }
        flink.add(ClusterFolder.jobJar().toString());
        flink.addAll(List.of("--" + JobOptions.ARCHIVE.name(), cluster.archive().toString()));
        flink.addAll(List.of("--" + JobOptions.CHECKPOINTS.name(), cluster.checkpoints().toString()));
        if (backend != null) {
            flink.addAll(List.of("--" + JobOptions.BACKEND.name(), backend));
        }
        if (config != null) {
            flink.addAll(List.of("--config", config.toAbsolutePath().toString()));
        }
        flink.addAll(brokers());
        flink.addAll(options);
        new FlinkRest(cluster.port()).check();
        System.out.println(new FlinkCommand(cluster).runForJobId(flink));
        return Tool.GOOD;
    }

    /** The broker that {@code bin/kafka} runs in this folder, unless the options or their file say which. */
    private List<String> brokers() throws IOException {
        Path ready = folder.resolve(KafkaCommand.READY);
        if (config != null || options.stream().anyMatch(option -> option.startsWith(BROKERS)) || !Files.exists(ready)) {
            return List.of();
        }
        return List.of(BROKERS, Files.readString(ready).trim());
    }
}
