package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/cluster}. */
@Command(name = "cluster", mixinStandardHelpOptions = true, sortOptions = false,
        description = "A Flink cluster on this machine: a JobManager and TaskManagers as processes of their own, configured by flink-conf/.",
        footer = {"", "Exit code: 0 good, 1 status: not all of it runs, 2 it could not run."})
public final class ClusterCommand implements Callable<Integer> {

    private static final String JOB_MANAGER = "jobmanager";
    private static final String TASK_MANAGER = "taskmanager-";
    private static final Duration START_TIMEOUT = Duration.ofSeconds(90);

    @Parameters(paramLabel = "start|stop|status", description = "What to do.")
    private String action;
    @Option(names = "--taskmanagers", defaultValue = "2", description = "TaskManagers to start. Default: ${DEFAULT-VALUE}.")
    private int taskManagers;
    @Option(names = "--slots", defaultValue = "2", description = "Slots of each. Default: ${DEFAULT-VALUE}.")
    private int slots;
    @Option(names = "--dir", defaultValue = "run", description = "Folder for everything. Default: ${DEFAULT-VALUE}.")
    private Path folder;
    @Option(names = "--port", defaultValue = "8081", description = "Port of the web UI and REST. Default: ${DEFAULT-VALUE}.")
    private int port;
    @Option(names = "--rpc-port", defaultValue = "6123", description = "Port between JobManager and TaskManagers. Default: ${DEFAULT-VALUE}.")
    private int rpcPort;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new ClusterCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        ClusterFolder cluster = ClusterFolder.of(folder);
        LocalProcesses processes = new LocalProcesses(cluster.path().resolve("processes"));
        return switch (action) {
            case "start" -> start(cluster, processes);
            case "stop" -> {
                for (String name : processes.names()) {
                    if (name.equals(JOB_MANAGER) || name.startsWith(TASK_MANAGER)) {
                        processes.stop(name);
                    }
                }
                yield Tool.GOOD;
            }
            case "status" -> status(cluster, processes);
            default -> throw new UsageException("say start, stop or status, not " + action);
        };
    }

    private int start(ClusterFolder cluster, LocalProcesses processes) throws Exception {
        cluster.savePort(port);
        List<String> dynamic = dynamicOptions(cluster);
        if (processes.find(JOB_MANAGER).isEmpty()) {
            List<String> jobManager = new ArrayList<>(List.of("-Xmx768m", "-cp", ClusterFolder.flinkClassPath(),
                    "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir",
                    LocalProcesses.home().resolve("flink-conf").toString()));
            jobManager.addAll(dynamic);
            processes.start(JOB_MANAGER, jobManager);
        }
        int started = 0;
        for (int i = 1; i <= taskManagers; i++) {
            String name = TASK_MANAGER + i;
            if (processes.find(name).isPresent()) {
                continue;
            }
            List<String> taskManager = new ArrayList<>(List.of("-Xmx1152m", "-XX:MaxDirectMemorySize=384m", "-XX:MaxMetaspaceSize=256m",
                    "-cp", ClusterFolder.flinkClassPath(), "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "--configDir",
                    LocalProcesses.home().resolve("flink-conf").toString(), "-D", "taskmanager.resource-id=" + name));
            taskManager.addAll(dynamic);
            processes.start(name, taskManager);
            started++;
        }
        FlinkRest rest = new FlinkRest(port);
        processes.await(JOB_MANAGER, START_TIMEOUT, () -> rest.taskManagers() >= taskManagers);
        System.err.println("started " + started + " TaskManagers, " + rest.taskManagers() + " are registered");
        System.out.println(rest.address());
        return Tool.GOOD;
    }

    private List<String> dynamicOptions(ClusterFolder cluster) throws IOException {
        List<String> options = new ArrayList<>();
        for (String option : List.of("rest.port=" + port, "rest.bind-port=" + port, "jobmanager.rpc.port=" + rpcPort,
                "taskmanager.numberOfTaskSlots=" + slots,
                "io.tmp.dirs=" + Files.createDirectories(cluster.path().resolve("tmp")),
                // With the same name, a TaskManager that is started again finds its local copies of state.
                "process.taskmanager.working-dir=" + Files.createDirectories(cluster.path().resolve("work")),
                "web.upload.dir=" + Files.createDirectories(cluster.path().resolve("upload")),
                "execution.checkpointing.dir=" + cluster.checkpoints().toUri(),
                "execution.checkpointing.savepoint-dir=" + cluster.savepoints().toUri())) {
            options.add("-D");
            options.add(option);
        }
        return options;
    }

    private static int status(ClusterFolder cluster, LocalProcesses processes) throws Exception {
        if (processes.names().isEmpty()) {
            System.out.println("does not run");
            return Tool.BAD;
        }
        boolean complete = processes.find(JOB_MANAGER).isPresent();
        for (String name : processes.names()) {
            boolean runs = processes.find(name).isPresent();
            complete &= runs;
            System.out.println(name + (runs ? " runs, process " + processes.find(name).get().pid() : " does not run"));
        }
        if (processes.find(JOB_MANAGER).isPresent()) {
            FlinkRest rest = new FlinkRest(cluster.port());
            System.out.println(rest.address() + ", " + rest.taskManagers() + " TaskManagers registered");
            for (JsonNode job : rest.get("/jobs/overview").path("jobs")) {
                System.out.println("job " + job.path("jid").asText() + " " + job.path("name").asText() + " " + job.path("state").asText());
            }
        }
        return complete ? Tool.GOOD : Tool.BAD;
    }
}
