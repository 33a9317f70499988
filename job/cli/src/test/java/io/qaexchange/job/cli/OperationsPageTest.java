package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.stream.JobOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The page for operators says what the code says. {@code -Dtest.rewrite=true} writes its table of options again. */
class OperationsPageTest {

    private static final Path PAGE = Path.of("../../docs/operations.md");
    private static final String HEAD = "|---|---|---|---|";

    @Test
    void pageHasEveryOptionWithItsDefaultItsUnitAndWhatItDoes() throws Exception {
        List<String> expected = JobOptions.ALL.stream().map(option -> "| `" + option.name() + "` | "
                + (option.defaultText() == null ? "–" : "`" + option.defaultText() + "`") + " | " + option.unit() + " | " + option.description() + " |")
                .toList();
        List<String> lines = new ArrayList<>(Files.readAllLines(PAGE));
        int from = lines.indexOf(HEAD) + 1;
        int to = from;
        while (to < lines.size() && !lines.get(to).isBlank()) {
            to++;
        }
        List<String> table = lines.subList(from, to);
        if (Boolean.getBoolean("test.rewrite")) {
            table.clear();
            table.addAll(expected);
            Files.write(PAGE, lines);
            return;
        }
        assertThat(table).as("table of options in %s; -Dtest.rewrite=true writes it again", PAGE).isEqualTo(expected);
    }

    @Test
    void everyOptionSaysWhatAValueLooksLikeAndReadsItsOwnDefault() {
        assertThat(JobOptions.ALL).allSatisfy(option -> {
            assertThat(option.description()).as(option.name()).endsWith(".");
            assertThat(option.unit()).as(option.name()).isNotBlank();
            if (option.defaultText() != null) {
                assertThat(option.parse(option.defaultText(), "default")).as(option.name()).isNotNull();
            }
        });
    }
}
