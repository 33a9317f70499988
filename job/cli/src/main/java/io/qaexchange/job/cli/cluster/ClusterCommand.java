package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.cluster.JobStatus;
import io.qaexchange.job.query.cluster.JobWatch;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.flink.util.FileUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/cluster}. */
@Command(name = "cluster", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Runs a Flink cluster on this machine: a JobManager and TaskManagers as separate processes, configured by flink-conf/.",
        footer = {"", "Exit code: 0 success; 1 (status) a process is not running; 2 the command could not run."})
public final class ClusterCommand implements Callable<Integer> {

    private static final String JOB_MANAGER = "jobmanager";
    private static final String SECOND_JOB_MANAGER = "jobmanager-2";
    private static final String ZOOKEEPER = "zookeeper";
    private static final String TASK_MANAGER = "taskmanager-";
    private static final String OF_JOB_MANAGER = "jm_";
    private static final Predicate<Path> LEFT_JARS = path -> path.getFileName().toString().equals("blobStorage")
            || path.getFileName().toString().startsWith("flink-rpc-akka");
    private static final Duration START_TIMEOUT = Duration.ofSeconds(180);

    @Parameters(paramLabel = "start|stop|status", description = "The action.")
    private String action;
    @Option(names = "--taskmanagers", defaultValue = "2", description = "TaskManagers to start. Default: ${DEFAULT-VALUE}.")
    private int taskManagers;
    @Option(names = "--slots", defaultValue = "2", description = "Slots per TaskManager. Default: ${DEFAULT-VALUE}.")
    private int slots;
    @Option(names = "--dir", defaultValue = "run", description = "Folder for data, logs and process ids. Default: ${DEFAULT-VALUE}.")
    private Path folder;
    @Option(names = "--port", defaultValue = "8081", description = "Port of the web UI and REST. Default: ${DEFAULT-VALUE}.")
    private int port;
    @Option(names = "--rpc-port", defaultValue = "6123", description = "Port between JobManager and TaskManagers. Default: ${DEFAULT-VALUE}.")
    private int rpcPort;
    @Option(names = "--metrics-port", defaultValue = "9249",
            description = "First port for metrics, on 127.0.0.1; each process takes the next free one. 0: no metrics. Default: ${DEFAULT-VALUE}.")
    private int metricsPort;
    @Option(names = "--ha", paramLabel = "zookeeper[:HOST:PORT,…]",
            description = "High availability: two JobManagers, the second on the next port; if one is lost the other goes on with all jobs. With addresses: that"
                    + " ZooKeeper; else one is started on this machine. To be said at each start of this folder.")
    private String ha;
    @Option(names = "--zookeeper-port", defaultValue = "2181", description = "Port of the ZooKeeper that --ha zookeeper starts. Default: ${DEFAULT-VALUE}.")
    private int zooKeeperPort;

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
                    if (isJobManager(name) || name.startsWith(TASK_MANAGER)) {
                        processes.stop(name);
                        MetricsTargets.of(folder).remove(name);
                    }
                }
                // Last: who leads is written there.
                processes.stop(LocalZooKeeper.NAME);
                yield Tool.GOOD;
            }
            case "status" -> status(cluster, processes);
            default -> throw new UsageException("the action must be start, stop or status, not " + action);
        };
    }

    private int start(ClusterFolder cluster, LocalProcesses processes) throws Exception {
        boolean begins = processes.find(JOB_MANAGER).isEmpty();
        boolean second = processes.find(SECOND_JOB_MANAGER).isPresent();
        if (begins) {
            Ports.checkFree(Map.of("--port", port, "--rpc-port", rpcPort));
            cluster.savePorts(ha == null ? List.of(port) : List.of(port, port + 1));
            if (!second) {
                removeLeftJars(cluster, processes);
            }
        } else if (cluster.port() != port) {
            System.err.println("the JobManager of " + cluster.path() + " runs already, on port " + cluster.port());
        }
        List<String> dynamic = dynamicOptions(cluster);
        dynamic.addAll(highAvailability(cluster, processes));
        startJobManager(processes, JOB_MANAGER, port, dynamic);
        // TaskManagers join whoever listens on the port: they are started when that is known to be ours.
        processes.await(JOB_MANAGER, START_TIMEOUT, () -> isOurs(cluster));
        if (ha != null) {
            startJobManager(processes, SECOND_JOB_MANAGER, port + 1, dynamic);
        }
        FlinkRest rest = cluster.connect();
        int started = 0;
        for (int i = 1; i <= taskManagers; i++) {
            String name = TASK_MANAGER + i;
            if (processes.find(name).isPresent()) {
                continue;
            }
            List<String> taskManager = new ArrayList<>(List.of("-Xmx1152m", "-XX:MaxDirectMemorySize=384m", "-XX:MaxMetaspaceSize=256m",
                    "-cp", ClusterFolder.flinkClassPath(), "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "--configDir",
                    LocalProcesses.home().resolve("flink-conf").toString(), "-D", "taskmanager.resource-id=" + resourceId(cluster, name)));
            taskManager.addAll(dynamic);
            taskManager.addAll(metrics(name));
            processes.start(name, taskManager);
            started++;
        }
        for (int i = 1; i <= taskManagers; i++) {
            String name = TASK_MANAGER + i;
            processes.await(name, START_TIMEOUT, () -> isRegistered(rest, resourceId(cluster, name)));
        }
        System.err.println("started " + started + " TaskManagers, " + rest.taskManagers() + " are registered");
        System.out.println(rest.address());
        return Tool.GOOD;
    }

    private void startJobManager(LocalProcesses processes, String name, int restPort, List<String> dynamic) throws IOException {
        if (processes.find(name).isPresent()) {
            return;
        }
        List<String> jobManager = new ArrayList<>(List.of("-Xmx768m", "-cp", ClusterFolder.flinkClassPath(),
                "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir",
                LocalProcesses.home().resolve("flink-conf").toString(), "-D", "rest.port=" + restPort, "-D", "rest.bind-port=" + restPort));
        jobManager.addAll(dynamic);
        jobManager.addAll(metrics(name));
        processes.start(name, jobManager);
    }

    private static boolean isJobManager(String name) {
        return name.equals(JOB_MANAGER) || name.equals(SECOND_JOB_MANAGER);
    }

    /** Flink's settings of high availability; starts a ZooKeeper if none was named. */
    private List<String> highAvailability(ClusterFolder cluster, LocalProcesses processes) throws Exception {
        if (ha == null) {
            return List.of();
        }
        if (!ha.equals(ZOOKEEPER) && !ha.matches(ZOOKEEPER + ":[^:,/ ]+:\\d+(,[^:,/ ]+:\\d+)*")) {
            throw new UsageException("--ha " + ha + " is neither zookeeper nor zookeeper:HOST:PORT, such as zookeeper:10.0.0.1:2181,10.0.0.2:2181");
        }
        String quorum = ha.equals(ZOOKEEPER) ? LocalZooKeeper.start(cluster.path(), processes, zooKeeperPort, START_TIMEOUT) : ha.substring(ZOOKEEPER.length() + 1);
        List<String> options = new ArrayList<>();
        for (String option : List.of("high-availability.type=zookeeper", "high-availability.zookeeper.quorum=" + quorum,
                "high-availability.storageDir=" + JobOptions.folderUri(Files.createDirectories(cluster.path().resolve("ha"))),
                "high-availability.cluster-id=/" + cluster.id())) {
            options.add("-D");
            options.add(option);
        }
        return options;
    }

    private static boolean isOurs(ClusterFolder cluster) throws Exception {
        FlinkRest rest = new FlinkRest(cluster.port());
        try {
            rest.check();
        } catch (IOException e) {
            return false;
        }
        cluster.connect();
        return true;
    }

    private static boolean isRegistered(FlinkRest rest, String resourceId) throws Exception {
        return StreamSupport.stream(rest.get("/taskmanagers").path("taskmanagers").spliterator(), false)
                .anyMatch(taskManager -> taskManager.path("id").asText().equals(resourceId));
    }

    /** The same at each start in this folder, for its local copies of state; another one than in any other folder. */
    private static String resourceId(ClusterFolder cluster, String name) throws IOException {
        return name + "-" + cluster.id().substring(0, 8);
    }

    /** Removes files that a killed JobManager or TaskManager left: jars of jobs, and Flink's own unpacked ones. Nobody else removes them. */
    private static void removeLeftJars(ClusterFolder cluster, LocalProcesses processes) throws IOException {
        boolean taskManagerRuns = false;
        for (String name : processes.names()) {
            taskManagerRuns |= name.startsWith(TASK_MANAGER) && processes.find(name).isPresent();
        }
        for (String parent : List.of("tmp", "work")) {
            Path folder = cluster.path().resolve(parent);
            if (!Files.exists(folder)) {
                continue;
            }
            List<Path> left;
            try (Stream<Path> found = Files.walk(folder, 2)) {
                left = found.filter(LEFT_JARS).toList();
            }
            for (Path path : left) {
                if (!taskManagerRuns || path.getParent().getFileName().toString().startsWith(OF_JOB_MANAGER)) {
                    FileUtils.deleteFileOrDirectory(path.toFile());
                }
            }
        }
    }

    private List<String> dynamicOptions(ClusterFolder cluster) throws IOException {
        List<String> options = new ArrayList<>();
        for (String option : List.of("jobmanager.rpc.port=" + rpcPort,
                "taskmanager.numberOfTaskSlots=" + slots,
                FlinkRest.CLUSTER_ID + "=" + cluster.id(),
                "io.tmp.dirs=" + LocalFolders.inList(Files.createDirectories(cluster.path().resolve("tmp"))),
                // With the same name, a TaskManager that is started again finds its local copies of state.
                "process.taskmanager.working-dir=" + Files.createDirectories(cluster.path().resolve("work")),
                "web.upload.dir=" + Files.createDirectories(cluster.path().resolve("upload")),
                "execution.checkpointing.dir=" + JobOptions.folderUri(cluster.checkpoints()),
                "execution.checkpointing.savepoint-dir=" + JobOptions.folderUri(cluster.savepoints()))) {
            options.add("-D");
            options.add(option);
        }
        return options;
    }

    private List<String> metrics(String process) throws IOException {
        MetricsTargets targets = MetricsTargets.of(folder);
        if (metricsPort == 0) {
            targets.remove(process);
            return List.of();
        }
        int port = targets.choose(process, metricsPort);
        targets.add(process, port);
        return List.of("-D", "metrics.reporters=prom", "-D", "metrics.reporter.prom.port=" + port);
    }

    private static int status(ClusterFolder cluster, LocalProcesses processes) throws Exception {
        if (processes.names().isEmpty()) {
            System.out.println("does not run");
            return Tool.BAD;
        }
        boolean complete = processes.find(JOB_MANAGER).isPresent();
        boolean answers = complete || processes.find(SECOND_JOB_MANAGER).isPresent();
        for (String name : processes.names()) {
            boolean runs = processes.find(name).isPresent();
            complete &= runs;
            System.out.println(name + (runs ? " runs, process " + processes.find(name).get().pid() : " does not run"));
        }
        if (answers) {
            FlinkRest rest = cluster.connect();
            System.out.println(rest.address() + ", " + rest.taskManagers() + " TaskManagers registered");
            for (JsonNode job : rest.get("/jobs/overview").path("jobs")) {
                String id = job.path("jid").asText();
                JobWatch watch = new JobWatch(rest, id);
                JobWatch.Failure failure = watch.lastFailure();
                System.out.println("job " + id + " " + job.path("name").asText() + " " + job.path("state").asText());
                System.out.println("  last checkpoint: " + JobStatus.of(rest, id).checkpoints().lastText());
                System.out.println("  last failure: " + (failure == null ? "none" : failure));
            }
        }
        return complete ? Tool.GOOD : Tool.BAD;
    }
}
