package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The archive that {@code bin/dist} makes, of what Maven has just packaged: unpacked elsewhere, started without Maven. */
@Timeout(600)
class DistributionIT {

    private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();

    @TempDir
    private static Path folder;
    private static Path home;

    @BeforeAll
    static void unpack() throws Exception {
        Path packed = distribute("first");
        Path target = Files.createDirectory(folder.resolve("unpacked, 100%20 [ö] #1"));
        run(target, Map.of(), "tar", "-xzf", packed.toString());
        try (Stream<Path> entries = Files.list(target)) {
            home = entries.toList().get(0);
        }
    }

    private static Path distribute(String name) throws Exception {
        Path out = folder.resolve(name);
        String last = run(ROOT, Map.of(), "bash", "-c", "set -euo pipefail; . bin/lib/run.sh; keep_packaged; distribute \"$1\"; echo \"$DISTRIBUTION\"", "dist",
                out.toString()).lines().reduce((first, second) -> second).orElseThrow();
        return Path.of(last);
    }

    @Test
    void theSameBuildGivesTheSameBytes() throws Exception {
        Path first = distribute("again");
        Path second = distribute("once more");

        assertThat(Files.mismatch(first, second)).isEqualTo(-1);
        assertThat(Files.readString(Path.of(first + ".sha256"))).endsWith("  " + first.getFileName() + "\n");
    }

    @Test
    void runsTheDemoWithoutMaven() throws Exception {
        List<Path> javas = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"))));
        try (Stream<Path> beside = Files.list(Path.of(System.getProperty("java.home")).toRealPath().getParent())) {
            beside.filter(jdk -> jdk.getFileName().toString().matches(".*(jdk|java)-?25.*") && Files.isExecutable(jdk.resolve("bin/java")))
                    .findFirst().ifPresentOrElse(javas::add, () -> System.out.println("DistributionIT: there is no JDK 25 beside this one; not tried"));
        }
        for (Path java : javas) {
            Path data = folder.resolve("demo of " + java.getFileName());
            String report = run(folder, Map.of("JAVA_HOME", java.toString(), "PATH", "/usr/bin:/bin"), "env", "-u", "HOME",
                    home.resolve("bin/demo").toString(), "--events", "5000", "--dir", data.toString());
            assertThat(report).as(java.toString()).contains("AUDIT HOLDS").contains("the accounts add up");
            assertThat(run(folder, Map.of("JAVA_HOME", java.toString()), home.resolve("bin/query").toString(), "SELECT count(*) > 0 AS rows FROM trade",
                    "--dir", data.toString(), "--format", "csv")).isEqualTo("rows\ntrue\n");
        }
    }

    @Test
    void holdsWhatAUserNeedsAndNothingThatNeedsTheSources() {
        assertThat(home.resolve("bin/bench")).doesNotExist();
        assertThat(home.resolve("pom.xml")).doesNotExist();
        assertThat(List.of("README.md", "docs/operations.md", "flink-conf/config.yaml", "flink-conf/grafana/job.json", "cluster.jar", "revision"))
                .allSatisfy(file -> assertThat(home.resolve(file)).isRegularFile());
        assertThat(home.resolve("state-backend")).isDirectoryContaining("glob:**/flink-statebackend-lsm-*.jar");
        assertThat(home.resolve("engine")).isDirectoryContaining("glob:**/storage-core-*.jar");
    }

    /** Runs a command that must succeed; the answer is its standard output. */
    private static String run(Path directory, Map<String, String> environment, String... command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        int code = builder.start().waitFor();
        String output = Files.readString(out, StandardCharsets.UTF_8);
        if (code != 0) {
            throw new IOException(List.of(command) + " ended with " + code + "\n" + output + Files.readString(err));
        }
        return output;
    }
}
