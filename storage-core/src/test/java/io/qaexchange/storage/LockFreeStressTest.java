package io.qaexchange.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Runs the stress tests of {@code src/jcstress/java} briefly, in a process of its own. For a long run: {@code -Dstress.mode=default}.
 */
class LockFreeStressTest {
    @Test
    void lockFreePartsShowNothingForbidden() throws Exception {
        Path report = Files.createDirectories(Path.of("target", "jcstress"));
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), "org.openjdk.jcstress.Main", "-t", "io.qaexchange.storage", "-sc", "false", "-af", "NONE",
                "-r", "."));
        String mode = System.getProperty("stress.mode");
        // The shortest mode alone finds nothing: an eviction that looks and then sets, as two steps, passed it.
        // One kind of JVM: each of the others starts a process for each test.
        command.addAll(mode != null ? List.of("-m", mode) : List.of("-m", "sanity", "-iters", "5", "-time", "100", "-jvmArgs", "-XX:+UseSerialGC"));
        Process child = new ProcessBuilder(command).directory(report.toFile()).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor()).as(output).isZero();
        assertThat(output).contains("Failed tests: No matches", "Error tests: No matches", "11 matching test results");
    }
}
