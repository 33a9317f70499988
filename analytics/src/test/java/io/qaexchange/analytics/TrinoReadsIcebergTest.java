package io.qaexchange.analytics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
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
        List<String> queries = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        JsonNode listed = newest(archive.resolve("_manifest")).get("files");
        Map<String, Long> rows = new TreeMap<>();
        listed.forEach(file -> rows.merge(file.get("table").asText(), file.get("rows").asLong(), Long::sum));
        rows.forEach((table, count) -> {
            queries.add("SELECT '" + table + "', count(*), (SELECT sum(record_count) FROM \"" + table + "$files\") FROM " + table);
            expected.add("[" + table + ", " + count + ", " + count + "]");
        });
        for (JsonNode snapshot : newest(archive.resolve("_iceberg/trade/metadata")).get("snapshots")) {
            queries.add("SELECT count(*) FROM trade FOR VERSION AS OF " + snapshot.get("snapshot-id").asLong());
            expected.add("[" + snapshot.get("summary").get("total-records").asText() + "]");
        }
        long first = times(listed, "minEventTimeNs").min().orElseThrow();
        long last = times(listed, "maxEventTimeNs").max().orElseThrow();
        queries.add("SELECT min(event_time_ns), max(event_time_ns) FROM archive_long.trade");
        expected.add("[" + first + ", " + last + "]");
        queries.add("SELECT min(event_time), max(event_time) FROM archive_ns.trade");
        expected.add("[" + time(first) + ", " + time(last) + "]");
        queries.add("SELECT count(*) > 0 FROM trade WHERE instrument = 'SHFE.rb2601' AND date = DATE '2026-01-05' AND price > 0");
        expected.add("[true]");
        int good = queries.size();
        queries.add("DELETE FROM trade WHERE date = DATE '2026-01-05'");
        queries.add("DROP TABLE trade");
        queries.add("SELECT count(*) FROM trade");

        List<String> answers = trino(java.get(), archive, queries);
        assertThat(answers.subList(0, good)).isEqualTo(expected);
        assertThat(answers.subList(good, good + 2)).as("the catalogue is read-only").allMatch(answer -> answer.startsWith("refused: "));
        assertThat(answers.get(good + 2)).isEqualTo("[" + rows.get("trade") + "]");
        System.out.println("Trino: tried, " + rows.size() + " tables have the rows of the archive manifest; " + answers.subList(good, good + 2));
    }

    private static JsonNode newest(Path versions) throws IOException {
        try (Stream<Path> files = Files.list(versions)) {
            Path newest = files.filter(file -> file.toString().endsWith(".json")).max(Comparator.comparingLong(file -> Long.parseLong(file.getFileName().toString().replaceAll("[^0-9]", ""))))
                    .orElseThrow();
            return new ObjectMapper().readTree(newest.toFile());
        }
    }

    private static LongStream times(JsonNode files, String field) {
        return StreamSupport.stream(files.spliterator(), false).filter(file -> file.get("table").asText().equals("trade")).mapToLong(file -> file.get(field).asLong());
    }

    /** As Trino's test client prints a time. */
    private static String time(long ns) {
        return Instant.EPOCH.plusNanos(ns) + "[UTC]";
    }

    private List<String> trino(Path java, Path archive, List<String> queries) throws IOException, InterruptedException {
        try (TableProcess catalog = TableProcess.serve(archive)) {
            Path answers = folder.resolve("answers");
            List<String> command = new ArrayList<>(List.of(java.toString(), "-Xmx2g", "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow", "-cp", Files.readString(CLASS_PATH).strip(), SOURCE.toString(), catalog.address(), answers.toString()));
            command.addAll(queries);
            Path log = folder.resolve("trino.log");
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
            try {
                assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("Trino ended in time").isTrue();
            } finally {
                process.destroyForcibly();
            }
            String logged = Files.readString(log);
            assertThat(process.exitValue()).as(logged).isZero();
            return Files.readAllLines(answers);
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
