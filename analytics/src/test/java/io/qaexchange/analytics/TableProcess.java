package io.qaexchange.analytics;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code bin/table} in a process of its own, of what Maven has packaged: the engines bring Iceberg's classes in another version. */
public final class TableProcess implements AutoCloseable {

    private static final String CLASS_PATH = System.getProperty("table.classpath", "../job/cli/target/lib/*:../job/cli/target/classes");
    private static final Pattern ADDRESS = Pattern.compile("http://127\\.0\\.0\\.1:[0-9]+/iceberg");

    private final Process process;
    private final String address;

    private TableProcess(Process process, String address) {
        this.process = process;
        this.address = address;
    }

    private static ProcessBuilder command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", CLASS_PATH,
                "io.qaexchange.job.cli.table.TableCommand"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    /** Runs a command to its end; its exit code. */
    public static int run(String... arguments) throws IOException, InterruptedException {
        return command(arguments).redirectOutput(ProcessBuilder.Redirect.INHERIT).start().waitFor();
    }

    /** Starts {@code bin/table serve} on a free port. */
    public static TableProcess serve(Path archive) throws IOException {
        Process process = command("serve", "--archive", archive.toString(), "--port", "0").start();
        BufferedReader printed = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = printed.readLine(); line != null; line = printed.readLine()) {
            Matcher address = ADDRESS.matcher(line);
            if (address.find()) {
                return new TableProcess(process, address.group());
            }
        }
        throw new IOException("bin/table serve ended before it said where it listens");
    }

    /** Where the catalogue is. */
    public String address() {
        return address;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
