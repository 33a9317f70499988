package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/dist} twice, each in a copy of this checkout with a name of its own: the same bytes; an SBOM and licences that name every jar. */
@Timeout(3600)
class ReleaseLongIT {

    private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
    private static final int BUILD_MINUTES = 25;

    @TempDir
    private Path folder;

    @Test
    void twoCheckoutsMakeTheSameBytesAndNameWhatIsInThem() throws Exception {
        boolean can = shell(ROOT, "git rev-parse HEAD > /dev/null && command -v mvn > /dev/null") == 0;
        if (!can) {
            System.out.println("ReleaseLongIT DID NOT RUN: it builds copies of this checkout, with git and Maven");
        }
        assumeTrue(can, "there are git and Maven");
        Path first = distribution("a checkout");
        Path second = distribution("another checkout");

        assertThat(Files.mismatch(first, second)).as("first difference of %s and %s", first, second).isEqualTo(-1);
        assertThat(shell(folder, "tar -xzf '" + first + "'")).isZero();
        Path home;
        try (Stream<Path> entries = Files.list(folder)) {
            home = entries.filter(entry -> entry.getFileName().toString().startsWith("qaexchange-storage-")).findFirst().orElseThrow();
        }
        everyJarIsNamed(home);
        assertThat(home.resolve("engine")).isDirectoryContaining("glob:**/storage-core-*-sources.jar").isDirectoryContaining("glob:**/storage-core-*-javadoc.jar");
    }

    private static void everyJarIsNamed(Path home) throws IOException {
        JsonNode sbom = new ObjectMapper().readTree(home.resolve("sbom.json").toFile());
        assertThat(sbom.path("bomFormat").asText()).isEqualTo("CycloneDX");
        // As in the name of a jar, and as among the licences.
        Map<String, String> named = new HashMap<>();
        for (JsonNode component : sbom.get("components")) {
            assertThat(component.path("purl").asText()).as(component.toString()).startsWith("pkg:maven/");
            named.put(component.get("name").asText() + "-" + component.get("version").asText(),
                    ":" + component.get("name").asText() + ":" + component.get("version").asText());
        }
        String licences = Files.readString(home.resolve("LICENCES.txt"));
        List<String> unnamed = new ArrayList<>();
        List<String> unlicensed = new ArrayList<>();
        try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
            for (Path jar : jars.filter(file -> file.toString().endsWith(".jar")).toList()) {
                String name = jar.getFileName().toString().replaceFirst("\\.jar$", "");
                // A classifier follows the version.
                String component = named.keySet().stream().filter(of -> name.equals(of) || name.startsWith(of + "-")).findFirst().orElse(null);
                if (component == null) {
                    unnamed.add(name);
                } else if (!name.contains("SNAPSHOT") && !licences.contains(named.get(component))) {
                    unlicensed.add(name);
                }
            }
        }
        assertThat(unnamed).as("jars of lib that the SBOM does not name").isEmpty();
        assertThat(unlicensed).as("jars of lib that LICENCES.txt does not name").isEmpty();
    }

    /** What {@code bin/dist} makes in a copy of what is committed. */
    private Path distribution(String name) throws Exception {
        Path checkout = Files.createDirectory(folder.resolve(name));
        assertThat(shell(ROOT, "git archive HEAD | tar -x -C '" + checkout + "'")).isZero();
        assertThat(shell(checkout, "bin/dist")).as("bin/dist").isZero();
        try (Stream<Path> made = Files.list(checkout.resolve("target"))) {
            return made.filter(file -> file.toString().endsWith(".tar.gz")).findFirst().orElseThrow();
        }
    }

    private static int shell(Path directory, String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-euo", "pipefail", "-c", script).directory(directory.toFile()).inheritIO().start();
        if (!process.waitFor(BUILD_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IOException(script + " did not end within " + BUILD_MINUTES + " min");
        }
        return process.exitValue();
    }
}
