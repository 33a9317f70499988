package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The flat jar is all that Flink needs: it was packaged before this test. */
class FlatJarIT {
    private static final Path JAR = Path.of(System.getProperty("flat.jar", "the system property flat.jar is not set"));

    @TempDir
    Path folder;

    @Test
    @Timeout(180)
    void jobRunsWithNothingButFlinkAndTheJar() throws Exception {
        Path output = folder.resolve("output");
        String flink = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(path -> !path.contains("storage-core") && !path.contains("aircompressor") && !path.equals(classes("classes")))
                .collect(Collectors.joining(File.pathSeparator));
        ProcessBuilder java = new ProcessBuilder(Stream.concat(
                Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g", "-XX:+UseSerialGC"),
                Stream.concat(opens(), Stream.of("-cp", flink + File.pathSeparator + JAR, FlatJarJob.class.getName(), folder.toString()))).toList());
        java.redirectErrorStream(true).redirectOutput(output.toFile());
        Process job = java.start();
        boolean ended = job.waitFor(150, TimeUnit.SECONDS);
        if (!ended) {
            job.destroyForcibly().waitFor();
        }
        assertThat(ended).as(Files.readString(output)).isTrue();
        assertThat(job.exitValue()).as(Files.readString(output)).isZero();
        assertThat(Files.readString(output)).contains("engine from " + JAR.getFileName()).contains("restored true");
    }

    private static String classes(String kind) {
        return Path.of("target", kind).toAbsolutePath().toString();
    }

    private static Stream<String> opens() {
        return Stream.of("lang", "util", "util.concurrent", "net", "io", "nio", "text", "time", "lang.reflect")
                .map(name -> "--add-opens=java.base/java." + name + "=ALL-UNNAMED");
    }

    @Test
    void codecsAreRelocatedAndNothingElseIsInTheJar() throws Exception {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> classes = jar.stream().map(entry -> entry.getName()).filter(name -> name.endsWith(".class")).toList();
            assertThat(classes).contains("io/qaexchange/state/LsmStateBackendFactory.class", "io/qaexchange/storage/engine/LsmStore.class",
                    "io/qaexchange/shaded/airlift/compress/lz4/Lz4Compressor.class", "io/qaexchange/shaded/airlift/compress/zstd/ZstdDecompressor.class");
            assertThat(classes).allMatch(name -> name.startsWith("io/qaexchange/"));
            assertThat(jar.getEntry("META-INF/maven/io.qaexchange/storage-core/pom.properties")).isNotNull();
            assertThat(jar.getEntry("META-INF/maven/io.airlift/aircompressor/pom.properties")).isNotNull();
        }
    }

    @Test
    void sourcesAndChecksumsLieBesideTheJar() throws Exception {
        Path sources = JAR.resolveSibling(JAR.getFileName().toString().replace(".jar", "-sources.jar"));
        try (JarFile jar = new JarFile(sources.toFile())) {
            assertThat(jar.getEntry("io/qaexchange/state/LsmStateBackend.java")).isNotNull();
            assertThat(jar.getEntry("io/qaexchange/storage/engine/LsmStore.java")).isNotNull();
        }
        for (Path file : List.of(JAR, sources)) {
            String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
            assertThat(Files.readString(Path.of(file + ".sha256"))).isEqualToIgnoringNewLines(sum + " *" + file.getFileName());
        }
    }
}
