package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.model.JobMetric;
import io.qaexchange.job.server.http.ServerMetric;
import io.qaexchange.storage.tool.MetricsPage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/metrics.md} is generated, and names every metric that the code registers. */
class MetricsPageTest {

    private static final Path PAGE = Path.of("../../docs/metrics.md");
    private static final List<Path> SOURCES = List.of(Path.of("../stream/src/main/java"), Path.of("../../connectors/kafka/src/main/java"),
            Path.of("../../connectors/archive/src/main/java"));
    private static final Pattern REGISTERED = Pattern.compile("\\.(?:gauge|counter|histogram)\\((?:\"(\\w+)\"|JobMetric\\.(\\w+)\\.id\\(\\))");
    /** Registered under a constant. */
    private static final Set<String> BY_CONSTANT = Set.of("deadLettersNotWritten", "deadLetterTransactionsNotCommitted");

    @Test
    void pageIsUpToDate() throws Exception {
        String expected = page();
        if (Boolean.getBoolean("test.rewrite")) {
            Files.writeString(PAGE, expected);
        }
        assertThat(Files.readString(PAGE)).as("%s; -Dtest.rewrite=true writes it again", PAGE).isEqualTo(expected);
    }

    @Test
    void everyRegisteredMetricIsListedAndEveryListedOneIsRegistered() throws Exception {
        Set<String> registered = new TreeSet<>(BY_CONSTANT);
        for (Path root : SOURCES) {
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    Matcher matcher = REGISTERED.matcher(Files.readString(file));
                    while (matcher.find()) {
                        registered.add(matcher.group(1) != null ? matcher.group(1) : JobMetric.valueOf(matcher.group(2)).id());
                    }
                }
            }
        }
        Set<String> listed = new TreeSet<>(Arrays.stream(JobMetric.values()).map(JobMetric::id).toList());
        assertThat(listed).isEqualTo(registered);
    }

    private static String page() {
        StringBuilder page = new StringBuilder("""
                # Metrics

                This page is generated from `StoreMetric`, `JobMetric` and `ServerMetric` by `MetricsPageTest`; do not edit it. [operations.md](operations.md)
                says which metrics to watch. The state backend exports the metrics of the engine as [state-backend.md](state-backend.md) describes.

                ## The job

                | operator | metric | kind | unit | meaning |
                |---|---|---|---|---|
                """);
        for (JobMetric metric : JobMetric.values()) {
            page.append("| ").append(metric.operator()).append(" | `").append(metric.id()).append("` | ").append(metric.kind()).append(" | ")
                    .append(metric.unit()).append(" | ").append(metric.description()).append(" |\n");
        }
        page.append("""

                ## The query server

                `/metrics` of `bin/serve`. A gauge of a door that is closed, or of Iceberg tables that are not kept, is not there.

                | metric | kind | unit | meaning |
                |---|---|---|---|
                """).append("| `").append(ServerMetric.REQUESTS).append("` | histogram | seconds | ").append(ServerMetric.REQUESTS_DESCRIPTION)
                .append(" Labels: `route`, `status`. |\n");
        for (ServerMetric metric : ServerMetric.values()) {
            page.append("| `").append(metric.id()).append("` | gauge | ").append(metric.unit()).append(" | ").append(metric.description()).append(" |\n");
        }
        return page.append("\n## The engine\n\n").append(MetricsPage.table()).toString();
    }
}
