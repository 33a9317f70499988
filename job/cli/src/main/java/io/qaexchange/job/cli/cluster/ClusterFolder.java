package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The folder of a local cluster: {@code checkpoints}, {@code savepoints}, {@code archive}, {@code processes}, its port in {@code rest.port} and its id in
 * {@code cluster.id}. Commands ask who answers on the port for that id, so that none talks to another folder's cluster.
 *
 * @param path absolute
 */
public record ClusterFolder(Path path) {

    private static final String PORT = "rest.port";
    private static final String ID = "cluster.id";
    /** Names of those libraries of the commands that a Flink distribution has in its lib folder, and the reporter of metrics. */
    private static final Pattern FLINK = Pattern.compile("(flink-(?!connector-kafka|state-processor|parquet)|log4j-|slf4j-|commons-(cli|collections|"
            + "compress|io|lang3|math3|text)|kryo|minlog|reflectasm|objenesis|javassist|snakeyaml-engine|snappy-java|lz4-java|RoaringBitmap|jsr305|"
            + "async-profiler|frocksdbjni|connector-prometheus).*\\.jar");

    public static ClusterFolder of(Path folder) throws IOException {
        return new ClusterFolder(Files.createDirectories(folder.toAbsolutePath().normalize()));
    }

    public Path checkpoints() {
        return path.resolve("checkpoints");
    }

    public Path savepoints() {
        return path.resolve("savepoints");
    }

    Path archive() {
        return path.resolve("archive");
    }

    /**
     * The newest complete checkpoint or savepoint, as Flink opens it.
     *
     * @throws UsageException if there is none
     */
    public String latestSnapshot() throws IOException {
        Path[] parents = Stream.of(checkpoints(), savepoints()).filter(Files::exists).toArray(Path[]::new);
        List<Path> snapshots = LocalFolders.snapshots(parents);
        if (snapshots.isEmpty()) {
            throw new UsageException("there is no checkpoint or savepoint in " + checkpoints() + " or " + savepoints());
        }
        return LocalFolders.forFlink(snapshots.get(0));
    }

    /** Ports of REST of the cluster that is started here, one for each JobManager. */
    void savePorts(List<Integer> ports) throws IOException {
        Files.writeString(path.resolve(PORT), ports.stream().map(Object::toString).collect(Collectors.joining(" ")));
    }

    /** The id of this folder's cluster; made at the first start and kept. */
    String id() throws IOException {
        Path file = path.resolve(ID);
        if (!Files.exists(file)) {
            Files.writeString(file, UUID.randomUUID().toString());
        }
        return Files.readString(file).strip();
    }

    /**
     * The cluster of this folder.
     *
     * @throws UsageException if none was started here, or what answers on its port is another one
     * @throws IOException if it does not answer
     */
    FlinkRest connect() throws IOException, InterruptedException {
        FlinkRest rest = new FlinkRest(port());
        rest.check();
        if (!rest.clusterId().equals(Optional.of(id()))) {
            throw new UsageException("the Flink cluster that answers at " + rest.address() + " is not the one of " + path
                    + ". Name the folder of that cluster with --dir, or start this one on other ports: bin/cluster start --dir " + Tool.shellWord(path)
                    + " --port N --rpc-port N");
        }
        return rest;
    }

    /** Port of the cluster that was started here: of several JobManagers, that of the first one that answers. Each of them asks the one that leads. */
    public int port() throws IOException {
        List<Integer> ports = ports();
        return ports.size() == 1 ? ports.get(0) : ports.stream().filter(Ports::isOpen).findFirst().orElse(ports.get(0));
    }

    private List<Integer> ports() throws IOException {
        Path file = path.resolve(PORT);
        if (!Files.exists(file)) {
            throw new UsageException("no cluster was started in " + path + ". Run bin/cluster start --dir " + Tool.shellWord(path));
        }
        return Stream.of(Files.readString(file).strip().split(" ")).map(Integer::valueOf).toList();
    }

    /** Flink alone, as in a distribution's lib folder. */
    static String flinkClassPath() throws IOException {
        try (Stream<Path> jars = Files.list(LocalProcesses.build().resolve("lib"))) {
            return jars.filter(jar -> FLINK.matcher(jar.getFileName().toString()).matches()).map(Path::toString).sorted()
                    .collect(Collectors.joining(File.pathSeparator));
        }
    }

    /** The jar to submit. */
    static Path jobJar() {
        return LocalProcesses.build().resolve("cluster.jar");
    }
}
