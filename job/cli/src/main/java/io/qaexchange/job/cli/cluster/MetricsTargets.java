package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which processes of a folder expose metrics, and where: one file for each process in {@code monitor/targets}, in the format of
 * Prometheus's {@code file_sd_config}, which {@code bin/monitor} gives to Prometheus. Stateless.
 */
public record MetricsTargets(Path folder) {

    private static final String LOOPBACK = "127.0.0.1";
    private static final String SUFFIX = ".json";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The targets of a cluster's or demo's folder. */
    public static MetricsTargets of(Path folder) {
        return new MetricsTargets(folder.toAbsolutePath().normalize().resolve("monitor/targets"));
    }

    /** From now on the process exposes its metrics on a port of the loopback interface. */
    public void add(String process, int port) throws IOException {
        add(process, port, false);
    }

    /**
     * From now on the process exposes its metrics on a port of this machine.
     *
     * @param tls whether it wants TLS there
     */
    public void add(String process, int port, boolean tls) throws IOException {
        Files.createDirectories(folder);
        ArrayNode file = JSON.createArrayNode();
        var group = file.addObject();
        group.putArray("targets").add(LOOPBACK + ":" + port);
        var labels = group.putObject("labels").put("process", process);
        if (tls) {
            labels.put("__scheme__", "https");
        }
        // Prometheus reads the folder at any time: a file there is whole.
        Path beside = folder.resolveSibling(process + SUFFIX + ".new");
        JSON.writeValue(beside.toFile(), file);
        Files.move(beside, folder.resolve(process + SUFFIX), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The process has been stopped on purpose: nobody asks it any more. */
    public void remove(String process) throws IOException {
        Files.deleteIfExists(folder.resolve(process + SUFFIX));
    }

    /** The port on which a process exposes its metrics, if it does. */
    Optional<Integer> port(String process) throws IOException {
        Path file = folder.resolve(process + SUFFIX);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String target = JSON.readTree(file.toFile()).path(0).path("targets").path(0).asText();
        return Optional.of(Integer.parseInt(target.substring(target.lastIndexOf(':') + 1)));
    }

    /** The port that the process had before, or else the first one from {@code first} on that is free and that no other process has. */
    public int choose(String process, int first) throws IOException {
        Set<Integer> taken = new HashSet<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    String name = file.getFileName().toString();
                    port(name.substring(0, name.length() - SUFFIX.length())).ifPresent(taken::add);
                }
            }
        }
        Optional<Integer> before = port(process);
        if (before.isPresent() && isFree(before.get())) {
            return before.get();
        }
        int port = first;
        while (taken.contains(port) || !isFree(port)) {
            port++;
        }
        return port;
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(LOOPBACK))) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
