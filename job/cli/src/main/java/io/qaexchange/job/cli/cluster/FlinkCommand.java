package io.qaexchange.job.cli.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Runs Flink's own command line against the local cluster, in a process of its own, and passes on what it prints, but for stack traces, on
 * standard error.
 */
final class FlinkCommand {

    private static final Pattern JOB_ID = Pattern.compile("JobID ([0-9a-f]{32})");

    private final ClusterFolder cluster;

    FlinkCommand(ClusterFolder cluster) {
        this.cluster = cluster;
    }

    /** The id of the job that {@code run} submitted. */
    String runForJobId(List<String> arguments) throws Exception {
        return run(arguments, JOB_ID, "no job was submitted");
    }

    private String run(List<String> arguments, Pattern wanted, String otherwise) throws Exception {
        Path log = cluster.path().resolve("processes/cli.log");
        List<String> command = new ArrayList<>();
        command.add(LocalProcesses.java());
        command.addAll(LocalProcesses.openPackages());
        command.addAll(LocalProcesses.logging(log));
        command.addAll(List.of("-Xmx512m", "-cp", ClusterFolder.flinkClassPath(), "org.apache.flink.client.cli.CliFrontend"));
        command.add(arguments.get(0));
        command.addAll(List.of("-D", "rest.address=127.0.0.1", "-D", "rest.port=" + cluster.port(), "-m", "127.0.0.1:" + cluster.port()));
        command.addAll(arguments.subList(1, arguments.size()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("FLINK_CONF_DIR", LocalProcesses.home().resolve("flink-conf").toString());
        Process process = builder.start();
        FlinkOutput output = new FlinkOutput(wanted);
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (output.take(line)) {
                    System.err.println(line);
                }
            }
        }
        if (process.waitFor() != 0 || output.found() == null) {
            throw new IOException(otherwise + ": " + (output.reason() != null ? output.reason()
                    : "flink " + arguments.get(0) + " ended with " + process.exitValue()) + " (more in " + log + ")");
        }
        return output.found();
    }
}
