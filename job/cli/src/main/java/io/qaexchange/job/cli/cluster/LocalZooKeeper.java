package io.qaexchange.job.cli.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** The one ZooKeeper of a local cluster, from Flink's own jars, on 127.0.0.1. Three on machines of their own are for production. Stateless. */
final class LocalZooKeeper {

    /** Name of its process. */
    static final String NAME = "zookeeper";

    private LocalZooKeeper() {
    }

    /**
     * Starts it, unless it runs.
     *
     * @param folder of the cluster
     * @return its address
     */
    static String start(Path folder, LocalProcesses processes, int port, Duration timeout) throws Exception {
        if (processes.find(NAME).isEmpty()) {
            Ports.checkFree(Map.of("--zookeeper-port", port));
            Path settings = Files.createDirectories(folder.resolve(NAME)).resolve("zoo.cfg");
            write(settings, folder.resolve(NAME).resolve("data"), port);
            processes.start(NAME, List.of("-Xmx128m", "-Dzookeeper.admin.enableServer=false", "-cp", ClusterFolder.flinkClassPath(),
                    "org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer", "--zkConfigFile", settings.toString(), "--peerId", "1"));
        }
        processes.await(NAME, timeout, () -> Ports.isOpen(port));
        return "127.0.0.1:" + port;
    }

    private static void write(Path settings, Path data, int port) throws IOException {
        Properties values = new Properties();
        values.setProperty("dataDir", Files.createDirectories(data).toString());
        values.setProperty("clientPort", Integer.toString(port));
        values.setProperty("clientPortAddress", "127.0.0.1");
        values.setProperty("tickTime", "2000");
        values.setProperty("autopurge.purgeInterval", "1");
        try (var out = Files.newOutputStream(settings)) {
            values.store(out, null);
        }
    }
}
