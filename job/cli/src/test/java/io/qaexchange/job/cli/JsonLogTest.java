package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.logging.log4j.ThreadContext;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.ConfigurationFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log as JSON: each line is an object, whatever the message says. */
class JsonLogTest {

    private static final Path FOLDER = Path.of("../../flink-conf").toAbsolutePath().normalize();

    @TempDir
    private Path temporary;

    @Test
    void eachLineIsAnObject() throws Exception {
        Path file = temporary.resolve("a.log");
        System.setProperty("log.file", file.toString());
        try (LoggerContext context = new LoggerContext("json")) {
            context.start(ConfigurationFactory.getInstance().getConfiguration(context, "json", FOLDER.resolve("log4j2-cluster-json.properties").toUri()));
            ThreadContext.put("request", "test-\"request\"");
            context.getLogger("io.qaexchange.X").info("two\nlines, \"quotes\", a \\ and {} {}", "}", "é語");
            context.getLogger("io.qaexchange.X").error("failed", new IllegalStateException("why \"so\""));
            ThreadContext.clearMap();
            context.getLogger("io.qaexchange.X").info("no request");
        } finally {
            System.clearProperty("log.file");
        }
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(3);
        JsonNode first = new ObjectMapper().readTree(lines.get(0));
        assertThat(first.get("message").asText()).isEqualTo("two\nlines, \"quotes\", a \\ and } é語");
        assertThat(first.get("request").asText()).isEqualTo("test-\"request\"");
        assertThat(first.get("level").asText()).isEqualTo("INFO");
        assertThat(first.get("time").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        JsonNode second = new ObjectMapper().readTree(lines.get(1));
        assertThat(second.get("exception").asText()).contains("IllegalStateException: why \"so\"").contains("\n\tat ");
        assertThat(new ObjectMapper().readTree(lines.get(2)).get("request").asText()).isEmpty();
    }

    @Test
    void allThreeSettingsHaveOneLayout() throws Exception {
        List<String> patterns = new java.util.ArrayList<>();
        for (String name : List.of("cluster", "tool", "demo")) {
            List<String> text = Files.readAllLines(FOLDER.resolve("log4j2-" + name + ".properties")).stream().filter(JsonLogTest::isSetting).toList();
            List<String> json = Files.readAllLines(FOLDER.resolve("log4j2-" + name + "-json.properties")).stream().filter(JsonLogTest::isSetting).toList();
            assertThat(json.stream().filter(line -> !line.contains(".layout.")).toList()).as(name).isEqualTo(text.stream().filter(line -> !line.contains(".layout.")).toList());
            patterns.add(json.stream().filter(line -> line.contains("layout.pattern")).map(line -> line.substring(line.indexOf('='))).findFirst().orElseThrow());
        }
        assertThat(patterns).allMatch(patterns.get(0)::equals);
    }

    private static boolean isSetting(String line) {
        return !line.startsWith("#") && !line.isBlank();
    }
}
