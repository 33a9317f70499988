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
    private static Path packed;
    private static Path home;

    @BeforeAll
    static void unpack() throws Exception {
        packed = distribute("first");
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
        Path again = distribute("again");

        assertThat(Files.mismatch(packed, again)).isEqualTo(-1);
        assertThat(Files.readString(Path.of(again + ".sha256"))).endsWith("  " + again.getFileName() + "\n");
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

    /** The steps of the Dockerfile, done in a folder. The base image is not there: what it has is not tried. */
    @Test
    void theImageHasWhatItsEntryPointsNeed() throws Exception {
        Path image = Files.createDirectory(folder.resolve("image"));
        String base = null;
        for (String line : Files.readAllLines(home.resolve("flink-conf/kubernetes/Dockerfile"))) {
            List<String> step = List.of(line.strip().split("\\s+"));
            switch (step.get(0)) {
                case "FROM" -> base = step.get(1);
                case "COPY" -> copy(image, step.stream().skip(1).filter(word -> !word.startsWith("--")).toList());
                case "ENV", "USER", "#", "" -> { }
                default -> assertThat(step.get(0).startsWith("#")).as("a step that this test does not know: " + line).isTrue();
            }
        }
        assertThat(base).isEqualTo("flink:" + org.apache.flink.runtime.util.EnvironmentInformation.getVersion() + "-java17");
        try (java.util.jar.JarFile jar = new java.util.jar.JarFile(image.resolve("opt/flink/usrlib/job.jar").toFile())) {
            assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class")).isEqualTo("io.qaexchange.job.stream.ExchangeJob");
            assertThat(jar.getEntry("io/qaexchange/s3/S3Store.class")).as("conditional puts of the archive manifest").isNotNull();
        }
        assertThat(image.resolve("opt/flink/lib")).isDirectoryContaining("glob:**/connector-prometheus-*.jar");
        String help = run(folder, Map.of("JAVA_HOME", System.getProperty("java.home"), "PATH", "/usr/bin:/bin"), image.resolve("opt/qaexchange/bin/serve").toString(), "--help");
        assertThat(help).contains("--tokens", "--tls-keystore");
    }

    private static void copy(Path image, List<String> words) throws IOException, InterruptedException {
        Path target = image.resolve(words.get(words.size() - 1).substring(1));
        boolean intoFolder = words.get(words.size() - 1).endsWith("/");
        Files.createDirectories(intoFolder ? target : target.getParent());
        for (String source : words.subList(0, words.size() - 1)) {
            try (var matches = Files.newDirectoryStream(home.resolve(source).getParent(), home.resolve(source).getFileName().toString())) {
                int found = 0;
                for (Path match : matches) {
                    found++;
                    // As Docker: the content of a folder, and a file under the name that is given.
                    run(folder, Map.of(), "cp", "-R", Files.isDirectory(match) ? match + "/." : match.toString(),
                            Files.isDirectory(match) ? Files.createDirectories(target).toString() : target.toString());
                }
                assertThat(found).as(source).isPositive();
            }
        }
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
