package io.qaexchange.analytics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Trino reads the tables by our REST catalogue. It needs JDK 25, so {@code TrinoReads} runs in a process of its own, on the class path of the module
 * {@code analytics/trino}. The test says so if either is missing.
 */
@Timeout(600)
class TrinoReadsIcebergTest {

    private static final Path CLASS_PATH = Path.of("trino/target/trino.classpath");
    private static final Path SOURCE = Path.of("src/test/trino/TrinoReads.java");
    private static final String ROW = "trino: ";

    @TempDir
    private Path folder;

    @Test
    void countsTravelsInTimeAndReadsNanoseconds() throws Exception {
        Optional<Path> java = newerJava();
        if (java.isEmpty() || !Files.exists(CLASS_PATH)) {
            System.out.println("Trino: was not tried: " + (java.isEmpty() ? "there is no JDK 25 beside this one, and none in JAVA25_HOME" : "no file " + CLASS_PATH
                    + "; it is made by mvn -Plong -pl analytics/trino,analytics"));
            return;
        }
        Path archive = folder.resolve("with space");
        KeptArchive.copy(archive);
        assertThat(TableProcess.run("sync", "--archive", archive.toString())).isZero();
        List<String> tables;
        try (Stream<Path> folders = Files.list(archive)) {
            tables = folders.map(path -> path.getFileName().toString()).filter(name -> name.startsWith("table=")).map(name -> name.substring(6)).sorted().toList();
        }
        List<String> queries = new ArrayList<>();
        tables.forEach(table -> queries.add("SELECT '" + table + "', count(*), (SELECT sum(record_count) FROM \"" + table + "$files\") FROM " + table));
        queries.add("SELECT count(*) FROM trade WHERE instrument = 'SHFE.rb2601' AND date = DATE '2026-01-05' AND price > 0");
        queries.add("SELECT count(*) FROM trade FOR VERSION AS OF (SELECT 1)");
        List<String> rows = trino(java.get(), archive, queries);
        System.out.println(rows);
        assertThat(rows).hasSameSizeAs(queries);
    }

    private List<String> trino(Path java, Path archive, List<String> queries) throws IOException, InterruptedException {
        try (TableProcess catalog = TableProcess.serve(archive)) {
            List<String> command = new ArrayList<>(List.of(java.toString(), "-Xmx2g", "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow", "-cp", Files.readString(CLASS_PATH).strip(), SOURCE.toString(), catalog.address()));
            command.addAll(queries);
            Path out = folder.resolve("trino.out");
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
            try {
                assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("Trino ended in time").isTrue();
            } finally {
                process.destroyForcibly();
            }
            List<String> lines = Files.readAllLines(out, StandardCharsets.UTF_8);
            assertThat(process.exitValue()).as(() -> String.join("\n", lines)).isZero();
            return lines.stream().filter(line -> line.startsWith(ROW)).map(line -> line.substring(ROW.length())).toList();
        }
    }

    /** A JDK 25 that an environment variable names, or that is installed beside the one that runs. */
    private static Optional<Path> newerJava() throws IOException {
        String named = System.getenv("JAVA25_HOME");
        if (named != null) {
            return Optional.of(Path.of(named, "bin", "java"));
        }
        try (Stream<Path> homes = Files.list(Path.of(System.getProperty("java.home")).toRealPath().getParent())) {
            return homes.filter(TrinoReadsIcebergTest::isVersion25).map(home -> home.resolve("bin").resolve("java")).filter(Files::isExecutable).findFirst();
        }
    }

    private static boolean isVersion25(Path home) {
        try {
            return Files.readString(home.resolve("release")).contains("JAVA_VERSION=\"25");
        } catch (IOException e) {
            return false;
        }
    }
}
